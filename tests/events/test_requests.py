"""What is no socket, what is written down, and how the stream ends."""

import gc
import os
import socket
import time
from contextlib import suppress

import orjson
import pytest
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request

from portal.events import sockets
from tests.events.listening import HANDSHAKE, PATH
from tests.served import Client
from tests.server.running import wait_for

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("path", ["/", "/ws", "/ws/events/", "/ws/sessions/1", "/api/v1/events", "//ws/events"])
def test_other_paths_are_not_there(stream, path):
    with pytest.raises(InvalidStatus) as refused, stream.open(path):
        pass
    assert refused.value.response.status_code == 404


def test_a_plain_request_is_told_to_upgrade(stream):
    reply = Client(stream.port).get(PATH)

    assert (reply.status, reply.headers["upgrade"]) == (426, "websocket")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\r\n", "\r\nSec-WebSocket-Protocol: bearer {secret}\r\n"),
        ("\r\n", "\r\nSec-WebSocket-Protocol: bearer, {secret}, @\r\n"),
        ("AAAAAAAAAAAAAAAAAAAAAA==", "{secret}"),
        ("Upgrade: websocket", "Upgrade: {secret}"),
        ("Connection: Upgrade", "Connection: {secret}"),
    ],
)
def test_ac_125_a_handshake_that_failed_is_not_told_the_secret_that_was_in_it(stream, bobs, before, after):
    head = HANDSHAKE.format(PATH).replace(before, after.format(secret=bobs), 1)
    with socket.create_connection(("127.0.0.1", stream.port), timeout=10) as line:
        line.sendall(head.encode())
        answer = line.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 4")
    assert answer.endswith(b"\r\n\r\n" + sockets.NO_SOCKET)
    assert bobs.encode() not in answer


def test_ac_125_nobody_remembers_what_was_asked_while_a_socket_is_open(stream, bobs):
    head = HANDSHAKE.format(f"{PATH}?api_token={bobs}").replace("\r\n", "\r\nCookie: session=whatever\r\n", 1)
    with socket.create_connection(("127.0.0.1", stream.port), timeout=10) as line:
        line.sendall(head.encode())
        wait_for(lambda: len(stream.listeners))

        # Asked of the type: what is looked at may be a weak reference to something that is gone.
        kept = [one for one in gc.get_objects() if type(one) is Request]
        assert [one for one in kept if bobs in one.path or "Cookie" in one.headers] == []


def test_head_is_answered_without_a_body(stream):
    with socket.create_connection(("127.0.0.1", stream.port), timeout=10) as line:
        line.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")

        assert line.makefile("rb").read().endswith(b"\r\n\r\n")


def test_a_load_balancer_is_told_that_it_lives(stream):
    reply = Client(stream.port).get("/healthz")

    assert (reply.status, reply.body) == (200, b"alive\n")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /ws/events?x=" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"GET /ws/events HTTP/1.1\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
        b"GET /ws/events HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"GET /ws/events HTTP/1.1\r\n" + b"".join(b"X%d: %s\r\n" % (n, b"a" * 8000) for n in range(3)),
        b"POST /ws/events HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        b"no request at all\r\n\r\n",
    ],
)
def test_what_is_too_large_or_no_request_gets_nowhere(stream, head):
    with socket.create_connection(("127.0.0.1", stream.port), timeout=10) as line:
        line.sendall(head)
        answer = line.recv(65536)

    assert not answer.startswith(b"HTTP/1.1 101")


def lines(capfd):
    return [orjson.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_ac_125_the_log_says_who_listened_for_how_long_and_never_the_secret(stream, bobs, capfd, caplog):
    caplog.set_level("DEBUG")
    with stream.listen(bobs):
        pass
    for query in (f"api_token={bobs}x", f"API_TOKEN={bobs}&api_token={bobs}&api_token={bobs}", f"x={bobs}"):
        with stream.open(f"{PATH}?{query}", subprotocols=["bearer"]) as one:
            one.end()
    with pytest.raises(InvalidStatus), stream.open(f"/{bobs}?api_token={bobs}"):
        pass
    stream.stop()

    captured = capfd.readouterr()
    first = orjson.loads(captured.out.splitlines()[0])
    assert (first["event"], first["path"], first["query"]) == ("socket", PATH, "api_token=[redacted]")
    assert first["caller"].startswith("token:")
    assert bobs[4:] not in captured.out + captured.err
    ours = [record for record in caplog.records if record.name.startswith("portal")]
    assert bobs[4:] not in "".join(f"{vars(record)}" for record in ours)


@pytest.fixture
def stdout_of_which_nobody_reads():
    """Its reader is there, and stuck."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    kept = os.dup(1)
    os.dup2(writer, 1)
    yield
    os.dup2(kept, 1)
    for one in (reader, writer, kept):
        os.close(one)


def test_f46_a_log_that_is_stuck_holds_up_nobody(stdout_of_which_nobody_reads, stream, bobs):
    for _ in range(3):
        assert Client(stream.port).get("/nowhere").status == 404

    with stream.listen(bobs) as listener:
        stream.stop()
        assert listener.end() == (1012, "stopping")


def test_f34_everybody_is_told_when_the_stream_stops(stream, bobs):
    with stream.listen(bobs) as listener, stream.open() as silent:
        began = time.monotonic()
        stream.stop()

        assert time.monotonic() - began < 2
        assert listener.end() == (1012, "stopping")
        assert silent.end() == (1012, "stopping")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", stream.port))
