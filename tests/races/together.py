"""Several things at the same moment: threads that wait for each other at a barrier."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

Result = TypeVar("Result")


def together(work: Sequence[Callable[[], Result]]) -> list[Result | Exception]:
    """Runs all of `work` at once, each in its own thread; results and errors in its order."""
    barrier = Barrier(len(work))

    def run(one: Callable[[], Result]) -> Result | Exception:
        barrier.wait(timeout=30)
        try:
            return one()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(work)) as threads:
        return list(threads.map(run, work))
