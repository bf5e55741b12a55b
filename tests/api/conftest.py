"""Programs of the cast, and what tests do to the rows behind them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.access_log import AccessLog
from portal.accounts.models import User
from portal.app import Portal
from portal.audit import AuditEvent
from portal.clock import utc_now
from portal.current import running_in
from portal.database import Database
from portal.tokens import service
from portal.tokens.models import Token
from tests.api.calls import Program
from tests.builders import actor_of, make_account_token, make_token
from tests.cast import Cast, Person


@pytest.fixture
def nobody(app: Portal) -> Program:
    """A program without a token."""
    return Program(app)


@pytest.fixture
def program(nobody: Program, database: Database) -> Callable[..., Program]:
    """Makes a program with a new token of that person: `program(cast.bob, scopes=("tokens:read",))`."""

    def make(person: Person, name: str = "Caller", **token: Any) -> Program:
        return nobody.with_token(make_token(database, person, name, **token)[1])

    return make


@pytest.fixture
def alices(program: Callable[..., Program], cast: Cast) -> Program:
    """Alice's program, with full access."""
    return program(cast.alice)


@pytest.fixture
def acmes(nobody: Program, database: Database, cast: Cast) -> Program:
    """A program with the account token of Acme."""
    return nobody.with_token(make_account_token(database, cast.alice)[1])


@pytest.fixture
def revoke(database: Database) -> Callable[[Person, int], None]:
    """Revokes a token as that person."""

    def revoke(person: Person, token_id: int) -> None:
        def work(session: Any) -> None:
            service.revoke(session, actor_of(person), session.get_one(Token, token_id), now=utc_now())

        database.transaction(work)

    return revoke


@pytest.fixture
def change_user(database: Database) -> Callable[..., None]:
    """Sets columns of a person's row."""

    def change(person: Person, **columns: Any) -> None:
        def work(session: Any) -> None:
            user = session.get_one(User, person.id)
            for name, value in columns.items():
                setattr(user, name, value)

        database.transaction(work)

    return change


@pytest.fixture
def events(app: Portal, database: Database) -> Callable[[], list[AuditEvent]]:
    """Everything in the security log, refusals included, in order."""

    def read() -> list[AuditEvent]:
        running_in(app).recorder.flush(is_last=True)
        with database.reading() as session:
            return list(session.scalars(select(AuditEvent).order_by(AuditEvent.id)))

    return read


@pytest.fixture
def row(database: Database) -> Callable[[int], Token]:
    """A token's row as it is now."""

    def read(token_id: int) -> Token:
        with database.reading() as session:
            return session.get_one(Token, token_id)

    return read


@pytest.fixture
def lines(app: Portal) -> list[bytes]:
    """The access log of the portal of the test, from now on."""
    written: list[bytes] = []
    app.front = AccessLog(app.wsgi_app, scheme="http", sink=written.append)
    return written
