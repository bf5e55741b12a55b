"""What listeners send and how they read: nothing but who they are, and fast enough."""

import socket as sockets
import time

import orjson
import pytest

from portal.events import poller
from portal.events.listeners import LARGEST_BACKLOG
from tests.events.listening import HANDSHAKE, PATH
from tests.events.test_pushing import happens

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NO_AUTH = [
    ("{", "malformed_json"),
    ("[]", "validation_failed"),
    ('"auth"', "validation_failed"),
    ("{}", "validation_failed"),
    ('{"type": "auth"}', "validation_failed"),
    ('{"type": "auth", "api_token": 7}', "validation_failed"),
    ('{"type": "auth", "api_token": null}', "validation_failed"),
    ('{"type": "hello", "api_token": "x"}', "validation_failed"),
    ('{"type": "auth", "api_token": "x", "more": 1}', "validation_failed"),
    ("[" * 4000, "malformed_json"),
]


@pytest.mark.parametrize(("message", "reason"), NO_AUTH)
def test_a_first_message_that_says_nobody_is_a_bad_one(stream, message, reason):
    with stream.open() as socket:
        socket.say(message)

        assert socket.end() == (4400, reason)


@pytest.mark.parametrize("message", ["{", "hello", "", {"type": "ping"}])
def test_a_listener_has_nothing_more_to_say(stream, bobs, message):
    with stream.listen(bobs) as socket:
        socket.say(message)

        assert socket.end() == (4400, "validation_failed")


def test_bytes_are_refused_before_and_after(stream, bobs):
    with stream.open() as socket:
        socket.say(orjson.dumps({"type": "auth", "api_token": bobs}))
        assert socket.end() == (1003, "binary")
    with stream.listen(bobs) as socket:
        socket.say(b"\0")
        assert socket.end() == (1003, "binary")


def test_a_message_over_4_kib_is_refused_before_and_after(stream, bobs):
    with stream.open() as socket:
        socket.say("x" * 4097)
        assert socket.end()[0] == 1009
    with stream.listen(bobs) as socket:
        socket.connection.send(["x" * 2000] * 3)
        assert socket.end()[0] == 1009


def slow_line(port):
    """A connection that holds little on its way."""
    line = sockets.socket()
    line.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", port))
    return line


def test_one_who_does_not_read_is_closed_and_fills_no_memory(stream, database, cast, alices, bobs, monkeypatch):
    monkeypatch.setattr(poller, "SLOW_SECONDS", 0.6)
    slow = stream.listen(alices, sock=slow_line(stream.port), max_queue=1)
    with slow as one, stream.listen(alices) as other:
        happened, heard, waiting = happens(database, cast.bob, 2500), [], [0]

        # Who reads gets everything meanwhile.
        for _ in range(25):
            heard += [event["id"] for event in other.events(100)]
            waiting += [listener.connection.transport.get_write_buffer_size() for listener in stream.listeners]
        assert heard == happened
        assert LARGEST_BACKLOG < max(waiting) < 4 * LARGEST_BACKLOG
        time.sleep(2 * poller.SLOW_SECONDS)
        assert one.end(seconds=5) == (1008, "slow_reader")


def test_pings_whose_answers_nobody_reads_fill_no_memory(stream, bobs):
    pings = (b"\x89\xfd" + bytes(4) + b"x" * 125) * 100
    with slow_line(stream.port) as line:
        line.sendall(HANDSHAKE.format(f"{PATH}?api_token={bobs}").encode())
        line.settimeout(0.5)
        # What comes along with the handshake would be too much for one.
        assert line.recv(4096)
        # It is not read itself any more, so its own line fills up.
        with pytest.raises(TimeoutError):
            for _ in range(2000):
                line.sendall(pings)

        (listener,) = stream.listeners
        assert listener.connection.transport.get_write_buffer_size() < 10 * LARGEST_BACKLOG


def test_pings_among_pieces_of_a_message_fill_no_memory_either(stream, bobs):
    # Every two pieces have the library stop reading and go on, whatever waits to be read by the other side.
    pieces = (b"\x00\x80" + bytes(4)) * 2
    pings = (b"\x89\xfd" + bytes(4) + b"x" * 125) * 100
    with slow_line(stream.port) as line:
        line.sendall(HANDSHAKE.format(f"{PATH}?api_token={bobs}").encode())
        line.settimeout(2)
        assert line.recv(4096)
        line.sendall(b"\x01\x80" + bytes(4))
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                line.sendall(pieces + pings)


def test_a_listener_of_the_address_is_not_mixed_up_with_its_query(stream, bobs):
    with stream.open(f"{PATH}?other=1&api_token={bobs}&more=%zz") as socket:
        assert socket.next() == {"type": "ready"}
