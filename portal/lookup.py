"""The one read that every call makes, on a connection that each thread holds open, and how connections are opened.

It stands apart from the engine, whose pool and whose layers would cost a call several times the read itself.
"""

import sqlite3
import threading
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

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


class Lookup(Protocol):
    """One indexed read on an autocommit connection that each thread holds open."""

    placeholder: str

    def fetch_one(self, statement: str, *values: str) -> tuple[Any, ...] | None:
        """The first row, or None. Raises `DatabaseUnavailable` when the database cannot be reached."""

    def close(self) -> None:
        """Closes the connection that this thread holds."""


class NoAnswer(Exception):
    """The server took the question and went silent."""

    def __init__(self) -> None:
        super().__init__("the server took the question and went silent")


class Held(threading.local):
    """What one thread holds; a lookup adds what else it keeps with its connection."""

    connection: Any = None


class HeldConnections:
    """What both lookups share: a connection for each thread, reopened once when it turns out to be broken."""

    # What the driver raises.
    errors: tuple[type[Exception], ...]

    def __init__(self, held: Held) -> None:
        self._held = held

    def fetch_one(self, statement: str, *values: str) -> tuple[Any, ...] | None:
        held = self._held
        was_held = held.connection is not None
        try:
            return self._ask(held, statement, values)
        except self.errors as error:
            self.close()
            # Only what was open may have been broken for long; a second wait for a server that is away is for nothing.
            if not was_held or isinstance(error, NoAnswer):
                raise DatabaseUnavailable from error
        return self.fetch_one(statement, *values)

    def _ask(self, held: Any, statement: str, values: tuple[str, ...]) -> tuple[Any, ...] | None:
        raise NotImplementedError

    def close(self) -> None:
        connection, self._held.connection = self._held.connection, None
        if connection is not None:
            connection.close()


class _HeldFile(Held):
    """The connection, which file it is open on, and when to look again whether that still lies at its path."""

    file: tuple[int, int] | None = None
    look_at: float = 0.0


class SqliteLookup(HeldConnections):
    """The read on SQLite. The module keeps the compiled statement, so asking again costs no parsing."""

    placeholder = "?"
    errors = (sqlite3.Error,)
    _held: _HeldFile

    def __init__(self, path: Path, *, kept_kib: int) -> None:
        super().__init__(_HeldFile())
        self._path = path
        self._kept_kib = kept_kib

    def _ask(self, held: _HeldFile, statement: str, values: tuple[str, ...]) -> tuple[Any, ...] | None:
        connection = held.connection
        # Looking at each read would cost a fifth of a check. ADR 13 weighs it.
        if connection is None or (monotonic() >= held.look_at and not self._is_in_place(held)):
            connection = self._open()
        row: tuple[Any, ...] | None = connection.execute(statement, values).fetchone()
        return row

    def _is_in_place(self, held: _HeldFile) -> bool:
        found, held.look_at = file_at(self._path), monotonic() + LOOK_SECONDS
        return held.file == found

    def _open(self) -> sqlite3.Connection:
        self.close()
        connection = open_sqlite(self._path)
        connection.execute("PRAGMA query_only = ON")
        # Negative numbers are KiB, positive ones are pages.
        connection.execute(f"PRAGMA cache_size = -{self._kept_kib}")
        held = self._held
        held.file, held.look_at = file_at(self._path), monotonic() + LOOK_SECONDS
        held.connection = connection
        return connection


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
