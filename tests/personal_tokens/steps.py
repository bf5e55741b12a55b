"""What several tests of personal tokens do and look at."""

from typing import Any

from sqlalchemy import select

from portal.app import Portal
from portal.audit import Action, AuditEvent
from portal.authentication.authenticator import Authenticator
from portal.authentication.refused import Refused
from portal.current import running_in
from portal.database import Database
from portal.tokens.models import FormNonce, Token
from tests.cast import Person
from tests.page import Browser, Page

LIST = "/settings/tokens"
NEW = "/settings/tokens/new"
NAME = "Zapier: badge issuing"


def one(token_id: int, page: str = "") -> str:
    """The address of one token, or of a page below it."""
    return f"{LIST}/{token_id}{'/' + page if page else ''}"


def create(browser: Browser, name: str = NAME, **fields: Any) -> Page:
    """Fills in the real form and presses its button."""
    return browser.get(NEW).submit("Create token", name=name, **fields)


def tokens_of(database: Database, person: Person) -> list[Token]:
    """All of that person's rows, oldest first."""
    with database.reading() as session:
        return list(session.scalars(select(Token).where(Token.user_id == person.id).order_by(Token.id)))


def token(database: Database, token_id: int) -> Token:
    with database.reading() as session:
        return session.get_one(Token, token_id)


def nonces(database: Database) -> list[FormNonce]:
    with database.reading() as session:
        return list(session.scalars(select(FormNonce)))


def events(database: Database, action: Action) -> list[AuditEvent]:
    """What the security log holds of that action, oldest first."""
    with database.reading() as session:
        query = select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)
        return list(session.scalars(query))


def works(app: Portal, secret: str) -> bool:
    """Whether a call with that secret would be let in now."""
    running = running_in(app)
    try:
        Authenticator(running.settings, running.database, running.recorder).authenticate(secret, address=None)
    except Refused:
        return False
    return True
