"""Service tokens: the operator makes, lists and revokes them. They belong to no account and no person.

Each verb takes the actor and records what it did in the operator's own part of the security log.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import Action, Actor, ActorKind, Target, record
from portal.errors import NameTaken, NotFound
from portal.names import name_key
from portal.tokens.models import ServiceToken
from portal.tokens.secret import Secret, make_secret


class NoSuchService(NotFound):
    """No living service token has that name."""

    sentence = "There is no living service token of that name. See: portal services"


@dataclass(frozen=True, slots=True)
class IssuedService:
    """A new service token and its secret, which travels beside the row, once."""

    service: ServiceToken
    secret: Secret


def create(session: Session, actor: Actor, *, name: str, prefix: str, now: datetime) -> IssuedService:
    """Makes a service token; `name` is clean. Raises `NameTaken` when a living one has that name."""
    secret = make_secret(prefix)
    service = ServiceToken(name=name, name_key=name_key(name), digest=secret.digest, hint=secret.hint, created_at=now)
    try:
        with session.begin_nested():
            session.add(service)
    except IntegrityError as error:
        raise NameTaken("A service token of that name lives. Choose a different name, or revoke that one.") from error
    _record(session, Action.TOKEN_CREATED, actor, service, now=now)
    return IssuedService(service=service, secret=secret)


def list_all(session: Session) -> list[ServiceToken]:
    """All of them, revoked ones too, oldest first."""
    return list(session.scalars(select(ServiceToken).order_by(ServiceToken.id)))


def revoke(session: Session, actor: Actor, *, name: str, now: datetime) -> None:
    """Kills the living one of that name, however it is written. Raises `NoSuchService`."""
    service = _lock_living(session, ServiceToken.name_key == name_key(name))
    if service is None:
        raise NoSuchService
    _revoke(session, actor, service, now=now)


def is_alive(session: Session, secret: Secret) -> bool:
    """Whether `secret` is one of a service token that is not revoked."""
    query = select(ServiceToken.id).where(ServiceToken.digest == secret.digest, ServiceToken.revoked_at.is_(None))
    return session.scalar(query) is not None


def revoke_held(session: Session, secret: Secret, *, address: str | None, now: datetime) -> None:
    """Kills the one behind `secret` as its own deed. Does nothing when it is dead by now."""
    service = _lock_living(session, ServiceToken.digest == secret.digest)
    if service is not None:
        actor = Actor(kind=ActorKind.SERVICE, account_id=None, id=service.id, name=service.name, address=address)
        _revoke(session, actor, service, now=now)


def _lock_living(session: Session, is_wanted: ColumnElement[bool]) -> ServiceToken | None:
    # Locked: of two who revoke it at once, one finds it gone, and the log has one row.
    query = select(ServiceToken).where(is_wanted, ServiceToken.revoked_at.is_(None)).with_for_update()
    return session.scalars(query).one_or_none()


def _revoke(session: Session, actor: Actor, service: ServiceToken, *, now: datetime) -> None:
    service.revoked_at = now
    session.flush()
    _record(session, Action.TOKEN_REVOKED, actor, service, now=now)


def _record(session: Session, action: Action, actor: Actor, service: ServiceToken, *, now: datetime) -> None:
    target = Target(kind="service", id=service.id, name=service.name)
    record(session, action, actor, account_id=None, now=now, target=target)
