"""What came out of one run, as it is printed, drawn and kept in `build/bench.json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.arithmetic import Spread, Verdict, spread_of, verdict_of

RATIO = "x"


@dataclass(frozen=True, slots=True)
class Measured:
    """The values of one figure, the last word among them the median, and what a reader should know besides."""

    values: Sequence[float]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line: its values, their spread, and how the median stands to goal and gate."""

    name: str
    what: str
    unit: str
    values: tuple[float, ...]
    goal: float | None
    gate: float | None
    note: str = ""

    @property
    def spread(self) -> Spread:
        return spread_of(self.values)

    @property
    def verdict(self) -> Verdict:
        lower_is_better = self.unit != RATIO
        return verdict_of(self.spread.median, goal=self.goal, gate=self.gate, lower_is_better=lower_is_better)

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "spread": self.spread.as_dict(), "verdict": self.verdict.value}


@dataclass(frozen=True, slots=True)
class Results:
    """Everything of one run.

    `contestants`: name → what it is, calls a second and latencies of each round. `unmeasured`: line → why.
    """

    about: Mapping[str, Any]
    outcomes: Sequence[Outcome]
    contestants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    profile: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    unmeasured: Mapping[str, str] = field(default_factory=dict)

    @property
    def missed(self) -> list[Outcome]:
        """The lines whose gate was missed."""
        return [outcome for outcome in self.outcomes if outcome.verdict is Verdict.MISSED]

    def write(self, path: Path) -> None:
        """Keeps all of it as JSON."""
        path.parent.mkdir(exist_ok=True)
        kept = {
            **self.about,
            "lines": [outcome.as_dict() for outcome in self.outcomes],
            "contestants": self.contestants,
            "profile": self.profile,
            "unmeasured": self.unmeasured,
        }
        path.write_text(json.dumps(kept, indent=2) + "\n")


def read(path: Path) -> Results:
    """What `write` kept."""
    kept = json.loads(path.read_text())
    rest = (kept.pop(name) for name in ("contestants", "profile", "unmeasured"))
    outcomes = [_outcome(line) for line in kept.pop("lines")]
    return Results(kept, outcomes, *rest)


def _outcome(line: dict[str, Any]) -> Outcome:
    names = ("name", "what", "unit", "goal", "gate", "note")
    return Outcome(values=tuple(line["values"]), **{name: line[name] for name in names})
