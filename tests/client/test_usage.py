"""How `portal token` is called: where address and token come from, and what is no way to call it."""

import os
import subprocess
import sys

import pytest

from portal.client.access import TOKEN, URL, read_access
from portal.settings import OF_PORTAL_TOKEN, unknown_settings
from portal.tokens.secret import make_secret
from tests.served import ROOT

HERE = "http://localhost:9"
# What would make a person with a token wait, or reads what is a server's.
HEAVY = ("flask", "sqlalchemy", "pydantic", "dotenv", "orjson", "websockets", "portal.settings", "portal.app",
         "portal.commands")  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("dance",),
        ("whoami", "me"),
        ("list", "--status", "dead"),
        ("create",),
        ("create", "CI", "--expires-in", "0"),
        ("create", "CI", "--expires-in", "3651"),
        ("create", "CI", "--expires-in", "1", "--never"),
        ("rotate", "x"),
        ("rotate", "1/../2"),
        ("rotate", "--overlap-seconds", "604801"),
        ("revoke",),
        ("revoke", "-1"),
        ("revoke", "9" * 20),
    ],
)
def test_a_wrong_call_ends_with_2(typed, arguments):
    outcome = typed.at(HERE, "pat_x").run(*arguments)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("usage: portal token")


@pytest.mark.parametrize("command", [(), ("create",), ("rotate",)])
def test_help_ends_with_0(typed, command):
    assert typed.run(*command, "--help").code == 0


@pytest.mark.parametrize("arguments", [("whoami", "{}"), ("--token", "{}"), ("whoami", "--token={}"), ("revoke", "{}")])
def test_a_token_among_the_arguments_is_not_taken_and_not_repeated(typed, arguments):
    secret = make_secret("pat").reveal()

    outcome = typed.at(HERE, secret).run(*(argument.format(secret) for argument in arguments))

    assert (outcome.code, outcome.out) == (2, "")
    assert "history of your shell" in outcome.err
    assert "PORTAL_TOKEN" in outcome.err
    assert secret not in outcome.err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "PORTAL_URL is not set."),
        (" ", "PORTAL_URL is not set."),
        ("portal.example.com", "PORTAL_URL is no address."),
        ("ftp://portal.example.com", "PORTAL_URL is no address."),
        ("https://", "PORTAL_URL is no address."),
        ("https://portal.example.com:port", "PORTAL_URL is no address."),
        ("https://portal.example.com:0", "PORTAL_URL is no address."),
        ("https://[::1", "PORTAL_URL is no address."),
        ("https://portal.example.com/api", "PORTAL_URL: write the scheme and the host alone"),
        ("https://portal.example.com?a=b", "PORTAL_URL: write the scheme and the host alone"),
        ("https://alice:hidden-word@portal.example.com", "PORTAL_URL: write the scheme and the host alone"),
        ("http://portal.example.com", "PORTAL_URL: use https."),
        ("http://127.0.0.2", "PORTAL_URL: use https."),
    ],
)
def test_a_wrong_address_is_one_sentence_and_nothing_is_sent(typed, url, said):
    outcome = typed.at(url, "pat_x").run("whoami")

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert outcome.err.startswith(said)
    assert "hidden-word" not in outcome.err


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (None, "PORTAL_TOKEN is not set."),
        ("Bearer ", "PORTAL_TOKEN holds blanks"),
        ("two words", "PORTAL_TOKEN holds blanks"),
        ("line\nX-Evil: 1", "PORTAL_TOKEN holds blanks"),
        ("tökén", "PORTAL_TOKEN holds blanks"),
    ],
)
def test_what_can_be_no_token_is_one_sentence_without_it(typed, secret, said):
    outcome = typed.at(HERE, secret).run("whoami")

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert outcome.err.startswith(said)
    assert "Evil" not in outcome.err


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://portal.example.com", "https://portal.example.com"),
        ("https://portal.example.com:443/", "https://portal.example.com"),
        ("https://PORTAL.example.com:8443", "https://portal.example.com:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://127.0.0.1", "http://127.0.0.1"),
    ],
)
def test_an_address_is_taken_in_every_spelling_and_shown_without_the_token(given, url):
    access = read_access({URL: given, TOKEN: "pat_x"})

    assert access.url == url
    assert "pat_x" not in repr(access) + str(access)


def test_a_file_env_names_no_address(typed, tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("PORTAL_URL=http://localhost:9\nPORTAL_TOKEN=pat_x\n")
    monkeypatch.chdir(tmp_path)

    assert typed.run("whoami").err.startswith("PORTAL_URL is not set.")


def test_a_portal_is_not_warned_about_names_of_the_command():
    environment = dict.fromkeys(OF_PORTAL_TOKEN, "x")

    assert {URL, TOKEN} == OF_PORTAL_TOKEN
    assert unknown_settings(environment) == []


def test_nothing_of_a_server_is_loaded():
    code = "import sys; from portal.cli import main; main(['token', 'whoami']); print(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, URL: HERE, TOKEN: "pat_x"},
    )

    modules = found.stdout.split()
    assert found.stderr.startswith(f"Nothing listens at {HERE}.")
    assert "portal.client.connection" in modules
    assert [name for name in modules if name in HEAVY] == []
