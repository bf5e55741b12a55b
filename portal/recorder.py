"""Writes what is only noted during a request: last uses, refusals. In batches, outside of any call.

Notes live in memory, are bounded, and are written by one thread for each process, which starts at the first
note: a thread started before the web server forks would be dead in its workers. A database that is away costs
notes at most, never a call.
"""

import logging
import threading
from typing import Protocol, TypeVar

from portal.database import Database
from portal.errors import DatabaseUnavailable, OutcomeUnknown
from portal.logs import OnceAMinute
from portal.metrics import WRITES, Counts

LOG = logging.getLogger(__name__)

# A use shows within 5 seconds.
FLUSH_SECONDS = 2.0
# The most notes of one kind between two flushes; more are dropped, so that memory stays bounded.
MOST_NOTES = 10_000


class Batch(Protocol):
    """Notes of one kind. `write` takes what was noted so far and stores it; it never waits for new notes.

    `name` is what operators read and alert on, so it stays when the class is called otherwise.
    """

    name: str

    def write(self, database: Database, *, is_last: bool) -> None:
        """Stores and forgets the notes. A batch may keep what is not complete yet, but not when `is_last`.

        Raises `DatabaseUnavailable` when the database is away; whether it keeps the notes is its own matter.
        """


def is_unwritten(error: Exception) -> bool:
    """Whether notes that met this error are certainly not stored, and may be written at another time."""
    return isinstance(error, DatabaseUnavailable) and not isinstance(error, OutcomeUnknown)


Kind = TypeVar("Kind", bound=Batch)


class Recorder:
    """The batches of one process and the thread that writes them."""

    def __init__(self, database: Database, counts: Counts | None = None) -> None:
        self._database = database
        self._counts = counts or Counts()
        self._batches: dict[type, Batch] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._away = OnceAMinute()

    def batch(self, kind: type[Kind]) -> Kind:
        """The process's batch of that kind. Asking for it starts the thread, so ask when there is a note."""
        found = self._batches.get(kind)
        return found if isinstance(found, kind) else self._started(kind)

    def _started(self, kind: type[Kind]) -> Kind:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
                self._thread.start()
            found = self._batches.get(kind)
            batch = found if isinstance(found, kind) else kind()
            self._batches[kind] = batch
            return batch

    def flush(self, *, is_last: bool = False) -> None:
        """Writes the notes now. What cannot be written is said in the log, at most once a minute for each batch."""
        for batch in list(self._batches.values()):
            try:
                self._write(batch, is_last=is_last)
            except Exception:
                # Nothing may stop the thread, neither one bad note nor counting: later notes would be lost silently.
                LOG.exception("notes lost", extra={"batch": batch.name})

    def _write(self, batch: Batch, *, is_last: bool) -> None:
        outcome = "failed"
        try:
            batch.write(self._database, is_last=is_last)
            outcome = "written"
        except DatabaseUnavailable:
            if is_last or self._away.is_due(batch.name):
                LOG.warning("notes not written, the database is away", extra={"batch": batch.name})
        finally:
            self._counts.add((WRITES, batch.name, outcome))

    def stop(self) -> None:
        """Ends the thread and writes what is left. Called once, when the process ends."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self.flush(is_last=True)

    def _run(self) -> None:
        while not self._stopping.wait(FLUSH_SECONDS):
            self.flush()
