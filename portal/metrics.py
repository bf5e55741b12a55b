"""What the portal counts. Numbers only: no name, no address, no token.

Each process adds to a small file that it maps into its memory, so that whichever process is asked can tell the sum,
a worker that was killed loses nothing, and counting costs a few tenths of a microsecond.
"""

import fcntl
import mmap
import os
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from threading import Lock

from portal.errors import WrongSetting

# The name of a family, then the values of its labels.
Key = tuple[str, ...]
Totals = Counter[Key]

REQUESTS = "portal_requests"
SECONDS = "portal_request_seconds"
SECONDS_SUM = "portal_request_seconds_sum"
CHECKS = "portal_token_checks"
RATE_LIMITED = "portal_rate_limited"
UNAVAILABLE = "portal_unavailable"
WRITES = "portal_recorder_writes"

# Where a request that found no route is counted, whatever its path: strangers must not make up new numbers.
NO_ROUTE = "none"
# In seconds; what takes longer than the last is counted under +Inf.
BUCKETS = (0.005, 0.025, 0.1, 0.5, 2.5)
BUCKET_NAMES = (*(str(bound) for bound in BUCKETS), "+Inf")

_CLASSES = tuple(f"{first}xx" for first in range(10))
_BUCKET_KEYS = tuple((SECONDS, name) for name in BUCKET_NAMES)
_SUM_KEY = (SECONDS_SUM,)
# Counted apart as well: that a limit is met or that the database is away is what one wants to be woken for.
_WATCHED = {429: (RATE_LIMITED,), 503: (UNAVAILABLE,)}

_MOST = 2048
_VALUES_SIZE = _MOST * 8
_ENDED = "ended"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Family:
    """Numbers that count one thing, told apart by labels."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()


COUNTERS = (
    Family(REQUESTS, "Requests answered, by route and class of status.", ("route", "status")),
    Family(CHECKS, "Tokens checked: good, or the code of the refusal.", ("outcome",)),
    Family(RATE_LIMITED, "Requests refused because of a limit."),
    Family(UNAVAILABLE, "Requests that were answered with 503, since the database could not answer."),
    Family(WRITES, "Batches of notes (last uses, refusals) that were written, or could not be.", ("batch", "outcome")),
)
DURATIONS = Family(SECONDS, "Seconds from the request to the end of its answer.")


class Counts:
    """The numbers of this process; in memory alone without a `folder` to share them in."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = Lock()
        self._places: dict[Key, int] = {}
        self._names: int | None = None
        self._values: array[float] | memoryview[float] = array("d", bytes(_VALUES_SIZE))
        if folder is not None:
            self._names, self._values = _opened(folder / str(os.getpid()))

    def add(self, key: Key, by: float = 1.0) -> None:
        """Counts `by` more under `key`."""
        with self._lock:
            self._add(key, by)

    def request(self, route: str, status: int, seconds: float) -> None:
        """Counts one answered request. `route` is the rule that it met, never its path."""
        with self._lock:
            self._add((REQUESTS, route, _CLASSES[status // 100]), 1.0)
            self._add(_BUCKET_KEYS[bisect_left(BUCKETS, seconds)], 1.0)
            self._add(_SUM_KEY, seconds)
            if status in _WATCHED:
                self._add(_WATCHED[status], 1.0)

    def total(self) -> tuple[Totals, int]:
        """The sums over all processes that share the folder, ended ones too, and how many of them run."""
        if self._folder is None:
            with self._lock:
                return Totals({key: self._values[place] for key, place in self._places.items()}), 1
        with _locked(self._folder, fcntl.LOCK_SH):
            running = [path for path in self._folder.iterdir() if path.name.isdecimal()]
            return _sum(*running, self._folder / _ENDED), len(running)

    def _add(self, key: Key, by: float) -> None:
        place = self._places.get(key)
        self._values[self._new_place(key) if place is None else place] += by

    def _new_place(self, key: Key) -> int:
        # The last place is nobody's: what does not fit any more is counted there and not told.
        place = min(len(self._places), _MOST - 1)
        if place < _MOST - 1:
            self._places[key] = place
            if self._names is not None:
                os.write(self._names, "\t".join(key).encode() + b"\n")
        return place


def fresh_folder(instance: Path, name: str) -> Path:
    """The folder in which the processes of one server share their numbers, emptied of what an earlier run left.

    Raises `WrongSetting` when that cannot be done, as when it was another user's run.
    """
    folder = instance / "run" / name
    rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise WrongSetting(
            f"PORTAL_INSTANCE_DIR: the folder {folder} cannot be made anew ({error.strerror})."
        ) from error
    return folder


def note_end(folder: Path, pid: int) -> None:
    """Moves what an ended process had counted to the numbers of all that ended, so that files do not pile up."""
    own = folder / str(pid)
    with _locked(folder, fcntl.LOCK_EX):
        if not own.exists():
            return
        totals, new = _sum(own, folder / _ENDED), folder / "new"
        values = array("d", [*totals.values(), *(0.0 for _ in range(_MOST - len(totals)))])
        names = "".join("\t".join(key) + "\n" for key in totals)
        new.write_bytes(values.tobytes() + names.encode())
        new.replace(folder / _ENDED)
        own.unlink()


def _opened(path: Path) -> "tuple[int, memoryview[float]]":
    """A new file of this process: the descriptor for names, which stand behind the values, and the values."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    os.truncate(descriptor, _VALUES_SIZE)
    os.lseek(descriptor, 0, os.SEEK_END)
    return descriptor, memoryview(mmap.mmap(descriptor, _VALUES_SIZE)).cast("d")


def _sum(*paths: Path) -> Totals:
    totals = Totals()
    for path in paths:
        if path.exists():
            content = path.read_bytes()
            values = memoryview(content[:_VALUES_SIZE]).cast("d")
            names = content[_VALUES_SIZE:].decode().splitlines()
            totals.update({tuple(name.split("\t")): value for name, value in zip(names, values, strict=False)})
    return totals


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    with (folder / _LOCK).open("a") as file:
        fcntl.flock(file, how)
        yield
