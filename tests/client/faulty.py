"""Servers that are no good portal: bytes over a real socket, in place of what a portal would answer."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from urllib.parse import urlsplit

# Gets what was sent and the open connection; what it returns is sent back, before the connection is closed.
Reaction = Callable[[bytes], bytes]


@contextmanager
def answering(*reactions: Reaction, context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """A server that meets its connections with `reactions`, in turn, the last one again and again: its port, and what
    it was sent."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=_serve, args=(listener, reactions, seen, context))
        thread.start()
        try:
            yield listener.getsockname()[1], seen
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(
    listener: socket.socket, reactions: tuple[Reaction, ...], seen: list[bytes], context: ssl.SSLContext | None
) -> None:
    # It ends when the listener is shut down.
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            reaction = reactions[min(len(seen), len(reactions) - 1)]
            with suppress(OSError), connection if context is None else context.wrap_socket(connection, True) as spoken:
                seen.append(_request(spoken))
                spoken.sendall(reaction(seen[-1]))


def _request(connection: socket.socket) -> bytes:
    """One request, with as much body as it announces."""
    read = b""
    while b"\r\n\r\n" not in read:
        part = connection.recv(65536)
        if not part:
            return read
        read += part
    head, _, body = read.partition(b"\r\n\r\n")
    announced = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while announced and len(body) < int(announced[0]):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> Reaction:
    """A whole answer; with another `length` than the body's, a cut one."""
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers])
    return lambda _: head.encode() + b"\r\n\r\n" + body


def nothing(_: bytes) -> bytes:
    """The connection is closed without a word."""
    return b""


def relayed(url: str, *, is_lost: bool = False) -> Reaction:
    """What the portal at `url` answers; `is_lost`: it does what it was asked, and nobody hears of it."""
    parts = urlsplit(url)

    def relay(request: bytes) -> bytes:
        with socket.create_connection((parts.hostname or "", parts.port or 0)) as portal:
            portal.sendall(request)
            heard = b"".join(iter(lambda: portal.recv(65536), b""))
        return b"" if is_lost else heard

    return relay
