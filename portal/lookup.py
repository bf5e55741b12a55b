"""The one read that every call makes, on a connection that is held open, and how connections are opened.

It stands apart from the engine, whose pool and whose layers would cost a call several times the read itself.
"""

import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy.engine import URL

from portal.errors import DatabaseUnavailable

# How long a writer waits for another one before the person is told to try again.
BUSY_SECONDS = 5
CONNECT_SECONDS = 2
# SQLite's own default, for each of many threads.
KEPT_KIB = 2000
# How long a file of SQLite that was moved away or replaced may go unnoticed by a read.
LOOK_SECONDS = 0.1

POSTGRES_CONNECT: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "tcp_user_timeout": 5000,
    # A connection that waits for nothing finds out within 9 seconds that its server is gone.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "options": f"-c timezone=UTC -c statement_timeout=10s -c lock_timeout={BUSY_SECONDS}s",
}


Row = tuple[Any, ...]
# Finds a row by its key. Raises `DatabaseUnavailable`.
Finder = Callable[[str], Row | None]
Found = TypeVar("Found")


class Lookup(Protocol):
    """One indexed read on an autocommit connection that is held open."""

    placeholder: str

    def fetch_one(self, statement: str, *values: str) -> Row | None:
        """The first row, or None. Raises `DatabaseUnavailable` when the database cannot be reached."""

    def finder(self, columns: str, tables: str, key: str) -> Finder:
        """What finds the row whose `key`, a unique column, is what it is given: an id or a digest, so letters and
        digits. For what every call asks; on PostgreSQL the calls of all threads share a connection, and a round trip.
        """

    def close(self) -> None:
        """Closes the connections that this thread holds, and those that all share."""


class NoAnswer(Exception):
    """The server took the question and went silent."""

    def __init__(self) -> None:
        super().__init__("the server took the question and went silent")


class HeldConnections(Generic[Found]):
    """What both lookups share: a connection that is held open, and reopened once when it turns out to be broken."""

    # What the driver raises.
    errors: tuple[type[Exception], ...]

    def __init__(self, held: Any) -> None:
        self._held = held

    def fetch(self, statement: str, *values: str) -> Found:
        """What is found. Raises `DatabaseUnavailable`."""
        held = self._held
        was_held = held.connection is not None
        try:
            return self._ask(held, statement, values)
        except self.errors as error:
            self.close()
            # Only what was open may have been broken for long; a second wait for a server that is away is for nothing.
            if not was_held or isinstance(error, NoAnswer):
                raise DatabaseUnavailable from error
        return self.fetch(statement, *values)

    def _ask(self, held: Any, statement: str, values: tuple[str, ...]) -> Found:
        raise NotImplementedError

    def close(self) -> None:
        connection, self._held.connection = self._held.connection, None
        if connection is not None:
            connection.close()


class _HeldFile(threading.local):
    """The connection and what asks on it, which file it is open on, and when to look again whether that still lies at
    its path."""

    connection: sqlite3.Connection | None = None
    # A new one for each question would take a twentieth of the read.
    cursor: sqlite3.Cursor
    file: tuple[int, int] | None = None
    look_at: float = 0.0


class SqliteLookup(HeldConnections[Row | None]):
    """The read on SQLite. The module keeps the compiled statement, so asking again costs no parsing.

    What has more than one row keeps its transaction open until this thread asks again, and nothing asked here has.
    """

    placeholder = "?"
    errors = (sqlite3.Error,)
    _held: _HeldFile

    def __init__(self, path: Path, *, kept_kib: int) -> None:
        super().__init__(_HeldFile())
        self._path = path
        self._kept_kib = kept_kib

    def fetch_one(self, statement: str, *values: str) -> Row | None:
        return self.fetch(statement, *values)

    def finder(self, columns: str, tables: str, key: str) -> Finder:
        return partial(self.fetch, f"SELECT {columns} {tables} WHERE {key} = ?")

    def _ask(self, held: _HeldFile, statement: str, values: tuple[str, ...]) -> Row | None:
        # Looking at each read would cost a fifth of a check. ADR 13 weighs it.
        if held.connection is None or (monotonic() >= held.look_at and not self._is_in_place(held)):
            self._open()
        row: Row | None = held.cursor.execute(statement, values).fetchone()
        return row

    def _is_in_place(self, held: _HeldFile) -> bool:
        found, held.look_at = file_at(self._path), monotonic() + LOOK_SECONDS
        return held.file == found

    def _open(self) -> None:
        self.close()
        connection = open_sqlite(self._path)
        connection.execute("PRAGMA query_only = ON")
        # Negative numbers are KiB, positive ones are pages.
        connection.execute(f"PRAGMA cache_size = -{self._kept_kib}")
        held = self._held
        held.file, held.look_at = file_at(self._path), monotonic() + LOOK_SECONDS
        held.connection, held.cursor = connection, connection.cursor()


def open_sqlite(path: Path) -> sqlite3.Connection:
    # mode=rw: a missing file is a fault to be told, never an empty database that knows no token.
    uri = f"{path.resolve().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)


def file_at(path: Path) -> tuple[int, int] | None:
    """Which file lies at `path` now. A connection to one that was moved away or replaced reads and writes the old
    one for ever; what it answers, and what it is told to revoke, counts for nobody."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


def lookup_for(url: URL, *, kept_kib: int) -> Lookup:
    """`kept_kib`: how much of a SQLite file each thread may keep in its memory. SQLite itself asks, at every read,
    whether what it kept is still what the file says."""
    if url.get_backend_name() == "sqlite":
        return SqliteLookup(Path(str(url.database)), kept_kib=kept_kib)
    # Late: psycopg takes a tenth of a start, and some MB, which SQLite need not wait for.
    from portal.postgres_lookup import PostgresLookup

    return PostgresLookup(url.set(drivername="postgresql").render_as_string(hide_password=False))
