"""TLS in front of a running portal, as a proxy in front of it does: encrypted outside, plain inside."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

import trustme


@contextmanager
def encrypted(port: int, inner_port: int) -> Iterator[None]:
    """Listens on `port` with a certificate of its own making, and hands what comes to `inner_port`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    with socket.create_server(("127.0.0.1", port)) as listener:
        listener.settimeout(0.2)
        ending: list[bool] = []
        thread = Thread(target=_accept, args=(listener, context, inner_port, ending))
        thread.start()
        try:
            yield
        finally:
            ending.append(True)
            thread.join()


def _accept(listener: socket.socket, context: ssl.SSLContext, inner_port: int, ending: list[bool]) -> None:
    while not ending:
        with suppress(TimeoutError):
            outer, _ = listener.accept()
            Thread(target=_serve, args=(outer, context, inner_port), daemon=True).start()


def _serve(outer: socket.socket, context: ssl.SSLContext, inner_port: int) -> None:
    """One connection, one request at a time: the answer's end is the inner connection's end."""
    with (
        suppress(OSError),
        context.wrap_socket(outer, server_side=True) as open_outer,
        socket.create_connection(("127.0.0.1", inner_port)) as inner,
    ):
        back = Thread(target=_relay, args=(inner, open_outer), daemon=True)
        back.start()
        _relay(open_outer, inner)
        back.join()


def _relay(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65536):
            sink.sendall(received)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
