"""The database: engines, transactions and column types.

Nothing here knows a table. SQLite is embedded and the default; PostgreSQL is the same code with another URL.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Select,
    Text,
    create_engine,
    event,
    func,
    select,
)
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.exc import (
    DatabaseError,
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator

from portal.errors import DatabaseUnavailable, OutcomeUnknown
from portal.lookup import POSTGRES_CONNECT, Lookup, file_at, lookup_for, open_sqlite

Result = TypeVar("Result")

# SQLite's extended codes carry more in the higher bits.
_PRIMARY_CODE = 0xFF
POOL_SIZE = 10
POOL_SECONDS = 2

# Integers that are never reused; SQLite only counts up by itself on a column of the type INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")
LARGEST_ID = 2**63 - 1


class Base(DeclarativeBase):
    """All tables. Constraint names are fixed, so that a migration can name them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. Refuses a naive one with `ValueError` instead of guessing its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[datetime | str | None], datetime | None]:
        # Not by `process_result_value`, which is called through two more: a list holds hundreds of moments.
        return _as_utc_or_none


class Words(TypeDecorator[tuple[str, ...]]):
    """A short list of words without blanks (scopes), kept as text with single blanks between them."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str | None:
        return None if value is None else " ".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value.split())


class KeptQuery:
    """A query of pages, asked as the lookup asks, which hands out one row: all of them in one JSON text.

    SQLAlchemy writes it, once. Asked through its session, a list of a hundred rows took twice as long. One row
    is one step, too: at each step SQLite's driver lets other threads run, and may have to wait for them.
    """

    def __init__(self, query: Select[*tuple[Any, ...]]) -> None:
        rows = query.subquery()
        self._on_sqlite = select(func.json_group_array(func.json_array(*rows.c)))
        # As text, or the driver would read it, more slowly.
        self._on_postgresql = select(func.json_agg(func.json_build_array(*rows.c)).cast(Text))

    def written_for(self, dialect: Dialect) -> SQLCompiler:
        """The query with the lookup's placeholders, and the names of what stands at each."""
        is_sqlite, kind = dialect.name == "sqlite", cast(type[DefaultDialect], type(dialect))
        own = kind(paramstyle="qmark" if is_sqlite else "numeric_dollar")
        return own.statement_compiler(own, self._on_sqlite if is_sqlite else self._on_postgresql)


