"""What one worker holds in memory once it has answered a hundred thousand calls."""

from bench import ours
from bench.lab import Lab
from bench.load import Contestant
from bench.outcome import Measured

CALLS = 100_000
_AT_ONCE_SECONDS = 5
# A machine on which this is not enough is not the one to measure memory on.
_MOST_STRETCHES = 12


def of_web_worker(lab: Lab) -> Measured:
    """Resident memory in MB, pages shared with the parent included."""
    return _after_many_calls(lab, lab.contestant(ours.me_sqlite))


def of_gateway_worker(lab: Lab) -> Measured:
    """The same for a worker of `portal gateway`."""
    return _after_many_calls(lab, lab.contestant(ours.verify_sqlite))


def _after_many_calls(lab: Lab, contestant: Contestant) -> Measured:
    # What the rounds before asked counts too.
    process = contestant.process
    for _ in range(_MOST_STRETCHES):
        if process.calls >= CALLS:
            break
        lab.shoot(contestant, seconds=_AT_ONCE_SECONDS)
    if process.calls < CALLS:
        lab.remarks.append(f"memory: {process.name} was asked {process.calls:,} times only.")
    return Measured([process.rss_mb()], note=f"after {process.calls:,} calls")
