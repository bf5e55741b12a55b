"""Mixed load for minutes on `portal run` and `portal gateway`, on one database: memory and latency must stay flat.

Checks, `/api/v1/me`, the token list, and tokens that are made and revoked, each from a thread of this process. The
first fifth of the time warms up; then the last quarter of the samples is held against the first.
"""

import sys
from collections.abc import Mapping, Sequence
from statistics import median

from bench.lab import Lab
from bench.machine import on_core
from bench.mixed_load import Asker, asking
from bench.processes import Broken

# What a worker may grow by once it is warm, in MB.
MOST_GROWTH_MB = 5.0
# How many times slower the slowest hundredth may get; fewer milliseconds than these are noise.
MOST_DRIFT = 1.5
NOISE_MS = 5.0
_WARM_UP = 0.2
_SAMPLES = 60

Series = Mapping[str, list[float]]


def soak(lab: Lab, *, minutes: int) -> int:
    """Asks for that long and prints the figures; 0 when memory and latency stayed flat, else 1."""
    servers = {"web": lab.web(lab.sqlite(), "sqlite"), "gateway": lab.gateway(lab.sqlite(), "sqlite")}
    memory: Series = {name: [] for name in servers}
    with on_core(lab.cores.load), asking(lab) as askers:
        for number in range(_SAMPLES):
            askers[0].stopping.wait(minutes * 60 / _SAMPLES)
            _refuse_faults(askers)
            for name, process in servers.items():
                memory[name].append(process.rss_mb())
            for asker in askers:
                asker.sample()
            _say(_sample_line(number, minutes, memory, askers))
    return judge(askers, memory)


def _refuse_faults(askers: Sequence[Asker]) -> None:
    for asker in askers:
        if asker.fault:
            raise Broken(f"{asker.name}: {asker.fault}")


def judge(askers: Sequence[Asker], memory: Series) -> int:
    """Prints what was seen when warm and at the end; 1 when something was not flat."""
    drifted = []
    for name, values in memory.items():
        before, after = ends(values)
        _say(f"memory of {name}: {before:.1f} MB when warm, {after:.1f} MB at the end\n")
        if after - before > MOST_GROWTH_MB:
            drifted.append(f"memory of {name} grew by {after - before:.1f} MB")
    for asker in askers:
        before, after = ends(asker.p99_ms)
        middle = median(asker.p50_ms)
        _say(
            f"{asker.name}: {asker.calls:,} calls, median {middle:.2f} ms, 99th {before:.2f} ms, then {after:.2f} ms\n"
        )
        if is_slower(before, after):
            drifted.append(f"the slowest hundredth of {asker.name} went from {before:.1f} to {after:.1f} ms")
    _say(f"Not flat: {'; '.join(drifted)}.\n" if drifted else "Memory and latency stayed flat.\n")
    return 1 if drifted else 0


def ends(values: Sequence[float]) -> tuple[float, float]:
    """The medians of the first and the last quarter of what was sampled once warm."""
    warm = values[int(len(values) * _WARM_UP) :]
    quarter = max(1, len(warm) // 4)
    return median(warm[:quarter]), median(warm[-quarter:])


def is_slower(before: float, after: float) -> bool:
    """Whether milliseconds went up by more than noise."""
    return after > before * MOST_DRIFT and after - before > NOISE_MS


def _sample_line(number: int, minutes: int, memory: Series, askers: Sequence[Asker]) -> str:
    at = (number + 1) / _SAMPLES * minutes
    held = ", ".join(f"{name} {values[-1]:.1f} MB" for name, values in memory.items())
    slow = ", ".join(f"{asker.name} {asker.p99_ms[-1]:.1f}" for asker in askers if asker.p99_ms)
    return f"{at:5.1f} min: {held}; 99th percentile in ms: {slow}\n"


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
