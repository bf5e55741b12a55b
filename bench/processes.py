"""Servers as real processes: started on a core, waited for, and ended by their own id whatever happens."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench.machine import ROOT, require

START_SECONDS = 60
STOP_SECONDS = 20
HOST = "127.0.0.1"


class Broken(Exception):
    """A server did not start, or did not answer as it should; the text holds the end of what it said."""


@dataclass
class Process:
    """One running server. `calls` counts what it was asked by `bench.load`."""

    name: str
    port: int
    popen: subprocess.Popen[bytes]
    log: Path
    calls: int = 0

    def said(self) -> str:
        """The end of what it wrote on its streams."""
        return self.log.read_text(errors="replace")[-2000:]

    def workers(self) -> list[int]:
        """The process ids below it that have none below them; its own where it has no children."""
        return _leaves(self.popen.pid)

    def rss_mb(self) -> float:
        """The memory of its largest worker, shared pages included."""
        return max(_rss_mb(worker) for worker in self.workers())


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    folder: Path,
    cores: Sequence[int],
    ready: Callable[[int], bool],
    environment: Mapping[str, str] | None = None,
) -> Iterator[Process]:
    """Runs `command` on `cores` until the block is left. It answers when the block begins. Raises `Broken`."""
    log = folder / f"{name}-{port}.log"
    pinned = [require("taskset"), "-c", ",".join(str(core) for core in cores), *command]
    with log.open("wb") as output:
        # A session of its own: Ctrl-C is ours to hear, and servers then stop in order.
        popen = subprocess.Popen(
            pinned,
            cwd=ROOT,
            env={**bare_environment(), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            start_new_session=True,
        )
    process = Process(name, port, popen, log)
    try:
        _wait_until(lambda: ready(port), process)
        yield process
    finally:
        stop(popen)


def bare_environment() -> dict[str, str]:
    """Our environment without settings of the developer's own."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "MAKE", "MFLAGS"))}


def stop(popen: subprocess.Popen[bytes]) -> None:
    """SIGTERM; one that does not listen is killed with all that it started."""
    if popen.poll() is None:
        popen.send_signal(signal.SIGTERM)
        try:
            popen.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(popen.pid, signal.SIGKILL)
            popen.wait(timeout=STOP_SECONDS)


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def status_of(port: int, path: str, headers: Mapping[str, str] | None = None) -> int:
    """The status that one GET is answered with; 0 when nobody answers."""
    connection = HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def _wait_until(ready: Callable[[], bool], process: Process) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while not ready():
        ended = process.popen.poll()
        if ended is not None:
            raise Broken(f"{process.name} ended with {ended} instead of serving:\n{process.said()}")
        if time.monotonic() > give_up_at:
            raise Broken(f"{process.name} does not answer after {START_SECONDS} s:\n{process.said()}")
        time.sleep(0.01)


def _leaves(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [leaf for child in children for leaf in _leaves(int(child))] or [pid]


def _rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise Broken(f"process {pid} has no memory")
