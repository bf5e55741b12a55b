"""What a run says: a table, `bench.json`, `bench.svg`, and whether a gate was missed."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

from bench.lines import Line, Size
from bench.rounds import Found, median
from portal.clock import as_iso, utc_now

GOAL, MET, MISSED, TOLD, ABSENT = "goal reached", "gate passed", "GATE MISSED", "", "not served"


@dataclass(frozen=True)
class Result:
    """One row of the table. `values` are the ratios of the rounds, or the figures."""

    name: str
    what: str
    unit: str
    values: tuple[float, ...]
    goal: float | None
    gate: float | None
    verdict: str
    reason: str = ""

    @property
    def is_missed(self) -> bool:
        return self.verdict == MISSED

    @property
    def median(self) -> float:
        return median(self.values)


def results(found: Found, chosen: Sequence[Line | Size]) -> list[Result]:
    """The rows of what was chosen, in its order."""
    return [_of_line(found, one) if isinstance(one, Line) else _of_size(found, one) for one in chosen]


def _of_line(found: Found, line: Line) -> Result:
    if line.name in found.absent:
        return Result(line.name, line.what, "x", (), line.goal, line.gate, ABSENT, found.absent[line.name])
    values = tuple(found.ratios(line))
    if line.goal is None or line.gate is None:
        return Result(line.name, line.what, "x", values, None, None, TOLD)
    verdict = GOAL if median(values) >= line.goal else MET if median(values) >= line.gate else MISSED
    return Result(line.name, line.what, "x", values, line.goal, line.gate, verdict)


def _of_size(found: Found, size: Size) -> Result:
    values = tuple(found.sizes[size.name])
    verdict = GOAL if median(values) <= size.goal else MET if median(values) <= size.gate else MISSED
    return Result(size.name, size.what, size.unit, values, size.goal, size.gate, verdict)


def table(rows: Sequence[Result], found: Found) -> str:
    """The rows for people: median, spread, goal, gate and verdict; then calls a second, for who wants to know."""
    width = max(len(row.what) for row in rows)
    lines = [f"{'':{width}}  {'median':>8}  {'spread':>13}  {'goal':>6}  {'gate':>6}"]
    lines += [_row(row, width) for row in rows]
    lines += ["", "Calls a second (medians; they say nothing about another machine or another hour)"]
    for name, measured in found.points.items():
        per_second, p99 = (median([getattr(one, key) for one in measured]) for key in ("per_second", "p99_ms"))
        lines.append(f"{name:{width}}  {per_second:8.0f}  p99 {p99:6.1f} ms")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _row(row: Result, width: int) -> str:
    if not row.values:
        return f"{row.what:{width}}  not served: {row.reason}"
    spread = f"{_short(min(row.values))}-{_short(max(row.values))}"
    goal, gate = (_short(value) if value is not None else "" for value in (row.goal, row.gate))
    return f"{row.what:{width}}  {_short(row.median):>6} {row.unit:2} {spread:>13}  {goal:>6}  {gate:>6}  {row.verdict}"


def _short(value: float) -> str:
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def write_json(path: Path, rows: Sequence[Result], found: Found, *, rounds: int, seconds: int) -> None:
    """Everything that was measured, for machines."""
    told = {
        "at": as_iso(utc_now()),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
        "rounds": rounds,
        "seconds": seconds,
        "lines": [_told(row) for row in rows],
        "points": {name: [asdict(one) for one in measured] for name, measured in found.points.items()},
    }
    path.write_text(json.dumps(told, indent=2) + "\n")


def _told(row: Result) -> dict[str, object]:
    spread = {"median": row.median, "least": min(row.values), "most": max(row.values)} if row.values else {}
    return {**asdict(row), **spread}


_LEFT, _BAR, _STEP, _TOP = 520, 300, 26, 56
_SCALE = 1.25


def write_picture(path: Path, rows: Sequence[Result]) -> None:
    """A bar for each ratio: as part of its goal where it has one, else as it is. The thin line is the spread."""
    drawn = [row for row in rows if row.values and row.unit == "x"]
    height = _TOP + _STEP * len(drawn) + 20
    body = "".join(_bar(row, _TOP + _STEP * number) for number, row in enumerate(drawn))
    goal = _LEFT + _BAR / _SCALE
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _BAR + 120} {height}" font-family="sans-serif" '
        f'font-size="12" role="img"><title>Medians of the ratios, with their spread</title>'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="12" y="22" font-size="15">What make bench measured</text>'
        f'<text x="{goal:.0f}" y="42" text-anchor="middle" fill="#444">goal (or 1.0)</text>'
        f'<line x1="{goal:.0f}" x2="{goal:.0f}" y1="48" y2="{height - 14}" stroke="#444" stroke-dasharray="3 3"/>{body}</svg>\n'
    )


def _bar(row: Result, y: int) -> str:
    whole = row.goal or 1.0

    def x(value: float) -> float:
        return round(_LEFT + min(value / whole, _SCALE) * _BAR / _SCALE, 1)

    colour = "#b3261e" if row.is_missed else "#1f6f54" if row.gate is not None else "#7a8794"
    gate = f'<path d="M{x(row.gate)} {y}v18" stroke="#b3261e" stroke-width="2"/>' if row.gate is not None else ""
    least, most = x(min(row.values)), x(max(row.values))
    return (
        f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(row.what)}</text>'
        f'<rect x="{_LEFT}" y="{y + 2}" width="{x(row.median) - _LEFT:.1f}" height="14" fill="{colour}"/>{gate}'
        f'<path d="M{least} {y + 9}H{most}" stroke="#111"/>'
        f'<text x="{_LEFT + _BAR + 8}" y="{y + 13}">{_short(row.median)}</text>'
    )
