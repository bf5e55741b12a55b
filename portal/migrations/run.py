"""Brings a database to the newest schema, under a lock, and says whether it is there."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from portal.database import Database
from portal.errors import DatabaseUnavailable, PortalError
from portal.migrations import HEAD

FOLDER = Path(__file__).resolve().parent
# Any number that nothing else on the server locks by; two migrators wait for each other on it.
_ADVISORY_LOCK = 7_402_619_533


class StaleSchema(PortalError):
    """The database's schema is not the one this version of the portal works with."""


def migrate(database: Database) -> str | None:
    """Upgrades the schema; the revision it had before, None for an empty database.

    A second process that migrates waits for the first one. Killed half-way, nothing has happened. Raises
    `StaleSchema` when the schema is newer than this version's, `DatabaseUnavailable` when it cannot be reached.
    """
    try:
        with _alone(database):
            _make_file(database)
            before = schema_revision(database)
            if before == HEAD:
                return before
            _refuse_newer(before)
            with database.engine.connect() as connection:
                _prepare(connection)
                with connection.begin():
                    _lock(connection)
                    _upgrade(connection)
            return before
    except (SQLAlchemyError, OSError) as error:
        raise DatabaseUnavailable from error


def schema_revision(database: Database) -> str | None:
    """The revision the database is at; None when it is empty. Raises `DatabaseUnavailable`."""
    try:
        with database.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return revision
    except SQLAlchemyError as error:
        raise DatabaseUnavailable from error


def require_current_schema(database: Database) -> None:
    """Raises `StaleSchema` with the command to run when the schema is older or newer than this version's."""
    revision = schema_revision(database)
    if revision == HEAD:
        return
    _refuse_newer(revision)
    what = "is empty" if revision is None else "has an older schema"
    raise StaleSchema(f"The database {what}. Run: portal migrate")


def _refuse_newer(revision: str | None) -> None:
    if revision is not None and revision > HEAD:
        raise StaleSchema(
            f"The database has schema {revision}, newer than this portal knows ({HEAD}). Install the newer portal."
        )


def _upgrade(connection: Connection) -> None:
    # Half a second of imports that only a migration needs.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def _prepare(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # Kept in the file. Readers never wait for a writer then, nor a writer for readers.
        connection.connection.cursor().execute("PRAGMA journal_mode = WAL")


def _lock(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # The bounds of a request are too tight for a migration, and for waiting until another one is through.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


def _make_file(database: Database) -> None:
    # Here alone: everywhere else a missing file is a fault to be told, never an empty database that knows no token.
    if database.is_sqlite:
        Path(str(database.url.database)).touch(mode=0o600)


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """On SQLite, a file lock beside the database: switching to WAL is refused while anybody else has it open."""
    if not database.is_sqlite:
        yield
        return
    with Path(f"{database.url.database}.migrating").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