def as_utc(value: datetime | str) -> datetime:
    """A moment as a driver hands it out (SQLite: text without a zone), aware and in UTC."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _as_stored(value: int | str | datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else str(value)


def _as_utc_or_none(value: datetime | str | None) -> datetime | None:
    return None if value is None else as_utc(value)


class Database:
    """The one database of a running portal: `transaction` to write, `reading` to read, `lookup` for a call."""

    def __init__(self, url: str) -> None:
        self.url: URL = make_url(url)
        self.engine: Engine = _engine(self.url)
        # None is the server's own default. Left out, a pooled connection would go on asking for READ WRITE after it
        # was used for reading, which a standby refuses and which overrules an operator's default_transaction_read_only.
        self._writing = self.engine.execution_options(begin="BEGIN IMMEDIATE", postgresql_readonly=None)
        # On PostgreSQL a read-only transaction is refused every write by the server itself.
        self._reading = self.engine.execution_options(begin="BEGIN", postgresql_readonly=True)
        self.lookup: Lookup = lookup_for(self.url)
        self._written: dict[KeptQuery, SQLCompiler] = {}

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def transaction(self, work: Callable[[Session], Result]) -> Result:
        """Runs `work(session)` in one transaction, commits, and returns what it returned.

        After a deadlock or serialization failure `work` runs once more on a new session, so it must have no
        effect outside of it. Never once COMMIT was sent: that raises `OutcomeUnknown` when nobody can tell
        whether it took effect. Raises `DatabaseUnavailable` when the database cannot answer; then nothing was changed.
        """
        with _told_plainly():
            try:
                return self._attempt(work)
            except DBAPIError as error:
                if not _may_run_again(error):
                    raise
            return self._attempt(work)

    def _attempt(self, work: Callable[[Session], Result]) -> Result:
        with Session(self._writing, expire_on_commit=False) as session:
            result = work(session)
            session.flush()
            connection = session.connection()
            try:
                session.commit()
            except DBAPIError as error:
                # On SQLite a refused COMMIT leaves the transaction open, and with it the lock that keeps everybody
                # out: the connection must not go back into the pool like this.
                connection.invalidate()
                raise (DatabaseUnavailable if _is_undone(error) else OutcomeUnknown) from error
            return result

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads, on one snapshot-free transaction that is rolled back at the end."""
        with _told_plainly(), Session(self._reading, expire_on_commit=False) as session:
            yield session

    def rows(self, query: KeptQuery, **values: int | str | datetime) -> list[list[Any]]:
        """All rows of `query`, in any order, as they are stored: a moment is text for `as_utc`.

        Raises `DatabaseUnavailable`.
        """
        written = self._written.get(query)
        if written is None:
            written = self._written[query] = query.written_for(self.engine.dialect)
        asked = {**written.params, **values}
        found = self.lookup.fetch_one(written.string, *(_as_stored(asked[name]) for name in written.positiontup or ()))
        rows: list[list[Any]] = orjson.loads(found[0]) if found and found[0] else []
        return rows

    def close(self) -> None:
        """Gives the pooled connections back to the system, and the one that this thread holds."""
        self.lookup.close()
        self.engine.dispose()


@contextmanager
def _told_plainly() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, InternalError, PoolTimeout) as error:
        raise DatabaseUnavailable from error
    except DatabaseError as error:
        # SQLite's word for a file that is none of its own, or is torn; what is left are our own mistakes.
        if type(error) is not DatabaseError:
            raise
        raise DatabaseUnavailable from error


def _may_run_again(error: DBAPIError) -> bool:
    serialization_failure, deadlock = "40001", "40P01"
    return getattr(error.orig, "sqlstate", None) in {serialization_failure, deadlock}


def _is_undone(error: DBAPIError) -> bool:
    """Whether a COMMIT that failed like this has certainly changed nothing: SQLite refused it, and the file goes on.

    An error of the disk is left out: what was written before it may be found when the file is opened anew.
    """
    code = getattr(error.orig, "sqlite_errorcode", None)
    return code is not None and code & _PRIMARY_CODE != sqlite3.SQLITE_IOERR


def _engine(url: URL) -> Engine:
    # An error's text goes to the log; the values of the statement (addresses, hashes) must not go along.
    pool = {"pool_size": POOL_SIZE, "max_overflow": 0, "pool_timeout": POOL_SECONDS, "hide_parameters": True}
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, connect_args=POSTGRES_CONNECT, **pool)
    path = Path(str(url.database))
    engine = create_engine(url, creator=lambda: open_sqlite(path), **pool)
    event.listen(engine, "connect", partial(_prepare_sqlite_connection, path))
    event.listen(engine, "checkout", partial(_refuse_replaced_file, path))
    event.listen(engine, "begin", _begin_on_sqlite)
    return engine


def _prepare_sqlite_connection(path: Path, connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    record.info["file"] = file_at(path)
    connection.execute("PRAGMA foreign_keys = ON")
    # An answered revoke survives a power cut.
    connection.execute("PRAGMA synchronous = FULL")


def _refuse_replaced_file(path: Path, _connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
    if record.info["file"] != file_at(path):
        # The pool opens a new one in its place, which fails plainly where there is no file.
        raise DisconnectionError


def _begin_on_sqlite(connection: Connection) -> None:
    # The driver's own BEGIN is deferred and switched off: upgraded to a write it fails at once, whatever the timeout.
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN IMMEDIATE"))
