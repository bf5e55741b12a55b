"""Rows that tests start from, made by the product's own verbs where there is one."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.accounts.service import lock_account
from portal.audit import Actor, ActorKind
from portal.clock import utc_now
from portal.database import Database
from portal.tokens import service
from portal.tokens.models import Kind
from tests.cast import Person

NEVER = None


def actor_of(person: Person) -> Actor:
    """That person as the security log keeps them."""
    return Actor(kind=ActorKind.USER, account_id=person.account_id, id=person.id, name=person.name)


def make_token(
    database: Database,
    person: Person,
    name: str = "Zapier: badge issuing",
    *,
    scopes: tuple[str, ...] | None = None,
    expires_at: datetime | None = NEVER,
    now: datetime | None = None,
) -> tuple[int, str]:
    """A personal token of that person: its id and its secret."""
    new = service.NewToken(
        kind=Kind.PERSONAL,
        prefix="pat",
        account_id=person.account_id,
        user_id=person.id,
        made_by_id=person.id,
        name=name,
        scopes=scopes,
        expires_at=expires_at,
    )
    return _issued(database, person, new, now=now)


def make_account_token(database: Database, owner: Person) -> tuple[int, str]:
    """Turns API access on and makes the account's token: its id and its secret."""
    new = service.NewToken(
        kind=Kind.ACCOUNT,
        prefix="acc",
        account_id=owner.account_id,
        user_id=None,
        made_by_id=owner.id,
        name="API access",
        scopes=None,
        expires_at=None,
    )

    def enable(session: Session) -> None:
        lock_account(session, owner.account_id).api_access_enabled = True

    database.transaction(enable)
    return _issued(database, owner, new, now=None)


def _issued(database: Database, person: Person, new: service.NewToken, *, now: datetime | None) -> tuple[int, str]:
    issued = database.transaction(lambda session: service.issue(session, actor_of(person), new, now=now or utc_now()))
    return issued.token.id, issued.secret.reveal()


def ago(**span: float) -> datetime:
    """A moment in the past: `ago(days=3)`."""
    return utc_now() - timedelta(**span)


def ahead(**span: float) -> datetime:
    """A moment to come: `ahead(hours=1)`."""
    return utc_now() + timedelta(**span)
