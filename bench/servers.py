"""Starts and ends servers: each in a session of its own, on a free port of the loopback, on core 0."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from bench.faults import BenchFault

ROOT = Path(__file__).resolve().parent.parent
SERVER_CORE = "0"
LOAD_CORE = "1"
THREADS = "8"
START_SECONDS = 30
STOP_SECONDS = 30
BIN = Path(sys.executable).parent

Command = list[str]


@dataclass(frozen=True)
class Server:
    """One that runs: its port, and how long it took from the start to the first answer."""

    port: int
    process: subprocess.Popen[bytes]
    seconds_to_answer: float

    def status_of(self, path: str, headers: dict[str, str]) -> int:
        return ask(self.port, path, headers)[0]

    def largest_worker_kilobytes(self) -> int:
        """The resident memory of the largest process that this one started."""
        return max(_resident(pid) for pid in _children(self.process.pid))

    def stop(self) -> None:
        """SIGTERM to it; what is left of its session after a while is killed."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def start(name: str, command: Command, port: int, environment: dict[str, str], folder: Path) -> Server:
    """Starts `command` and waits until it answers. Raises `BenchFault` with the end of its log when it does not."""
    log = folder / f"{name}.log"
    started = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", SERVER_CORE, *command],
            cwd=ROOT,
            env={**_own_environment(), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    while process.poll() is None and time.perf_counter() - started < START_SECONDS:
        if _answers(port):
            return Server(port, process, time.perf_counter() - started)
        time.sleep(0.005)
    Server(port, process, 0).stop()
    raise BenchFault(f"The server {name} does not start: {log.read_text(errors='replace')[-800:].strip()}")


def free_port() -> int:
    """A port of the loopback that nobody listens at now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def ask(port: int, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    """Status and body of one call."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def gunicorn(target: str, port: int) -> Command:
    """gunicorn as `portal run` sets it up, around a floor."""
    return [
        str(BIN / "gunicorn"), "--worker-class", "gthread", "--threads", THREADS, "--workers", "1",
        "--keep-alive", "75", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--log-level", "warning",
        "--bind", f"127.0.0.1:{port}", target,
    ]  # fmt: skip


def granian(target: str, port: int, *, threads: int) -> Command:
    """granian as `portal gateway` runs it, around a floor or a peer."""
    return [
        str(BIN / "granian"), "--interface", "wsgi", "--http", "1", "--no-ws", "--workers", "1",
        "--blocking-threads", str(threads), "--runtime-threads", "1", "--respawn-failed-workers",
        "--respawn-interval", "1", "--workers-kill-timeout", "20", "--http1-buffer-size", "16384",
        "--http1-header-read-timeout", "10000", "--no-access-log", "--log-level", "warning",
        "--host", "127.0.0.1", "--port", str(port), target,
    ]  # fmt: skip


def portal(verb: str, port: int, *more: str) -> Command:
    """The portal's own command line."""
    return [sys.executable, "-m", "portal.cli", verb, "--port", str(port), "--workers", "1", *more]


def is_command(verb: str) -> bool:
    """Whether the portal has that verb."""
    command = [sys.executable, "-m", "portal.cli", verb, "--help"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


def node_version() -> str | None:
    """The version of Node on this machine, if there is one."""
    try:
        return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def node_peer(folder: Path) -> Path:
    """The peer's folder with its package in it, by `npm ci`. Raises `BenchFault` when that cannot be had."""
    source, target = ROOT / "bench" / "node", folder / "node"
    target.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json", "server.js"):
        (target / name).write_text((source / name).read_text())
    wanted = json.loads((target / "package.json").read_text())["dependencies"]["better-sqlite3"]
    installed = target / "node_modules" / "better-sqlite3"
    if (installed / "build").exists() and json.loads((installed / "package.json").read_text())["version"] == wanted:
        return target
    command = ["npm", "ci", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=target, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise BenchFault(f"npm cannot install better-sqlite3 {wanted}: {done.stderr.strip()[-400:]}")
    return target


def fill_peer(peer: str, path: Path, count: int) -> str:
    """Makes a peer's database at `path` and returns the secrets of its tokens, a line each."""
    for ending in ("", "-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    command = [sys.executable, "-m", "bench.apps.rows", peer, str(count)]
    environment = {**_own_environment(), "BENCH_DATABASE": str(path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFault(f"The rows of {peer} cannot be made: {done.stderr.strip()[-400:]}")
    return done.stdout


def _own_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "BENCH_"))}


def _answers(port: int) -> bool:
    try:
        return ask(port, "/healthz", {})[0] > 0
    except (OSError, HTTPException):
        return False


def _children(pid: int) -> list[int]:
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *_children(int(child))]
    return found


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
