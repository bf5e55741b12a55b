"""A `portal run` of its own for a test, both of its streams apart, and requests that no honest client would send."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tests.served import START_SECONDS, STOP_SECONDS, Client, environment, free_port

Wanted = Callable[[], Any]


def wait_for(wanted: Wanted, *, seconds: float = START_SECONDS) -> Any:
    """What `wanted` returns once it is something."""
    give_up_at = time.monotonic() + seconds
    while not (found := wanted()):
        assert time.monotonic() < give_up_at, "it did not happen"
        time.sleep(0.02)
    return found


@dataclass
class Running:
    """One process of `portal run`, or of another command that serves."""

    port: int
    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def out(self) -> str:
        return (self.folder / "stdout").read_text()

    @property
    def err(self) -> str:
        return (self.folder / "stderr").read_text()

    def client(self) -> Client:
        return Client(self.port)

    def raw(self, request: bytes) -> Answer:
        """Sends these very bytes and reads until the server closes."""
        with self.connect() as connection:
            connection.sendall(request)
            return Answer(_read_all(connection))

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=START_SECONDS)

    def requests(self) -> list[dict[str, Any]]:
        """The access log; a line that is no JSON fails here."""
        return [orjson.loads(line) for line in self.out.splitlines()]

    def workers(self) -> list[int]:
        """The process ids of the workers; of a whole portal, those of its parts."""
        return children_of(self.process.pid)

    def policies(self) -> set[int]:
        """How Linux schedules the threads of the workers."""
        threads = [path.name for worker in self.workers() for path in Path(f"/proc/{worker}/task").iterdir()]
        return {os.sched_getscheduler(int(thread)) for thread in threads}

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal, as a supervisor or a terminal does; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=STOP_SECONDS)


def children_of(pid: int) -> list[int]:
    """The process ids of those that this process started itself, in that order."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@dataclass(frozen=True)
class Answer:
    """The bytes that came back."""

    raw: bytes

    @property
    def status(self) -> int:
        return int(self.raw.split(b" ", 2)[1])

    @property
    def json(self) -> Any:
        return orjson.loads(self.raw.partition(b"\r\n\r\n")[2])


def _read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


@contextmanager
def started(
    database_url: str, folder: Path, *arguments: str, command: str = "run", whole: bool = False, **settings: str
) -> Iterator[Running]:
    """Runs `portal run --only web` (or another such command) on a free port until the block is left.

    It answers when the block begins. `whole`: with all parts, on this port and those after it.
    """
    port = free_port()
    alone = ["--only", "web"] if command == "run" and not whole else []
    line = [sys.executable, "-m", "portal.cli", command, "--port", str(port), *arguments, *alone]
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(
            line, cwd=folder, env=environment(database_url, folder, **settings), stdout=out, stderr=err
        )
    running = Running(port, process, folder)
    try:
        wait_for(lambda: _answers(running))
        yield running
    finally:
        running.stop()


def _answers(running: Running) -> bool:
    assert running.process.poll() is None, running.err
    try:
        return running.client().get("/healthz").status == 200
    except OSError:
        return False
