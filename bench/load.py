"""Load, made by wrk on its own core: a few kept-alive connections, bounded in time, on loopback only."""

import json
import subprocess
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.machine import require
from bench.processes import HOST, Broken, Process, status_of

CONNECTIONS = 16
_SCRIPT = Path(__file__).with_name("wrk.lua")
# How long after its time wrk may still be at it.
_PATIENCE = 15


@dataclass(frozen=True, slots=True)
class Shot:
    """What came of one stretch of load."""

    per_second: float
    calls: int
    p50_us: int
    p99_us: int

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Contestant:
    """Something that is asked the same call again and again: what it is, where, and with which headers.

    `headers` are full lines, sent in turn. `beside` opens what goes on meanwhile. `stretch` makes its turns longer:
    calls that are under way at the end are lost, which must not matter where one takes long.
    """

    name: str
    what: str
    process: Process
    path: str
    expected: int
    headers: tuple[str, ...] = ("Accept: */*",)
    beside: Callable[[], AbstractContextManager[object]] = nullcontext
    stretch: int = 1

    def probe(self) -> None:
        """Raises `Broken` when a call is not answered as it should be: a fast refusal is no speed."""
        name, _, value = self.headers[0].partition(": ")
        status = status_of(self.process.port, self.path, {name: value})
        if status != self.expected:
            raise Broken(f"{self.name} answers {status} instead of {self.expected}:\n{self.process.said()}")


def shoot(contestant: Contestant, *, seconds: int, core: int, folder: Path) -> Shot:
    """Asks `contestant` for that many seconds. Raises `Broken` when a call fails or is refused."""
    headers = folder / f"{contestant.name}.headers"
    if not headers.exists():
        headers.write_text("".join(f"{line}\n" for line in contestant.headers))
    url = f"http://{HOST}:{contestant.process.port}{contestant.path}"
    seconds *= contestant.stretch
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "-s", str(_SCRIPT)]
    with contestant.beside():
        said = _run(["taskset", "-c", str(core), require("wrk"), *options, url, "--", str(headers)], seconds)
    if said["refused"] or said["broken"] or not said["calls"]:
        raise Broken(f"{contestant.name}: {said}\n{contestant.process.said()}")
    contestant.process.calls += said["calls"]
    return Shot(said["calls"] / said["microseconds"] * 1e6, said["calls"], said["p50"], said["p99"])


def _run(command: Sequence[str], seconds: int) -> dict[str, int]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + _PATIENCE)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise Broken(f"wrk ended with {done.returncode}:\n{done.stderr[-1000:]}{done.stdout[-1000:]}")
    said: dict[str, int] = json.loads(lines[-1])
    return said
