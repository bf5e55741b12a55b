"""The run: prepares every point once, then calls them one after the other in rounds, so that a slow minute of the
machine slows both sides of a ratio."""

import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import load, servers
from bench.browser import first_visit_bytes, signed_in_cookie
from bench.faults import BenchFault, NotServed
from bench.lines import COLD_START, MEMORY, PAGE_WEIGHT, POINTS, Line, Point, Size
from bench.load import Measured
from bench.servers import Server
from bench.subjects import Subjects
from bench.tables import Tables
from bench.writer import PER_SECOND

CALLS_BEFORE_MEMORY = 100_000
WARM_UP_SECONDS = 1
# So much of the writes must have happened, or "alongside" says nothing.
LEAST_WRITES = 0.9


@dataclass(frozen=True)
class Prepared:
    """A point that answers as it should: where, and with which header lines."""

    name: str
    point: Point
    server: Server
    tables: Tables
    headers: Path


@dataclass
class Found:
    """What a run brought: calls a second of each point in each round, figures of sizes, and what was not there."""

    points: dict[str, list[Measured]] = field(default_factory=dict)
    sizes: dict[str, list[float]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    def ratios(self, line: Line) -> list[float]:
        """The ratio of the line within each round."""
        pairs = zip(self.points[line.point], self.points[line.against], strict=True)
        return [mine.per_second / other.per_second for mine, other in pairs]


def run(subjects: Subjects, chosen: Sequence[Line | Size], *, rounds: int, seconds: int) -> Found:
    """Measures what was chosen."""
    found = Found()
    points = list(_prepared(subjects, [line for line in chosen if isinstance(line, Line)], found))
    found.points = {point.name: [] for point in points}
    for number in range(rounds):
        _say(f"round {number + 1} of {rounds}: ")
        # Every other round backwards, so that a machine that slows down favours nobody.
        for point in points if number % 2 == 0 else reversed(points):
            found.points[point.name].append(_measure(point, seconds))
            _say(".")
        _say("\n")
    for size in chosen:
        if isinstance(size, Size):
            _say(f"{size.name}\n")
            found.sizes[size.name] = _SIZES[size.name](subjects, found, rounds)
    return found


def _prepared(subjects: Subjects, lines: Sequence[Line], found: Found) -> Iterator[Prepared]:
    tried: dict[str, Prepared | str] = {}
    for line in lines:
        for name in (line.point, line.against):
            if name not in tried:
                tried[name] = _try(subjects, name)
        absences = [reason for name in (line.point, line.against) if isinstance(reason := tried[name], str)]
        if absences:
            found.absent[line.name] = absences[0]
    wanted = {name for line in lines if line.name not in found.absent for name in (line.point, line.against)}
    for name, point in tried.items():
        if isinstance(point, Prepared) and name in wanted:
            yield point


def _try(subjects: Subjects, name: str) -> Prepared | str:
    _say(f"preparing {name}\n")
    try:
        return _prepare(subjects, name)
    except NotServed as absence:
        return str(absence)


def _prepare(subjects: Subjects, name: str) -> Prepared:
    point = POINTS[name]
    server, tables = subjects.running(point.server)
    lines = _header_lines(point, server, tables)
    status = _status(server, point, lines[0])
    if status == 404:
        raise NotServed(f"{point.path} is answered with 404")
    if status != point.status:
        raise BenchFault(f"{name} answers {status} instead of {point.status} to a good call.")
    _refuse_open_door(name, point, server)
    headers = subjects.folder / f"{name.replace('/', ' ')}.headers"
    headers.write_text("\n".join(lines) + "\n")
    load.call(server.port, point.path, headers, seconds=WARM_UP_SECONDS, name=name)
    return Prepared(name, point, server, tables, headers)


def _refuse_open_door(name: str, point: Point, server: Server) -> None:
    """A subject that lets everybody in checks nothing, and its speed says nothing."""
    if name.startswith("bare "):
        return
    status = server.status_of(point.path, {})
    if status not in {303, 401, 403}:
        raise BenchFault(f"{name} answers {status} to a call without a token.")


def _header_lines(point: Point, server: Server, tables: Tables) -> list[str]:
    if point.carrier == "cookie":
        return [f"Cookie: {signed_in_cookie(server.port)}"]
    scheme = "Bearer" if point.carrier == "bearer" else "Token"
    return [f"Authorization: {scheme} {secret}" for secret in tables.secrets]


def _status(server: Server, point: Point, line: str) -> int:
    name, _, value = line.partition(": ")
    return server.status_of(point.path, {name: value})


def _measure(prepared: Prepared, seconds: int) -> Measured:
    point, server = prepared.point, prepared.server
    if not point.writes:
        return load.call(server.port, point.path, prepared.headers, seconds=seconds, name=prepared.name)
    with _writing(prepared.tables):
        return load.call(server.port, point.path, prepared.headers, seconds=seconds, name=prepared.name)


@contextmanager
def _writing(tables: Tables) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.writer", str(tables.path)]
    with subprocess.Popen(command, cwd=servers.ROOT, stdout=subprocess.PIPE, text=True) as writer:
        try:
            yield
        finally:
            writer.send_signal(signal.SIGTERM)
            printed, _ = writer.communicate(timeout=30)
    written, seconds = (float(part) for part in printed.split())
    if written / seconds < LEAST_WRITES * PER_SECOND:
        raise BenchFault(f"Only {written / seconds:.0f} writes a second were made, not {PER_SECOND}.")


def _memory(subjects: Subjects, found: Found, _rounds: int) -> list[float]:
    prepared = _prepare(subjects, "web /api/v1/me")
    served = sum(one.calls for name, all_ in found.points.items() if POINTS[name].server == "web" for one in all_)
    while served < CALLS_BEFORE_MEMORY:
        served += _measure(prepared, seconds=10).calls
    return [prepared.server.largest_worker_kilobytes() / 1024]


def _cold_start(subjects: Subjects, _found: Found, rounds: int) -> list[float]:
    taken = []
    for _ in range(rounds):
        server = subjects.another("web")
        server.stop()
        taken.append(server.seconds_to_answer)
    return taken


def _page_weight(subjects: Subjects, _found: Found, _rounds: int) -> list[float]:
    server, _ = subjects.running("web")
    return [first_visit_bytes(server.port) / 1024]


_SIZES = {MEMORY.name: _memory, COLD_START.name: _cold_start, PAGE_WEIGHT.name: _page_weight}


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
