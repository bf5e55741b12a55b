"""The one read that every call makes, on a connection that each thread holds open, and how connections are opened.

It stands apart from the engine, whose pool and whose layers would cost a call several times the read itself.
"""

import sqlite3
import threading
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq.abc import PGresult
from sqlalchemy.engine import URL

from portal.errors import DatabaseUnavailable

# How long a writer waits for another one before the person is told to try again.
BUSY_SECONDS = 5
CONNECT_SECONDS = 2

POSTGRES_CONNECT: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "tcp_user_timeout": 5000,
    # A connection that waits for nothing finds out within 9 seconds that its server is gone.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "options": f"-c timezone=UTC -c statement_timeout=10s -c lock_timeout={BUSY_SECONDS}s",
}
_BINARY = 1


class Lookup(Protocol):
    """One indexed read on an autocommit connection that each thread holds open."""

    placeholder: str

    def fetch_one(self, statement: str, value: str) -> tuple[Any, ...] | None:
        """The first row, or None. Raises `DatabaseUnavailable` when the database cannot be reached."""

    def close(self) -> None:
        """Closes the connection that this thread holds."""


class _Held(threading.local):
    """What one thread holds."""

    connection: Any = None
    # SQLite: which file it is open on. PostgreSQL: names of statements, and what makes rows of answers.
    file: tuple[int, int] | None = None
    prepared: dict[str, bytes]
    rows: Any


class _HeldConnections:
    """What both lookups share: a connection for each thread, reopened once when it turns out to be broken."""

    def __init__(self) -> None:
        self._held = _Held()

    def fetch_one(self, statement: str, value: str) -> tuple[Any, ...] | None:
        was_held = self._held.connection is not None
        try:
            return self._ask(statement, value)
        except (sqlite3.Error, psycopg.Error) as error:
            self.close()
            # Only what was open may have been broken for long; a second wait for a server that is away is for nothing.
            if not was_held:
                raise DatabaseUnavailable from error
        return self.fetch_one(statement, value)

    def _ask(self, statement: str, value: str) -> tuple[Any, ...] | None:
        raise NotImplementedError

    def close(self) -> None:
        connection, self._held.connection = self._held.connection, None
        if connection is not None:
            connection.close()


class SqliteLookup(_HeldConnections):
    """The read on SQLite. The module keeps the compiled statement, so asking again costs no parsing."""

    placeholder = "?"

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def _ask(self, statement: str, value: str) -> tuple[Any, ...] | None:
        held = self._held
        connection = held.connection
        if connection is not None and held.file != file_at(self._path):
            self.close()
            connection = None
        if connection is None:
            connection = self._held.connection = self._open()
        row: tuple[Any, ...] | None = connection.execute(statement, (value,)).fetchone()
        return row

    def _open(self) -> sqlite3.Connection:
        connection = open_sqlite(self._path)
        connection.execute("PRAGMA query_only = ON")
        self._held.file = file_at(self._path)
        return connection


class PostgresLookup(_HeldConnections):
    """The read on PostgreSQL: a statement the server has prepared, outside of any transaction block.

    It is sent through libpq itself. psycopg's own cursor does the same and takes twice the time of the round trip.
    """

    placeholder = "$1"

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self._dsn = dsn

    def _ask(self, statement: str, value: str) -> tuple[Any, ...] | None:
        connection = self._held.connection
        if connection is None:
            connection = self._held.connection = psycopg.connect(self._dsn, autocommit=True, **POSTGRES_CONNECT)
            self._held.prepared, self._held.rows = {}, Transformer(connection)
        name = self._held.prepared.get(statement) or self._prepared(connection, statement)
        result = connection.pgconn.exec_prepared(name, (value.encode(),), None, _BINARY)
        _refuse_unless(psycopg.pq.ExecStatus.TUPLES_OK, result)
        if result.ntuples == 0:
            return None
        self._held.rows.set_pgresult(result)
        row: tuple[Any, ...] = self._held.rows.load_row(0, tuple)
        return row

    def _prepared(self, connection: psycopg.Connection[tuple[Any, ...]], statement: str) -> bytes:
        name = f"lookup_{len(self._held.prepared)}".encode()
        _refuse_unless(psycopg.pq.ExecStatus.COMMAND_OK, connection.pgconn.prepare(name, statement.encode()))
        self._held.prepared[statement] = name
        return name


def _refuse_unless(expected: psycopg.pq.ExecStatus, result: PGresult) -> None:
    if result.status != expected:
        raise psycopg.errors.error_from_result(result)


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


def lookup_for(url: URL) -> Lookup:
    if url.get_backend_name() == "sqlite":
        return SqliteLookup(Path(str(url.database)))
    return PostgresLookup(url.set(drivername="postgresql").render_as_string(hide_password=False))
