"""The portal's own tables, filled in bulk: accounts, people with 100 tokens each, and secrets that work.

SQLite files are kept in the build folder from one run to the next, since a million rows take a while; their name
holds the schema's revision, so that a new migration starts afresh.
"""

import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from portal.accounts.models import Account, Role, User
from portal.accounts.passwords import hash_password
from portal.clock import utc_now
from portal.database import Database
from portal.migrations import HEAD
from portal.migrations.run import migrate
from portal.names import email_key, name_key
from portal.tokens.secret import digest_of, make_secret

EMAIL = "alice@acme.example"
PASSWORD = "correct horse battery staple"
ON_ONE_USER = 100
ON_ONE_ACCOUNT = 10_000
# So many different tokens are called with, spread over all rows: a cache for one of them would not help.
CALLED = 1_000

_COLUMNS = (
    "kind", "account_id", "user_id", "made_by_id", "name", "name_key", "digest", "hint", "scopes", "created_at",
    "expires_at",
)  # fmt: skip
INSERT = f"INSERT INTO tokens ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


@dataclass(frozen=True)
class Tables:
    """A filled database: its address, and the secrets to call with."""

    url: str
    secrets: tuple[str, ...]

    @property
    def path(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))


def sqlite_tables(folder: Path, count: int) -> Tables:
    """A SQLite file with `count` tokens, made unless it is there already."""
    path = folder / f"tokens-{count}-{HEAD}.db"
    called = path.with_suffix(".secrets")
    if not called.exists():
        _remove(path)
        secrets = _fill_sqlite(f"sqlite:///{path}", path, count)
        called.write_text("\n".join(secrets))
    return Tables(f"sqlite:///{path}", tuple(called.read_text().split()))


def copy_of(tables: Tables, name: str) -> Tables:
    """The same rows in another file, for whoever writes to it or brings a SQLite of their own."""
    path = tables.path.with_name(f"{name}.db")
    _remove(path)
    with closing(sqlite3.connect(tables.path)) as source:
        source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(tables.path, path)
    return Tables(f"sqlite:///{path}", tables.secrets)


def postgres_tables(url: str, count: int) -> Tables:
    """The empty PostgreSQL database at `url`, filled with `count` tokens."""
    secrets = _prepare(url, count)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy(f"COPY tokens ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
            for row in _rows(secrets):
                copy.write_row(row)
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")
    return Tables(url, _some(secrets))


def _fill_sqlite(url: str, path: Path, count: int) -> tuple[str, ...]:
    secrets = _prepare(url, count)
    with closing(sqlite3.connect(path)) as connection:
        # A file that is cut off half-way is made anew, so nothing here need survive a power cut.
        connection.execute("PRAGMA synchronous = OFF")
        with connection:
            connection.executemany(INSERT, _rows(secrets))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return _some(secrets)


def _prepare(url: str, count: int) -> list[str]:
    database = Database(url)
    migrate(database)
    database.transaction(lambda session: _add_people(session, count))
    database.close()
    return [make_secret("pat").reveal() for _ in range(count)]


def _add_people(session: Session, count: int) -> None:
    password_hash, now = hash_password(PASSWORD), utc_now()
    for number in range(count // ON_ONE_ACCOUNT + 1):
        name = f"Acme {number}" if number else "Acme"
        session.add(Account(name=name, name_key=name_key(name), created_at=now))
    session.flush()
    for number in range(count // ON_ONE_USER + 1):
        email = f"alice{number}@acme.example" if number else EMAIL
        session.add(
            User(
                account_id=number * ON_ONE_USER // ON_ONE_ACCOUNT + 1,
                email=email,
                email_key=email_key(email),
                name="Alice",
                role=Role.OWNER,
                password_hash=password_hash,
                created_at=now,
            )
        )


def _rows(secrets: list[str]) -> Iterator[tuple[Any, ...]]:
    # As the column type stores them on SQLite; PostgreSQL, whose sessions speak UTC, reads the same text.
    now, end = (str(moment.replace(tzinfo=None)) for moment in (utc_now(), utc_now() + timedelta(days=365)))
    for number, secret in enumerate(secrets):
        account, user, name = number // ON_ONE_ACCOUNT + 1, number // ON_ONE_USER + 1, f"Token {number}"
        prefix, _, body = secret.partition("_")
        yield (
            "personal", account, user, user, name, name.casefold(), digest_of(secret), f"{prefix}_{body[:8]}…",
            "account:read tokens:read", now, end,
        )  # fmt: skip


def token_rows(count: int) -> Iterator[tuple[Any, ...]]:
    """Rows of new tokens of the first person, for whoever writes alongside."""
    for row in _rows([make_secret("pat").reveal() for _ in range(count)]):
        name = f"Written {os.getpid()} {row[6][:12]}"
        yield (row[0], 1, 1, 1, name, name.casefold(), *row[6:])


def _some(secrets: list[str]) -> tuple[str, ...]:
    return tuple(secrets if len(secrets) <= CALLED else random.sample(secrets, CALLED))


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
