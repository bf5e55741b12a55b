"""Stopping: what was begun is answered, what was noted is written, and then it ends."""

import signal

import pytest
from sqlalchemy import select

from portal.tokens.models import Token
from tests.builders import make_token
from tests.server.running import Answer, started, wait_for

BEGUN = (
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nslow"
)
REST = b"=down"


def test_a_request_that_was_begun_is_answered_after_sigterm_and_new_ones_are_refused(tmp_path):
    with started(f"sqlite:///{tmp_path}/instance/new.db", tmp_path) as portal, portal.connect() as slow:
        slow.sendall(BEGUN)
        # A second request, answered on another thread, shows that the first one is being read.
        assert portal.client().get("/healthz").status == 200
        portal.process.send_signal(signal.SIGTERM)
        wait_for(lambda: _refuses(portal))
        slow.sendall(REST)

        assert Answer(slow.recv(65536)).status == 200
        assert portal.process.wait(timeout=10) == 0


def _refuses(portal) -> bool:
    try:
        portal.connect().close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_last_uses_are_written_when_it_stops(database_url, cast, database, tmp_path, number):
    token_id, secret = make_token(database, cast.bob)
    with started(database_url, tmp_path) as portal:
        assert portal.client().get("/api/v1/me", token=secret).status == 200
        assert portal.stop(number) == 0
        assert not [line for line in portal.err.splitlines() if '"level":"error"' in line or "Traceback" in line]

    with database.reading() as session:
        assert session.scalars(select(Token.last_used_at).where(Token.id == token_id)).one() is not None
