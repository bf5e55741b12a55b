"""How long it takes from starting the portal to its first answer, on a database that is there already."""

import time

from bench.lab import Lab
from bench.outcome import Measured

TIMES = 7


def of_web(lab: Lab) -> Measured:
    """Seconds until `portal run` answers, for each of a few starts."""
    # The first one writes byte code and fills the disk's cache.
    values = [_one_start(lab) for _ in range(TIMES + 1)][1:]
    return Measured(values, note=f"median of {TIMES}; one worker, SQLite")


def _one_start(lab: Lab) -> float:
    seeded = lab.sqlite()
    started = time.monotonic()
    with lab.start_portal("cold-start", seeded, "run", ready="/healthz"):
        return time.monotonic() - started
