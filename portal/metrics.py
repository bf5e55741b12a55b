"""What the portal counts. Numbers only: no name, no address, no token.

Each process adds to a small file that it maps into its memory, so that whichever process is asked can tell the sum,
a worker that was killed loses nothing, and counting costs a few tenths of a microsecond. A full disk costs numbers
at most, never a call: counting raises nothing.
"""

import fcntl
import logging
import mmap
import os
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from threading import Lock

from portal.errors import WrongSetting

LOG = logging.getLogger(__name__)

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
        self._names: _Names | None = None
        self._values: array[float] | memoryview[float] = array("d", bytes(_VALUES_SIZE))
        if folder is not None:
            self._share(folder / str(os.getpid()))

    def add(self, key: Key, by: float = 1.0) -> None:
        """Counts `by` more under `key`."""
        # Written out, and not by way of `_add`: every check counts.
        with self._lock:
            place = self._places.get(key)
            self._values[self._new_place(key) if place is None else place] += by

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

    def _share(self, path: Path) -> None:
        try:
            self._names, self._values = _opened(path)
        except OSError as error:
            self._folder = None
            LOG.warning("this process counts for itself alone", extra={"why": error.strerror})

    def _add(self, key: Key, by: float) -> None:
        place = self._places.get(key)
        self._values[self._new_place(key) if place is None else place] += by

    def _new_place(self, key: Key) -> int:
        # The last place is nobody's: what does not fit, or cannot be named now, is counted there and not told.
        place = len(self._places)
        if place >= _MOST - 1 or not (self._names is None or self._names.take(key)):
            return _MOST - 1
        self._places[key] = place
        return place


class _Names:
    """The names in the file of this process: a line for each, in the order of the values before them."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._end = _VALUES_SIZE

    def take(self, key: Key) -> bool:
        """Adds a name; whether it stands there now, for which a full disk has no room.

        What was cut short is written over by the next name, and nobody reads it: it lacks the end of its line.
        """
        line = "\t".join(key).encode() + b"\n"
        try:
            is_whole = os.pwrite(self._descriptor, line, self._end) == len(line)
        except OSError:
            return False
        if is_whole:
            self._end += len(line)
        return is_whole


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
    """Moves what an ended process had counted to the numbers of all that ended, so that files do not pile up.

    Where the disk has no room for that, its file stays, and is told as that of a process that runs.
    """
    try:
        with _locked(folder, fcntl.LOCK_EX):
            _move(folder / str(pid), folder / _ENDED, by_way_of=folder / "new")
    except OSError as error:
        # Raised further, it would end the server.
        LOG.warning("the numbers of an ended process stay in its file", extra={"pid": pid, "why": error.strerror})


def _move(own: Path, ended: Path, *, by_way_of: Path) -> None:
    if not own.exists():
        return
    totals = _sum(own, ended)
    values = array("d", [*totals.values(), *(0.0 for _ in range(_MOST - len(totals)))])
    names = "".join("\t".join(key) + "\n" for key in totals)
    try:
        by_way_of.write_bytes(values.tobytes() + names.encode())
    except OSError:
        by_way_of.unlink(missing_ok=True)
        raise
    by_way_of.replace(ended)
    own.unlink()


def _opened(path: Path) -> "tuple[_Names, memoryview[float]]":
    """A new file of this process: the names, which stand behind the values, and the values.

    Raises `OSError`, and leaves nothing behind, where the disk has no room for them.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # Room for every value now: a file with holes kills the process (SIGBUS) that counts on a full disk.
        os.posix_fallocate(descriptor, 0, _VALUES_SIZE)
        return _Names(descriptor), memoryview(mmap.mmap(descriptor, _VALUES_SIZE)).cast("d")
    except OSError:
        os.close(descriptor)
        with suppress(OSError):
            path.unlink()
        raise


def _sum(*paths: Path) -> Totals:
    totals = Totals()
    for path in paths:
        if path.exists():
            content = path.read_bytes()
            values = memoryview(content[:_VALUES_SIZE]).cast("d")
            # Behind the last end of a line stands nothing, or a name that is being written or had no room.
            names = content[_VALUES_SIZE:].decode(errors="replace").split("\n")[:-1]
            totals.update({tuple(name.split("\t")): value for name, value in zip(names, values, strict=False)})
    return totals


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    with (folder / _LOCK).open("a") as file:
        fcntl.flock(file, how)
        yield
