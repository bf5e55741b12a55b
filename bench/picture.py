"""The results as a picture, `build/bench.svg`: the way of each line to its goal, and who answers how fast."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from bench.arithmetic import Spread, Verdict
from bench.outcome import RATIO, Outcome, Results

_ROW, _LEFT, _WIDE, _RIGHT, _TOP = 26, 290, 560, 150, 40
_COLOURS = {Verdict.GOAL: "#2f7d4f", Verdict.PASSED: "#b07b16", Verdict.MISSED: "#b3332b"}
# A line that does far better than its goal ends here.
_MOST = 2.0


def draw(results: Results) -> str:
    """The picture as SVG."""
    gated = [outcome for outcome in results.outcomes if outcome.goal and outcome.gate]
    asked = sorted(results.contestants.values(), key=lambda one: one["per_second"]["median"], reverse=True)
    parts = [
        *_title(0, "Each line on the way to its goal (1.0 = goal, mark = gate, whiskers = least and most)"),
        *(part for at, outcome in enumerate(gated) for part in _goal_bar(_TOP + at * _ROW, outcome)),
    ]
    below = _TOP + len(gated) * _ROW + 20
    if asked:
        parts += _title(below, "Calls a second, one worker on one core unless it says so")
        parts += _speed_bars(below + _TOP, asked)
    height = below + (_TOP + len(asked) * _ROW if asked else 0) + 10
    return _svg(height, parts)


def _svg(height: int, parts: Sequence[str]) -> str:
    width = _LEFT + _WIDE + _RIGHT
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    style = 'font-family="sans-serif" font-size="13" fill="#222"'
    paper = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    return "\n".join([f"{head} {style}>", paper, *parts, "</svg>"]) + "\n"


def _title(top: float, text: str) -> list[str]:
    return [f'<text x="12" y="{top + 24}" font-weight="bold">{escape(text)}</text>']


def _goal_bar(top: float, outcome: Outcome) -> list[str]:
    spread = outcome.spread
    middle = _part(outcome, spread.median)
    ends = [_part(outcome, spread.least), _part(outcome, spread.most)]
    y = top + _ROW / 2
    bar = _bar(top, _x(middle), _COLOURS.get(outcome.verdict, "#777"))
    marks = [_mark(top, _x(1.0), "#222"), _mark(top, _x(_part(outcome, outcome.gate or 0)), "#b3332b")]
    whisker = f'<line x1="{_x(min(ends))}" x2="{_x(max(ends))}" y1="{y}" y2="{y}" stroke="#222"/>'
    return [_label(top, outcome.name), bar, *marks, whisker, _value(top, _said(outcome, spread))]


def _part(outcome: Outcome, value: float) -> float:
    """1.0 is the goal, more is better, whichever way the line is read."""
    goal = outcome.goal or 1.0
    return value / goal if outcome.unit == RATIO else goal / value if value else _MOST


def _said(outcome: Outcome, spread: Spread) -> str:
    unit = "" if outcome.unit == RATIO else f" {outcome.unit}"
    return f"{spread.median:.2f}{unit} (goal {outcome.goal:g})"


def _speed_bars(top: float, asked: Sequence[Mapping[str, Any]]) -> list[str]:
    most = max(one["per_second"]["median"] for one in asked)
    parts = []
    for at, one in enumerate(asked):
        speed = one["per_second"]["median"]
        y = top + at * _ROW
        parts += [
            _label(y, one["what"]),
            _bar(y, _LEFT + speed / most * _WIDE, "#3867a8"),
            _value(y, f"{speed:,.0f}"),
        ]
    return parts


def _x(part: float) -> float:
    return round(_LEFT + min(part, _MOST) / _MOST * _WIDE, 1)


def _bar(top: float, right: float, colour: str) -> str:
    return f'<rect x="{_LEFT}" y="{top + 5}" width="{right - _LEFT:.1f}" height="{_ROW - 10}" fill="{colour}"/>'


def _mark(top: float, x: float, colour: str) -> str:
    return f'<line x1="{x}" x2="{x}" y1="{top + 2}" y2="{top + _ROW - 2}" stroke="{colour}" stroke-width="2"/>'


def _label(top: float, text: str) -> str:
    return f'<text x="{_LEFT - 8}" y="{top + 17}" text-anchor="end">{escape(text)}</text>'


def _value(top: float, text: str) -> str:
    return f'<text x="{_LEFT + _WIDE + 8}" y="{top + 17}">{escape(text)}</text>'
