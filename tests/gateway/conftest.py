"""Gateways and back ends that ask, and the rows behind the tokens that they ask about."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from portal.app import Portal
from portal.audit import OPERATOR, AuditEvent
from portal.clock import utc_now
from portal.current import running_in
from portal.database import Database
from portal.tokens import services
from tests.api.calls import Program
from tests.builders import make_token
from tests.cast import Cast
from tests.gateway.asking import Gateway
from tests.gateway.questions import INTROSPECT, REVOKE, new_service


@pytest.fixture
def gateway(app: Portal) -> Gateway:
    """A gateway that asks the portal of the test."""
    return Gateway(app)


@pytest.fixture
def make_service(database: Database) -> Callable[..., str]:
    """Makes a service token and returns its secret."""

    def make(name: str = "Gateway", *, is_revoked: bool = False) -> str:
        secret = new_service(database, name)
        if is_revoked:
            database.transaction(lambda session: services.revoke(session, OPERATOR, name=name, now=utc_now()))
        return secret

    return make


@pytest.fixture
def back_end(app: Portal, database: Database) -> Program:
    """A back end with a service token."""
    return Program(app, new_service(database))


@pytest.fixture
def introspect(back_end: Program) -> Callable[[str], TestResponse]:
    """What the back end is told about a token."""
    return lambda secret: back_end.post(INTROSPECT, data={"token": secret})


@pytest.fixture
def holder(app: Portal) -> Callable[[str], TestResponse]:
    """Somebody who holds a token kills it, and sends nothing else."""
    return lambda secret: Program(app).post(REVOKE, data={"token": secret})


@pytest.fixture
def events(app: Portal, database: Database) -> Callable[[], list[AuditEvent]]:
    """The security log from now on, refusals included, in order."""
    with database.reading() as session:
        before = len(session.scalars(select(AuditEvent.id)).all())

    def read() -> list[AuditEvent]:
        running_in(app).recorder.flush(is_last=True)
        with database.reading() as session:
            return list(session.scalars(select(AuditEvent).order_by(AuditEvent.id).offset(before)))

    return read


@pytest.fixture
def read_only(back_end: Program, database: Database, cast: Cast) -> Iterator[tuple[int, str]]:
    """A token of Bob's: its id and its secret; then the PostgreSQL database takes no writes any more."""
    token = make_token(database, cast.bob)
    name = database.url.database
    with database.engine.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    database.engine.dispose()
    yield token
    with database.engine.begin() as connection:
        connection.execute(text("SET TRANSACTION READ WRITE"))
        connection.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
    database.engine.dispose()
