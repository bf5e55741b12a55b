"""`portal events`: the stream in a process of its own."""

import signal

import pytest
from sqlalchemy import select
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from portal.events import descriptors
from portal.tokens.models import Token
from tests.builders import make_token
from tests.server.running import started

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_it_says_where_it_is_and_writes_what_it_noted_when_it_stops(database_url, database, cast, tmp_path):
    token_id, secret = make_token(database, cast.bob)
    with started(database_url, tmp_path, command="events") as events:
        url = f"ws://localhost:{events.port}/ws/events"
        with connect(url, subprotocols=["bearer", secret], compression=None, proxy=None) as listener:
            assert listener.recv(timeout=10) == '{"type":"ready"}'
            events.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                listener.recv(timeout=10)
        # A second signal, as supervisors send it, cuts nothing short.
        assert events.stop() == 0

        assert closed.value.rcvd.code == 1012
        assert events.err.splitlines() == [
            f"The event stream is at {url} (listening on 127.0.0.1, port {events.port})."
        ]
    with database.reading() as session:
        assert session.scalars(select(Token.last_used_at).where(Token.id == token_id)).one() is not None


@pytest.mark.parametrize(
    ("soft", "hard", "room", "asked_for"),
    [
        (1024, 1_000_000, 10_000, 10_500),
        (1024, 4096, 3596, 4096),
        (256, 256, 1, 256),
        (20_000, 20_000, 10_000, None),
        (1024, -1, 10_000, 10_500),
        (-1, -1, 10_000, None),
    ],
)
def test_f23_descriptors_are_asked_for_and_what_there_is_bounds_the_sockets(
    database_url, monkeypatch, soft, hard, room, asked_for
):
    limits = [(soft, hard)]
    monkeypatch.setattr(descriptors.resource, "getrlimit", lambda _which: limits[0])
    monkeypatch.setattr(descriptors.resource, "setrlimit", lambda _which, wanted: limits.append(wanted))

    assert descriptors.room_for(10_000) == room
    assert [wanted for wanted, _ in limits[1:]] == ([] if asked_for is None else [asked_for])
