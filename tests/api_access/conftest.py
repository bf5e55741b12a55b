"""What the tests of API access share: a second owner, calls with a secret, what the log says."""

from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import select

from portal.accounts.models import Role, User
from portal.audit import AuditEvent
from portal.authentication.authenticator import Authenticator
from portal.authentication.refused import Refused
from portal.current import running_in
from portal.tokens.models import Kind, Token

PATH = "/account/api-access"


@pytest.fixture
def set_role(database):
    """Gives a person of the cast another role, from now on."""

    def change(person, role):
        def work(session):
            session.get_one(User, person.id).role = role

        database.transaction(work)

    return change


@pytest.fixture
def second_owner(cast, adam, set_role):
    """Adam's browser, Adam being an owner of Acme too."""
    set_role(cast.adam, Role.OWNER)
    return adam


@pytest.fixture
def call(app, settings, database):
    """What a call with that secret meets: `200`, or the code of the refusal."""
    authenticator = Authenticator(settings, database, running_in(app).recorder)

    def ask(secret):
        try:
            authenticator.authenticate(secret, address=None)
        except Refused as refused:
            return refused.code
        return "200"

    return ask


@dataclass(frozen=True)
class Logged:
    """One event as tests compare it."""

    action: str
    actor: str
    target: str
    detail: str | None
    address: str | None
    at: datetime


@pytest.fixture
def log(database, cast):
    """The events of Acme's security log, oldest first, without what only starts a session."""

    def read():
        query = select(AuditEvent).where(AuditEvent.account_id == cast.alice.account_id).order_by(AuditEvent.id)
        with database.reading() as session:
            return [
                Logged(
                    row.action, row.actor_name, f"{row.target_kind} {row.target_name}", row.detail, row.address, row.at
                )
                for row in session.scalars(query)
                if row.action != "session.started"
            ]

    return read


@pytest.fixture
def account_tokens(database, cast):
    """Acme's account tokens, oldest first."""

    def read():
        query = select(Token).where(Token.account_id == cast.alice.account_id, Token.kind == Kind.ACCOUNT)
        with database.reading() as session:
            return list(session.scalars(query.order_by(Token.id)))

    return read
