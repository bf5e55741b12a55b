"""What can be in the way of an answer: each is said plainly, and a token is never shown."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time

import pytest

from portal.authentication.refused import Refused
from portal.client import connection
from portal.problems import PROBLEMS
from portal.tokens.secret import make_secret
from tests.cli.conftest import Outcome
from tests.client.faulty import answer, answering, nothing, relayed
from tests.gateways.nginx import Certificate
from tests.served import ROOT, free_port
from tests.server.running import wait_for

SECRET = make_secret("pat").reveal()
MADE = {
    "id": 7, "name": "CI", "token_prefix": "pat_abcdefgh…", "scopes": None, "created_at": "2026-11-22T10:00:00Z",
    "expires_at": None, "last_used_at": None, "stops_at": None, "revoked_at": None,
    "token": make_secret("pat").reveal(),
}  # fmt: skip
LOOK = "It may have been carried out all the same. Look before you run it again: portal token list"


def problem(code, detail="It is so.", status=None, **more):
    body = {"code": code, "detail": detail, **more}
    return answer(f"{status or PROBLEMS[code].status} No", json.dumps(body).encode())


created = answer("201 Created", json.dumps(MADE).encode())
cut_off = answer("201 Created", json.dumps(MADE).encode()[:50], length=400)
done = problem("already_done", id=7, token_prefix="pat_abcdefgh…")


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch):
    monkeypatch.setattr(connection, "PAUSE_SECONDS", 0)


def run(typed, *arguments, by, scheme="http", context=None, host="localhost"):
    """What comes of a command where a server meets each connection with one of `by`; and how often it was asked."""
    with answering(*by, context=context) as (port, seen):
        outcome = typed.at(f"{scheme}://{host}:{port}", SECRET).run(*arguments)
    assert SECRET not in outcome.out + outcome.err
    assert "Traceback" not in outcome.err
    return outcome, seen


class TestConnecting:
    def test_nothing_listens(self, typed):
        url = f"http://localhost:{free_port()}"

        outcome = typed.at(url, SECRET).run("whoami")

        assert (outcome.code, outcome.out) == (1, "")
        assert outcome.err == (
            f"Nothing listens at {url}. Check PORTAL_URL, and that the portal runs. Nothing was sent.\n"
        )

    @pytest.mark.parametrize("host", ["portal.invalid", "a..b"])
    def test_a_name_that_nobody_knows(self, typed, host):
        outcome = typed.at(f"https://{host}", SECRET).run("create", "CI")

        assert outcome.code == 1
        assert outcome.err.startswith(f"The name {host} is not known to this machine.")

    def test_a_certificate_of_an_unknown_authority(self, typed, tmp_path):
        outcome, seen = run(typed, "whoami", by=[created], scheme="https", context=_context(Certificate(tmp_path)))

        assert outcome.err.startswith("The certificate of localhost cannot be trusted: unable to get local issuer")
        assert seen == []

    def test_a_certificate_of_another_host(self, typed, tmp_path, monkeypatch):
        certificate = Certificate(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))

        outcome, seen = run(
            typed, "whoami", by=[created], scheme="https", context=_context(certificate), host="127.0.0.1"
        )

        assert outcome.err.startswith("The certificate of 127.0.0.1 cannot be trusted:")
        assert seen == []

    def test_a_private_authority_can_be_named(self, typed, tmp_path, monkeypatch):
        certificate = Certificate(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))

        outcome, _ = run(typed, "create", "CI", by=[created], scheme="https", context=_context(certificate))

        assert (outcome.code, outcome.out) == (0, MADE["token"] + "\n")

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_no_tls_where_it_is_asked_for(self, typed, portal_url):
        outcome = typed.at(portal_url.replace("http:", "https:"), SECRET).run("whoami")

        assert (outcome.code, "does not speak TLS on port" in outcome.err) == (1, True)

    def test_a_proxy_of_the_environment_gets_no_token(self, typed, monkeypatch):
        with answering(created) as (proxy, seen_by_proxy):
            for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
            outcome, _ = run(typed, "create", "CI", by=[created])

        assert (outcome.code, seen_by_proxy) == (0, [])


class TestAnswers:
    @pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
    def test_a_redirect_is_not_followed_with_the_token(self, typed, status):
        with answering(created) as (elsewhere, seen_elsewhere):
            to = answer(status, b"", f"Location: http://localhost:{elsewhere}/api/v1/tokens?{SECRET}")
            outcome, _ = run(typed, "create", "CI", by=[to])

        assert (outcome.code, seen_elsewhere) == (1, [])
        assert f"redirects to http://localhost:{elsewhere}. That was not followed" in outcome.err

    @pytest.mark.parametrize("location", ["", "/api/v1/me/", "https://[x", "//\x1b[2J/"])
    def test_a_strange_redirect_is_not_followed_either(self, typed, location):
        outcome, _ = run(typed, "whoami", by=[answer("308 Permanent", b"", f"Location: {location}")])

        assert (outcome.code, "was not followed" in outcome.err, "\x1b" in outcome.err) == (1, True, False)

    @pytest.mark.parametrize(
        "reaction",
        [
            answer("200 OK", b"<h1>Welcome to the hotel</h1>", "Content-Type: text/html"),
            answer("200 OK", b"[]"),
            answer("200 OK", b"{}"),
            answer("200 OK", b'{"account": null, "user": null, "role": "", "token": 7}'),
            answer("200 OK", b"[" * 100_000),
            answer("200 OK", b'"' + b"a" * 2_000_000 + b'"'),
            answer("404 Not Found", b"<h1>404</h1>"),
            answer("404 Not Found", b'{"error": "not found"}'),
            answer("404 Not Found", b'{"code": 7, "detail": null}'),
            answer("999 What", b"{}"),
            lambda _: b"SSH-2.0-OpenSSH_9.2\r\n",
        ],
    )
    def test_what_is_no_portal_is_said_to_be_none(self, typed, reaction):
        outcome, _ = run(typed, "whoami", by=[reaction])

        assert (outcome.code, outcome.out, outcome.err.count("\n")) == (1, "", 1)
        assert "Check PORTAL_URL." in outcome.err

    def test_what_an_answer_says_does_nothing_to_a_terminal_and_shows_no_token(self, typed):
        said = problem("forbidden", detail=f"\x1b[2J{SECRET}\nYour disk was erased.")

        outcome, _ = run(typed, "whoami", by=[said])

        assert outcome.err.startswith(r"\x1b[2J[token]\nYour disk was erased. ")

    def test_for_scripts_a_refusal_is_json_with_its_code(self, typed):
        outcome, _ = run(typed, "whoami", "--json", by=[problem("token_expired", detail="This token has expired.")])

        assert outcome.code == 1
        told = json.loads(outcome.err)
        assert (told["code"], told["message"][:24]) == ("token_expired", "This token has expired. ")


class TestLost:
    """The connection breaks when the call has been sent."""

    @pytest.mark.parametrize("broken", [nothing, cut_off, answer("502 Bad Gateway", b"<h1>502</h1>")])
    def test_a_call_that_may_be_repeated_is_sent_once_more_with_the_same_key(self, typed, broken):
        outcome, (first, second) = run(typed, "create", "CI", by=[broken, created])

        assert (outcome.code, outcome.out) == (0, MADE["token"] + "\n")
        assert first == second
        assert b"\r\nIdempotency-Key: " in first

    def test_each_command_has_a_key_of_its_own(self, typed):
        _, (first,) = run(typed, "create", "CI", by=[created])
        _, (second,) = run(typed, "create", "CI", by=[created])

        assert first.partition(b"Idempotency-Key: ")[2][:34] != second.partition(b"Idempotency-Key: ")[2][:34]

    def test_a_made_token_whose_secret_got_lost_is_named_with_the_way_back(self, typed):
        outcome, _ = run(typed, "create", "CI", by=[nothing, done])

        assert (outcome.code, outcome.out) == (1, "")
        assert outcome.err == (
            "The connection broke when pat_abcdefgh… (id 7) had been made; its secret was lost on the way and is "
            "stored nowhere. Revoke it, then make another: portal token revoke 7\n"
        )

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_f02_the_way_back_leads_to_a_token_that_works(self, typed, portal_url, alices_secret):
        lost, heard = relayed(portal_url, is_lost=True), relayed(portal_url)
        with answering(lost, heard) as (port, _):
            outcome = typed.at(f"http://localhost:{port}", alices_secret).run("create", "CI")
        assert outcome.err.endswith("Revoke it, then make another: portal token revoke 2\n")
        person = typed.at(portal_url, alices_secret)

        assert person.run("revoke", "2").code == 0
        assert typed.at(portal_url, person.run("create", "CI").out).run("whoami").code == 0

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_f02_a_lost_replacement_is_replaced(self, typed, portal_url, alices_secret, token_of, cast):
        token_of(cast.alice, "Zapier")
        with answering(relayed(portal_url, is_lost=True), relayed(portal_url)) as (port, _):
            outcome = typed.at(f"http://localhost:{port}", alices_secret).run("rotate", "2")
        assert outcome.err.endswith("Rotate that one: portal token rotate 3\n")

        replaced = typed.at(portal_url, alices_secret).run("rotate", "3")

        assert typed.at(portal_url, replaced.out).run("whoami").out.splitlines()[1].startswith("token    Zapier (")

    def test_a_lost_replacement_of_another_is_replaced_in_its_turn(self, typed):
        outcome, _ = run(typed, "rotate", "3", by=[nothing, done])

        assert outcome.err.endswith("Rotate that one: portal token rotate 7\n")

    def test_a_lost_replacement_of_itself_is_for_its_page(self, typed):
        outcome, _ = run(typed, "rotate", by=[nothing, done])

        assert "Rotate that one on its page: http://localhost:" in outcome.err
        assert outcome.err.endswith("/settings/tokens/7/rotate\n")

    def test_twice_lost_nobody_knows(self, typed):
        outcome, seen = run(typed, "create", "CI", by=[nothing])

        assert (outcome.code, outcome.out, len(seen)) == (1, "", 2)
        assert outcome.err.endswith(LOOK + "\n")

    def test_a_refusal_of_the_second_says_nothing_about_the_first(self, typed):
        outcome, _ = run(typed, "create", "CI", by=[nothing, problem("unavailable", detail="The database is away.")])

        assert "It was sent again, and then: The database is away. It may have been carried out" in outcome.err

    def test_a_revoke_is_not_repeated(self, typed):
        outcome, seen = run(typed, "revoke", "7", by=[nothing])

        assert (outcome.code, len(seen)) == (1, 1)
        assert outcome.err.endswith(LOOK + "\n")

    def test_a_question_can_simply_be_asked_again(self, typed):
        outcome, seen = run(typed, "list", by=[nothing])

        assert len(seen) == 1
        assert outcome.err.endswith(" broke before the answer came.\n")

    def test_no_answer_in_time(self, typed, monkeypatch):
        monkeypatch.setattr(connection, "SECONDS", 0.2)
        with answering(_late) as (port, _):
            outcome = typed.at(f"http://localhost:{port}", SECRET).run("whoami")

        assert outcome.err == f"http://localhost:{port} did not answer within 0.2 seconds.\n"


class TestRefusals:
    @pytest.fixture
    def refused(self, app, alices):
        """What `whoami` says when the portal refuses with that code."""

        def refused(code):
            def refuse(**_):
                raise Refused(code, "It is so.", scope="tokens:read")

            app.view_functions["api.me"] = refuse
            return alices.run("whoami")

        return refused

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_each_reason_of_the_table_is_one_line_that_says_what_to_do(self, refused):
        for code in PROBLEMS:
            outcome = refused(code)

            assert (outcome.code, outcome.out, outcome.err.count("\n")) == (1, "", 1), code
            assert len(outcome.err) > len("It is so.\n") or code in {
                "name_taken",
                "limit_reached",
                "unavailable",
                "validation_failed",
            }

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_our_fault_comes_with_the_request_id(self, app, alices):
        def fail(**_):
            raise ZeroDivisionError

        app.view_functions["api.me"] = fail

        assert "Request id: " in alices.run("whoami").err

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_wrong_values_are_named(self, alices):
        assert alices.run("create", " ").err == "name: Enter a name.\n"
        assert alices.run("create", "CI", "--scopes", "a:b").err.startswith("scopes/0: There is no such scope.")
        assert alices.run("create", "CI", "--scopes", ",").err.startswith("scopes: Name at least one scope")

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    @pytest.mark.parametrize("limits", ["create=1/90s"])
    def test_too_many_are_told_how_long_to_wait(self, alices):
        alices.run("create", "One")

        outcome = alices.run("create", "Two")

        assert outcome.err.startswith("There were too many calls in a short time. Wait 2 minutes")

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_a_token_that_is_not_there_is_looked_for(self, alices):
        assert alices.run("revoke", "99").err.endswith("Check the id: portal token list\n")

    def test_a_reason_that_is_not_known_here_is_handed_on(self, typed):
        outcome, _ = run(typed, "whoami", by=[problem("too_beautiful", detail="That is too much.", status=418)])

        assert outcome.err == "That is too much.\n"


class TestStandardOutput:
    @pytest.mark.parametrize("options", ["", "--json"])
    def test_a_secret_that_nobody_takes_is_not_lost_without_a_word(self, options):
        with answering(created) as (port, _):
            said = in_a_shell(f"create CI {options} >/dev/full; echo $?", port)

        assert said.out == "1\n"
        assert (
            "Nobody took the secret, and it is stored nowhere. Revoke it, then make another: portal token revoke 7"
            in (said.err)
        )

    def test_a_reader_that_has_had_enough_is_no_fault(self):
        page = answer("200 OK", json.dumps({"items": [MADE] * 2000, "next_cursor": None}).encode())
        with answering(page) as (port, _):
            said = in_a_shell("list | head -1", port)

        assert (said.out[:8], said.err) == ("id  name", "")

    def test_an_answer_that_nobody_takes_is_a_fault(self):
        page = answer("200 OK", json.dumps({"items": [MADE], "next_cursor": None}).encode())
        with answering(page) as (port, _):
            said = in_a_shell("list >/dev/full; echo $?", port)

        assert (said.out, said.err) == ("1\n", "The answer could not be written (No space left on device).\n")

    def test_a_terminal_of_another_alphabet_shows_escapes(self):
        page = answer("200 OK", json.dumps({"items": [MADE | {"name": "Büro"}], "next_cursor": None}).encode())
        with answering(page) as (port, _):
            said = in_a_shell("list", port, PYTHONIOENCODING="ascii")

        assert r"B\xfcro" in said.out

    def test_one_who_stops_it_is_told_that_it_may_be_done(self):
        with answering(_late) as (port, seen):
            line = [sys.executable, "-m", "portal.cli", "token", "create", "CI"]
            process = subprocess.Popen(line, cwd=ROOT, env=_environment(port), stderr=subprocess.PIPE, text=True)
            wait_for(lambda: seen)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)

        assert (process.returncode, said) == (
            1, "Stopped. What was sent may have been carried out. Look: portal token list\n",
        )  # fmt: skip


def _environment(port, **more):
    return {**os.environ, "PORTAL_URL": f"http://localhost:{port}", "PORTAL_TOKEN": SECRET, **more}


def in_a_shell(command, port, **environment):
    """What a shell prints for `portal token …` with that portal in the environment."""
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m portal.cli token {command}"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=_environment(port, **environment),
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def _late(_):
    time.sleep(0.5)
    return b""


def _context(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.chain, certificate.key)
    return context
