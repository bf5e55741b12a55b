"""The sums of the bench: spreads, ratios of a round, gates, and whether two lists of times differ. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import erfc, sqrt
from statistics import median

# Two classes of times are told apart when chance gives such ranks less often than this, ...
CHANCE = 0.001
# ... and when their medians lie further apart than this part of the smaller one: less drowns in any network.
GAP = 0.02


class Verdict(StrEnum):
    """How a line came out. One without a gate is only reported."""

    GOAL = "goal"
    PASSED = "passed"
    MISSED = "missed"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Spread:
    """A list of figures by its median and how far the others lie from it."""

    least: float
    first_quarter: float
    median: float
    third_quarter: float
    most: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def spread_of(values: Sequence[float]) -> Spread:
    """The spread of at least one value; quartiles are interpolated between neighbours."""
    ordered = sorted(values)
    return Spread(ordered[0], _at(ordered, 0.25), median(ordered), _at(ordered, 0.75), ordered[-1])


def _at(ordered: Sequence[float], part: float) -> float:
    place = (len(ordered) - 1) * part
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """One ratio for each round. Only what ran in the same round is compared, so that a slow minute hits both."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def verdict_of(value: float, *, goal: float | None, gate: float | None, lower_is_better: bool = False) -> Verdict:
    """How `value` stands to the gate and the goal; just there counts as reached."""
    if gate is None or goal is None:
        return Verdict.REPORTED
    sign = -1 if lower_is_better else 1
    if sign * value < sign * gate:
        return Verdict.MISSED
    return Verdict.GOAL if sign * value >= sign * goal else Verdict.PASSED


def rank_chance(some: Sequence[float], others: Sequence[float]) -> float:
    """How likely ranks as uneven as these are when both come from the same clock (Mann-Whitney, two-sided).

    By the normal approximation, with ties corrected, which holds from about 20 values on each side.
    """
    ranks, ties = _ranks([*some, *others])
    ours, theirs = len(some), len(others)
    total = ours + theirs
    statistic = sum(ranks[:ours]) - ours * (ours + 1) / 2
    variance = ours * theirs / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0
    return erfc(abs(statistic - ours * theirs / 2) / sqrt(variance) / sqrt(2))


def _ranks(values: Sequence[float]) -> tuple[list[float], float]:
    """The rank of each value, equal ones sharing theirs, and the sum of t³ - t over the groups of equal ones."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, ties, start = [0.0] * len(values), 0.0, 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            ranks[place] = (start + end + 1) / 2
        ties += (end - start) ** 3 - (end - start)
        start = end
    return ranks, ties


def differ(some: Sequence[float], others: Sequence[float]) -> bool:
    """Whether somebody who measures both could clearly tell them apart."""
    one, other = median(some), median(others)
    return rank_chance(some, others) < CHANCE and abs(one - other) > GAP * min(one, other)
