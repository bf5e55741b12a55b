"""Interleaved rounds: in each one every contestant is asked once, and only figures of one round are compared.

A contestant that fails costs the lines it stands in, not the run.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.arithmetic import ratios, spread_of
from bench.lab import Lab
from bench.lines import Ratio
from bench.load import Contestant, Shot
from bench.machine import Missing
from bench.outcome import RATIO, Outcome
from bench.processes import Broken

WARM_UP_SECONDS = 1

MakeContestant = Callable[[Lab], Contestant]


@dataclass
class Raced:
    """One contestant and what came of its rounds, or why nothing did."""

    contestant: Contestant | None
    shots: list[Shot] = field(default_factory=list)
    fault: str = ""

    @property
    def speeds(self) -> list[float]:
        return [shot.per_second for shot in self.shots]

    def as_dict(self) -> dict[str, Any]:
        return {
            "what": self.contestant.what if self.contestant else "",
            "per_second": spread_of(self.speeds).as_dict(),
            "p50_us": spread_of([shot.p50_us for shot in self.shots]).median,
            "p99_us": spread_of([shot.p99_us for shot in self.shots]).median,
            "shots": [shot.as_dict() for shot in self.shots],
        }


class Race:
    """The contestants of some lines, each made once, however many lines it stands in."""

    def __init__(self, lab: Lab, lines: Sequence[Ratio]) -> None:
        self._lab = lab
        self._raced: dict[MakeContestant, Raced] = {}
        for line in lines:
            _say(f"preparing {line.name}\n")
            for make in (line.top, line.bottom):
                if make not in self._raced:
                    self._raced[make] = self._prepared(make)

    def run(self, *, rounds: int, seconds: int) -> None:
        """Asks everybody in each round."""
        for number in range(rounds):
            _say(f"round {number + 1} of {rounds} ")
            # There and back again, so that nobody always runs after the same neighbour.
            for raced in list(self._raced.values())[:: 1 if number % 2 == 0 else -1]:
                self._try(raced, lambda one: self._lab.shoot(one, seconds=seconds))
                _say(".")
            _say("\n")
        for raced in self._raced.values():
            self._try(raced, Contestant.probe)

    def outcome(self, line: Ratio) -> Outcome:
        """What came of that line. Raises `Broken` when one side of it failed."""
        top, bottom = self._raced[line.top], self._raced[line.bottom]
        if top.fault or bottom.fault:
            raise Broken(top.fault or bottom.fault)
        values = tuple(ratios(top.speeds, bottom.speeds))
        note = f"{spread_of(top.speeds).median:,.0f} and {spread_of(bottom.speeds).median:,.0f} calls/s"
        return Outcome(line.name, line.what, RATIO, values, line.goal, line.gate, note)

    def contestants(self) -> dict[str, dict[str, Any]]:
        """Everybody who came through, by name."""
        came_through = (one for one in self._raced.values() if not one.fault)
        return {one.contestant.name: one.as_dict() for one in came_through if one.contestant}

    def _prepared(self, make: MakeContestant) -> Raced:
        try:
            raced = Raced(self._lab.contestant(make))
        except (Broken, Missing, OSError) as error:
            _say(f"{error}\n")
            return Raced(None, fault=str(error))
        self._try(raced, Contestant.probe)
        self._try(raced, lambda one: self._lab.shoot(one, seconds=WARM_UP_SECONDS))
        raced.shots.clear()
        return raced

    def _try(self, raced: Raced, work: Callable[[Contestant], Shot | None]) -> None:
        if raced.contestant is None or raced.fault:
            return
        try:
            shot = work(raced.contestant)
        except (Broken, OSError) as error:
            raced.fault = str(error)
            _say(f"\n{error}\n")
            return
        if shot is not None:
            raced.shots.append(shot)


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
