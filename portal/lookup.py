"""The one read that every call makes, on a connection that each thread holds open, and how connections are opened.

It stands apart from the engine, whose pool and whose layers would cost a call several times the read itself.
"""

import select
import sqlite3
import threading
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq.abc import PGconn, PGresult
from sqlalchemy.engine import URL

from portal.errors import DatabaseUnavailable

# How long a writer waits for another one before the person is told to try again.
BUSY_SECONDS = 5
CONNECT_SECONDS = 2
# SQLite's own default, for each of many threads.
KEPT_KIB = 2000
# How long a server may take for the one row; a frozen one must not hold a call for longer than one that is away.
_ANSWER_MILLISECONDS = 2000

POSTGRES_CONNECT: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "tcp_user_timeout": 5000,
    # A connection that waits for nothing finds out within 9 seconds that its server is gone.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "options": f"-c timezone=UTC -c statement_timeout=10s -c lock_timeout={BUSY_SECONDS}s",
}
# All that is asked here has an index. Where a table fits on a few pages the server would else read it whole, and hash
# it, for each call. ADR 12 weighs it.
_BY_INDEX = " -c jit=off -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
_LOOKUP_CONNECT: dict[str, Any] = {**POSTGRES_CONNECT, "options": POSTGRES_CONNECT["options"] + _BY_INDEX}
_BINARY = 1


class Lookup(Protocol):
    """One indexed read on an autocommit connection that each thread holds open."""

    placeholder: str

    def fetch_one(self, statement: str, *values: str) -> tuple[Any, ...] | None:
        """The first row, or None. Raises `DatabaseUnavailable` when the database cannot be reached."""

    def close(self) -> None:
        """Closes the connection that this thread holds."""


class _NoAnswer(psycopg.OperationalError):
    """The server took the question and went silent."""

    def __init__(self) -> None:
        super().__init__("the server took the question and went silent")


class _Held(threading.local):
    """What one thread holds."""

    connection: Any = None
    # SQLite: which file it is open on. PostgreSQL: names of statements, what waits for answers, what makes rows of one.
    file: tuple[int, int] | None = None
    prepared: dict[str, bytes]
    readable: select.poll
    rows: Any


class _HeldConnections:
    """What both lookups share: a connection for each thread, reopened once when it turns out to be broken."""

    def __init__(self) -> None:
        self._held = _Held()

    def fetch_one(self, statement: str, *values: str) -> tuple[Any, ...] | None:
        was_held = self._held.connection is not None
        try:
            return self._ask(statement, *values)
        except (sqlite3.Error, psycopg.Error) as error:
            self.close()
            # Only what was open may have been broken for long; a second wait for a server that is away is for nothing.
            if not was_held or isinstance(error, _NoAnswer):
                raise DatabaseUnavailable from error
        return self.fetch_one(statement, *values)

    def _ask(self, statement: str, *values: str) -> tuple[Any, ...] | None:
        raise NotImplementedError

    def close(self) -> None:
        connection, self._held.connection = self._held.connection, None
        if connection is not None:
            connection.close()


class SqliteLookup(_HeldConnections):
    """The read on SQLite. The module keeps the compiled statement, so asking again costs no parsing."""

    placeholder = "?"

    def __init__(self, path: Path, *, kept_kib: int) -> None:
        super().__init__()
        self._path = path
        self._kept_kib = kept_kib

    def _ask(self, statement: str, *values: str) -> tuple[Any, ...] | None:
        held = self._held
        connection = held.connection
        if connection is None or held.file != file_at(self._path):
            connection = self._open()
        row: tuple[Any, ...] | None = connection.execute(statement, values).fetchone()
        return row

    def _open(self) -> sqlite3.Connection:
        self.close()
        connection = open_sqlite(self._path)
        connection.execute("PRAGMA query_only = ON")
        # Negative numbers are KiB, positive ones are pages.
        connection.execute(f"PRAGMA cache_size = -{self._kept_kib}")
        self._held.file = file_at(self._path)
        self._held.connection = connection
        return connection


class PostgresLookup(_HeldConnections):
    """The read on PostgreSQL: a statement the server has prepared, outside of any transaction block.

    It is sent through libpq itself. psycopg's own cursor does the same and takes twice the time of the round trip.
    libpq waits for an answer for ever, so the waiting is done here.
    """

    placeholder = "$1"

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self._dsn = dsn

    def _ask(self, statement: str, *values: str) -> tuple[Any, ...] | None:
        held = self._held
        if held.connection is None:
            self._open()
        pgconn = held.connection.pgconn
        name = held.prepared.get(statement) or self._prepared(pgconn, statement)
        pgconn.send_query_prepared(name, [value.encode() for value in values], None, _BINARY)
        result = _answer(pgconn, held.readable, psycopg.pq.ExecStatus.TUPLES_OK)
        if result.ntuples == 0:
            return None
        held.rows.set_pgresult(result)
        row: tuple[Any, ...] = held.rows.load_row(0, tuple)
        return row

    def _open(self) -> None:
        held = self._held
        connection = held.connection = psycopg.connect(self._dsn, autocommit=True, **_LOOKUP_CONNECT)
        held.prepared, held.rows, held.readable = {}, Transformer(connection), select.poll()
        held.readable.register(connection.pgconn.socket, select.POLLIN)

    def _prepared(self, pgconn: PGconn, statement: str) -> bytes:
        name = f"lookup_{len(self._held.prepared)}".encode()
        pgconn.send_prepare(name, statement.encode())
        _answer(pgconn, self._held.readable, psycopg.pq.ExecStatus.COMMAND_OK)
        self._held.prepared[statement] = name
        return name


def _answer(pgconn: PGconn, readable: select.poll, expected: psycopg.pq.ExecStatus) -> PGresult:
    result = None
    # None marks the end; before it, the connection takes no other question.
    while (following := _next_result(pgconn, readable)) is not None:
        result = following
    if result is None:
        raise _NoAnswer
    if result.status != expected:
        raise psycopg.errors.error_from_result(result)
    return result


def _next_result(pgconn: PGconn, readable: select.poll) -> PGresult | None:
    while pgconn.is_busy():
        if not readable.poll(_ANSWER_MILLISECONDS):
            raise _NoAnswer
        pgconn.consume_input()
    return pgconn.get_result()


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
    return PostgresLookup(url.set(drivername="postgresql").render_as_string(hide_password=False))
