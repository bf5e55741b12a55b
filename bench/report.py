"""The results as text: a table for the terminal, and the same for a page of documentation."""

from collections.abc import Iterable, Mapping, Sequence

from bench.outcome import RATIO, Outcome, Results

HEAD = ("line", "median", "min", "q1", "q3", "max", "goal", "gate", "")
_NUMBERS = range(1, 8)


def terminal(results: Results) -> str:
    """What `make bench` ends with."""
    rows = [HEAD, *([outcome.name, *_figures(outcome), outcome.verdict.value] for outcome in results.outcomes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [_aligned(row, widths) for row in rows]
    for outcome, at in zip(results.outcomes, range(1, len(lines)), strict=True):
        lines[at] += f"\n    {outcome.what}{f' ({outcome.note})' if outcome.note else ''}"
    return "\n".join([*lines, *_profile_lines(results.profile), *_ending(results)]) + "\n"


def markdown(results: Results) -> str:
    """The tables of docs/performance.md."""
    about = results.about
    machine = about["machine"]
    parts = [
        f"{about['at']}, commit `{machine['commit']}`, {machine['processor']}, {machine['cores']} cores, "
        f"Python {machine['python']}, {about['rounds']} rounds of {about['seconds']} s.",
        "",
        *_table(
            ("line", "what", "median", "min to max", "quartiles", "goal", "gate", ""),
            (_row(outcome) for outcome in results.outcomes),
        ),
    ]
    if results.contestants:
        parts += ["", *_contestants(results.contestants)]
    if results.profile:
        parts += ["", *_profile(results.profile)]
    return "\n".join(parts) + "\n"


def _figures(outcome: Outcome) -> list[str]:
    spread = outcome.spread
    numbers = (spread.median, spread.least, spread.first_quarter, spread.third_quarter, spread.most)
    return [*(_said(number, outcome.unit) for number in numbers), *_targets(outcome)]


def _targets(outcome: Outcome) -> list[str]:
    return ["" if value is None else _said(value, outcome.unit) for value in (outcome.goal, outcome.gate)]


def _said(number: float, unit: str) -> str:
    if unit == RATIO:
        return f"{number:.1f}x" if number >= 10 else f"{number:.2f}x"
    return f"{number:.0f} {unit}" if number == round(number) or number >= 100 else f"{number:.2f} {unit}"


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (
        cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()


def _profile_lines(profile: Mapping[str, Mapping[str, float]]) -> list[str]:
    return [
        f"profile, {engine}, microseconds: " + ", ".join(f"{step} {taken:.1f}" for step, taken in steps.items())
        for engine, steps in profile.items()
    ]


def _ending(results: Results) -> list[str]:
    said = [f"Warning: {sentence}" for sentence in results.about.get("warnings", ())]
    said += [f"Not measured: {name}: {why}" for name, why in results.unmeasured.items()]
    if results.missed:
        said.append(f"Missed: {', '.join(outcome.name for outcome in results.missed)}")
    elif not results.unmeasured:
        said.append("Every gate was held.")
    return said


def _row(outcome: Outcome) -> list[str]:
    median, least, first, third, most, *targets = _figures(outcome)
    what = f"{outcome.what} ({outcome.note})" if outcome.note else outcome.what
    return [
        f"`{outcome.name}`",
        what,
        f"**{median}**",
        f"{least} to {most}",
        f"{first}, {third}",
        *targets,
        outcome.verdict.value,
    ]


def _contestants(contestants: Mapping[str, Mapping[str, float]]) -> list[str]:
    fastest = sorted(contestants.values(), key=_speed, reverse=True)
    rows = (
        [str(one["what"]), f"{_speed(one):,.0f}", f"{one['p50_us']:,.0f}", f"{one['p99_us']:,.0f}"] for one in fastest
    )
    return _table(("asked", "calls a second", "median, µs", "99th percentile, µs"), rows)


def _speed(contestant: Mapping[str, float]) -> float:
    per_second = contestant["per_second"]
    return per_second["median"] if isinstance(per_second, Mapping) else per_second


def _profile(profile: Mapping[str, Mapping[str, float]]) -> list[str]:
    steps = next(iter(profile.values()))
    rows = ([step, *(f"{engine[step]:.1f}" for engine in profile.values())] for step in steps)
    return _table(("one check, µs", *profile), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_joined(head), _joined(["---"] * len(head)), *(_joined(row) for row in rows)]


def _joined(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
