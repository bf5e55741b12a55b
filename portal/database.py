"""The database: engines, transactions and column types.

Nothing here knows a table. SQLite is embedded and the default; PostgreSQL is the same code with another URL.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import BigInteger, DateTime, Dialect, Engine, Integer, MetaData, Text, create_engine, event
from sqlalchemy.engine import URL, Connection, make_url
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
from sqlalchemy.types import TypeDecorator

from portal.errors import DatabaseUnavailable, OutcomeUnknown
from portal.lookup import KEPT_KIB, POSTGRES_CONNECT, Lookup, file_at, lookup_for, open_sqlite

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


def as_utc(value: datetime | str) -> datetime:
    """A moment as a driver hands it out (SQLite: text without a zone), aware and in UTC."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def filled_up(ids: Sequence[int]) -> list[int]:
    """`ids` for an IN, the last one repeated until they are a power of two; none for none.

    Drivers keep the statements of a connection, one for each length, and one of thousands takes hundreds of KB.
    """
    if not ids:
        return []
    wanted = 1 << (len(ids) - 1).bit_length()
    return [*ids, *[ids[-1]] * (wanted - len(ids))]


def _as_utc_or_none(value: datetime | str | None) -> datetime | None:
    return None if value is None else as_utc(value)


class Database:
    """The one database of a running portal: `transaction` to write, `reading` to read, `lookup` for a call."""

    def __init__(self, url: str, *, kept_kib: int = KEPT_KIB) -> None:
        self.url: URL = make_url(url)
        self.engine: Engine = _engine(self.url)
        # None is the server's own default. Left out, a pooled connection would go on asking for READ WRITE after it
        # was used for reading, which a standby refuses and which overrules an operator's default_transaction_read_only.
        self._writing = self.engine.execution_options(begin="BEGIN IMMEDIATE", postgresql_readonly=None)
        # On PostgreSQL a read-only transaction is refused every write by the server itself.
        self._reading = self.engine.execution_options(begin="BEGIN", postgresql_readonly=True)
        # SQLite's transactions are at one instant by themselves.
        one_instant = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._snapshot = self._reading.execution_options(**one_instant)
        self.lookup: Lookup = lookup_for(self.url, kept_kib=kept_kib)

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

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """As `reading`, but everything in it is read as it was at one instant: that of the first question."""
        with _told_plainly(), Session(self._snapshot, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        """Gives the pooled connections back to the system, and those that the lookup holds here."""
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
