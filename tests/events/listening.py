"""Those who listen to the event stream, as programs do it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.sync.client import ClientConnection

    from portal.events.listeners import Listeners

SECONDS = 10.0
PATH = "/ws/events"
# For lines on which no honest client speaks; to be filled with an address.
HANDSHAKE = (
    "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


@dataclass
class Stream:
    """One running event stream."""

    port: int
    stop: Callable[[], None]
    listeners: Listeners

    @contextmanager
    def open(self, path: str = PATH, **how: Any) -> Iterator[Socket]:
        """A socket to it, whatever comes of it."""
        how = {"compression": None, "proxy": None, **how}
        with connect(f"ws://127.0.0.1:{self.port}{path}", **how) as connection:
            yield Socket(connection)

    @contextmanager
    def listen(self, secret: str, **how: Any) -> Iterator[Socket]:
        """A socket that was let in by its address."""
        with self.open(f"{PATH}?api_token={secret}", **how) as socket:
            assert socket.next() == {"type": "ready"}
            yield socket


@dataclass
class Socket:
    """One end of a connection."""

    connection: ClientConnection

    def say(self, message: object) -> None:
        """Sends text or bytes as they are, anything else as JSON."""
        self.connection.send(message if isinstance(message, str | bytes) else orjson.dumps(message).decode())

    def next(self, *, seconds: float = SECONDS) -> Any:
        """The next message."""
        return orjson.loads(self.connection.recv(timeout=seconds))

    def events(self, count: int) -> list[dict[str, Any]]:
        """The next events, so many."""
        found = [self.next() for _ in range(count)]
        assert {one["type"] for one in found} <= {"event"}
        return [one["event"] for one in found]

    def hears_nothing(self, *, seconds: float = 1.0) -> bool:
        """Whether there is silence for so long."""
        try:
            self.connection.recv(timeout=seconds)
        except TimeoutError:
            return True
        return False

    def next_or_end(self, *, seconds: float = SECONDS) -> Any:
        """The next message, or the code and the reason it is closed with."""
        try:
            return self.next(seconds=seconds)
        except ConnectionClosed as closed:
            assert closed.rcvd is not None, "it was cut off"
            return closed.rcvd.code, closed.rcvd.reason

    def end(self, *, seconds: float = SECONDS) -> tuple[int, str]:
        """The code and the reason it is closed with; what comes before is dropped."""
        give_up_at = time.monotonic() + seconds
        while time.monotonic() < give_up_at:
            try:
                self.connection.recv(timeout=max(0.01, give_up_at - time.monotonic()))
            except ConnectionClosed as closed:
                assert closed.rcvd is not None, "it was cut off"
                return closed.rcvd.code, closed.rcvd.reason
        raise AssertionError("it stayed open")
