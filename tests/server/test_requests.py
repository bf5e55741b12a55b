"""What comes over the wire: requests that the server itself must refuse or clean before the portal sees them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.database import Database
from tests.builders import make_token
from tests.cast import add_cast
from tests.server.running import Running, started, wait_for

GOOD = b"GET /api/v1/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


@pytest.fixture(scope="module")
def database_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database for the module; what is tested here is done before any database is asked."""
    path = tmp_path_factory.mktemp("requests") / "portal.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def secret(database_file: str) -> bytes:
    """Alice's token."""
    database = Database(database_file)
    alice = database.transaction(add_cast).alice
    made = make_token(database, alice)[1].encode()
    database.close()
    return made


@pytest.fixture(scope="module")
def portal(database_file: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One portal for the module; nothing here changes it."""
    with started(database_file, tmp_path_factory.mktemp("portal")) as running:
        yield running


def test_ac_098_headers_with_underscores_are_no_credential(portal, secret):
    alone = portal.raw(GOOD + b"X_Api_Token: " + secret + b"\r\n\r\n")
    beside = portal.raw(GOOD + b"X-Api-Token: pat_wrong\r\nX_Api_Token: " + secret + b"\r\n\r\n")
    identity = portal.raw(GOOD + b"X-Auth_User: admin\r\nX_Forwarded_For: 1.2.3.4\r\n\r\n")

    assert (alone.status, alone.json["code"]) == (401, "token_missing")
    assert (beside.status, beside.json["code"]) == (401, "token_malformed")
    assert (identity.status, identity.json["code"]) == (401, "token_missing")
    assert {line["peer"] for line in portal.requests()} == {"127.0.0.1"}


def test_what_a_proxy_of_another_server_may_set_is_ignored(portal, secret):
    spoofed = b"SCRIPT_NAME: /api\r\nPATH_INFO: /healthz\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\n"

    answer = portal.raw(GOOD + b"X-Api-Token: " + secret + b"\r\n" + spoofed + b"\r\n")

    assert (answer.status, answer.json["user"]["name"]) == (200, "Alice")


def test_two_authorization_lines_are_refused(portal, secret):
    line = b"Authorization: Bearer " + secret + b"\r\n"

    for twice in (line + line, line + b"Authorization:\r\n", b"Authorization: Basic x\r\n" + line):
        answer = portal.raw(GOOD + twice + b"\r\n")
        assert (answer.status, answer.json["code"]) == (400, "ambiguous_credentials")


@pytest.mark.parametrize(
    "host",
    [
        b"",
        b"Host: \r\n",
        b"Host: evil.example\r\n",
        b"Host: localhost\r\nHost: evil.example\r\n",
        b"Host: localhost:8000,evil.example\r\n",
        b"Host: localhost@evil.example\r\n",
    ],
)
def test_a_request_without_our_host_is_refused(portal, host):
    answer = portal.raw(b"GET /sign-in HTTP/1.1\r\n" + host + b"Connection: close\r\n\r\n")

    assert answer.status == 400


@pytest.mark.parametrize(
    "lines",
    [
        b"Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: -1\r\n",
        b"X-Folded: a\r\n b\r\n",
        b"X-Name : a\r\n",
        b"X-Nul: a\0b\r\n",
    ],
)
def test_ac_104_a_request_of_two_meanings_is_refused_and_the_second_never_seen(portal, lines):
    hidden = b"GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"

    answer = portal.raw(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n" + lines + b"\r\n0\r\n\r\n" + hidden)

    assert answer.status in {400, 501}
    assert [line for line in portal.requests() if line["path"] == "/hidden"] == []


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (GOOD + b"X-Long: " + b"a" * 9000 + b"\r\n\r\n", 431),
        (GOOD + b"".join(b"X-%d: a\r\n" % number for number in range(101)) + b"\r\n", 431),
        (b"no request at all\r\n\r\n", 400),
    ],
)
def test_what_is_too_long_or_no_request_is_refused(portal, request_, status):
    assert portal.raw(request_).status == status


def test_every_answer_carries_the_request_id_that_the_log_has(portal):
    reply = portal.client().get("/sign-in")

    # A line is written when its answer has been sent.
    assert wait_for(lambda: reply.headers["x-request-id"] in portal.out)
