"""A server that answers everything with one status and keeps what it was asked: what nginx sends, seen from inside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Asked:
    """One request as it arrived: names in lower case, in the order of the wire."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for found, value in self.headers if found == name]


@dataclass
class Recorder:
    """What answers, and what it was asked so far."""

    status: int = 200
    answer: dict[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0


@contextmanager
def recording(status: int = 200, *, port: int = 0, **answer: str) -> Iterator[Recorder]:
    """Answers on a port of its own until the block is left; `answer` holds headers, `x_portal_user="3"`."""
    recorder = Recorder(status, {name.replace("_", "-"): value for name, value in answer.items()})
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(recorder))
    server.daemon_threads = True
    recorder.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    recorder: Recorder
    protocol_version = "HTTP/1.1"
    # An idle connection that nginx keeps must not keep the test.
    timeout = 2

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = [(name.lower(), value) for name, value in self.headers.items()]
        self.recorder.asked.append(Asked(self.requestline, headers, body))
        self.send_response(self.recorder.status)
        for name, value in self.recorder.answer.items():
            self.send_header(name, value)
        if self.recorder.status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def _handler(recorder: Recorder) -> type[_Handler]:
    answers = dict.fromkeys(("do_GET", "do_PUT"), _Handler.answer)
    return type("Handler", (_Handler,), {"recorder": recorder, **answers})
