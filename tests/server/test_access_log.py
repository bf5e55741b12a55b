"""The access log by itself: what a line holds, and what is cut out of it."""

import os
from collections.abc import Iterator

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client

from portal.access_log import CALLER, REDACTED, AccessLog, clean_query, printable, without_secrets

# Of a fixed text, since it stands in the names of tests.
SECRET = "pat_" + "0aB" * 14 + "z"


def one_line(path: str, **environ: str) -> dict[str, object]:
    """The line of one request to a portal that answers 200 to everything."""
    written: list[bytes] = []

    def app(environ, start_response):
        environ[CALLER] = "user:3"
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"fine"]

    Client(AccessLog(app, scheme="https", sink=written.append)).get(path, environ_overrides=environ).close()
    assert len(written) == 1
    assert b"\n" not in written[0]
    found: dict[str, object] = orjson.loads(written[0])
    return found


def test_a_line_says_when_what_who_and_how_long():
    line = one_line("/settings?tab=1", REMOTE_ADDR="203.0.113.7")

    assert (line["method"], line["path"], line["query"]) == ("GET", "/settings", "tab=1")
    assert (line["status"], line["peer"], line["caller"]) == (200, "203.0.113.7", "user:3")
    assert str(line["at"]).endswith("Z")
    assert float(str(line["ms"])) >= 0


def test_the_app_is_told_the_scheme_that_the_world_sees():
    seen = []

    def app(environ, start_response):
        seen.append(environ["wsgi.url_scheme"])
        start_response("204 No Content", [])
        return []

    Client(AccessLog(app, scheme="https", sink=lambda _line: None)).get("/")

    assert seen == ["https"]


@pytest.mark.parametrize(
    ("query", "logged"),
    [
        ("q=zapier&status=active", "q=zapier&status=active"),
        ("api_token=abc", f"api_token={REDACTED}"),
        ("a=1;api_token=abc", f"a=1&api_token={REDACTED}"),
        ("ACCESS_TOKEN=abc", f"ACCESS_TOKEN={REDACTED}"),
        ("%61pi%5Ftoken=abc", f"api_token={REDACTED}"),
        ("x-api-token=abc&b=2", f"x-api-token={REDACTED}&b=2"),
        ("password=abc", f"password={REDACTED}"),
        ("token", f"token={REDACTED}"),
        (f"next={SECRET}", f"next={REDACTED}"),
        (f"next={SECRET.replace('_', '%5F')}", f"next={REDACTED}"),
        (SECRET, f"{REDACTED}={REDACTED}"),
        ("", ""),
    ],
)
def test_a_query_is_logged_without_secrets(query, logged):
    assert clean_query(query) == logged


@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_secret_is_cut_out_wherever_it_stands(before, after):
    assert SECRET[4:] not in without_secrets(f"{before}{SECRET}{after}")


@given(text=st.text(max_size=50))
def test_what_is_printable_stays_and_the_rest_is_escaped(text):
    shown = printable(text)

    assert shown.isprintable()
    assert (shown == text) is text.isprintable()


@pytest.mark.parametrize(
    ("character", "escape"), [("\n", "\\n"), ("\x1b", "\\x1b"), ("\x9b", "\\x9b"), ("\u202e", "\\u202e")]
)
def test_what_a_terminal_could_act_on_is_escaped(character, escape):
    assert printable(f"a{character}b") == f"a{escape}b"


def test_bytes_that_are_no_text_are_logged_as_such():
    assert one_line("/%ff%fe")["path"] == "/\ufffd\ufffd"


def test_a_long_path_is_cut_after_the_secret_is_out():
    path = str(one_line("/" + "a" * 380 + SECRET + "b" * 500)["path"])

    assert path.endswith("…")
    assert SECRET[4:24] not in path


def test_a_log_that_cannot_be_written_costs_no_answer(stdout_without_reader):
    def app(_environ, start_response):
        start_response("200 OK", [])
        return [b"fine"]

    answer = Client(AccessLog(app, scheme="http")).get("/", buffered=True)

    assert (answer.status_code, answer.data) == (200, b"fine")


@pytest.fixture
def stdout_without_reader() -> Iterator[None]:
    """Whoever read our output went away."""
    reader, writer = os.pipe()
    os.close(reader)
    kept = os.dup(1)
    os.dup2(writer, 1)
    yield
    os.dup2(kept, 1)
    os.close(kept)
    os.close(writer)
