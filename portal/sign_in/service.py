"""Signing in and out, and the password: rows and their log. Hashing happens outside, before a transaction opens."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from portal.accounts.models import User
from portal.accounts.service import find_user_by_email, lock_account, lock_acting_user, lock_user
from portal.accounts.sessions import SignedIn, begin_session, end_all_sessions, end_session
from portal.audit import Action, Actor, ActorKind, Target, record
from portal.errors import PortalError
from portal.tokens import service as tokens


class SignInRefused(PortalError):
    """The address and the password do not belong together, or not any more."""

    code = "forbidden"
    sentence = "The email address or the password is wrong. Check both and try again."


class WrongPassword(PortalError):
    """The current password is another one, perhaps since a moment ago."""

    code = "forbidden"
    sentence = "That is not your current password."


@dataclass(frozen=True, slots=True)
class Claimed:
    """The person whom somebody says to be, as they were when the password was checked."""

    user_id: int
    account_id: int
    name: str
    is_active: bool
    password_hash: str = field(repr=False)

    def actor(self, address: str | None) -> Actor:
        """That person as the security log keeps them."""
        return Actor(kind=ActorKind.USER, account_id=self.account_id, id=self.user_id, name=self.name, address=address)


def find_claimed(session: Session, email: str) -> Claimed | None:
    """The person with that address, deactivated or not; None when there is none."""
    user = find_user_by_email(session, email)
    if user is None:
        return None
    return Claimed(
        user_id=user.id,
        account_id=user.account_id,
        name=user.name,
        is_active=user.is_active,
        password_hash=user.password_hash,
    )


def start(
    session: Session,
    claimed: Claimed,
    *,
    address: str | None,
    now: datetime,
    rehashed: str | None = None,
    instead_of: SignedIn | None = None,
) -> SignedIn:
    """Signs in a person whose password was found right, and ends the session this browser had before.

    `rehashed` replaces an outdated hash of the same password. Raises `SignInRefused` when the person has been
    deactivated or the password changed since it was checked.
    """
    accounts = {claimed.account_id} | ({instead_of.account_id} if instead_of else set())
    for account_id in sorted(accounts):
        lock_account(session, account_id)
    user = session.get_one(User, claimed.user_id, populate_existing=True)
    if not user.is_active or user.password_hash != claimed.password_hash:
        raise SignInRefused
    if rehashed:
        user.password_hash = rehashed
    if instead_of:
        _end(session, instead_of, address=address, now=now)
    return begin_session(session, user, address=address, now=now)


def end(session: Session, person: SignedIn, *, address: str | None, now: datetime) -> None:
    """Ends the session of one browser, so that a copy of its cookie is dead too."""
    lock_account(session, person.account_id)
    _end(session, person, address=address, now=now)


def change_password(
    session: Session,
    person: SignedIn,
    *,
    verified_hash: str,
    password_hash: str,
    revoke_tokens: bool,
    address: str | None,
    now: datetime,
) -> SignedIn:
    """Sets a person's own password, ends all their sessions and starts a new one for this browser.

    Raises `WrongPassword` when the password is no longer the one behind `verified_hash`, or this browser's session
    has ended: whoever did that wants nothing of it to go on.
    """
    actor = person.actor(address)
    user = lock_acting_user(session, actor)
    was_living = end_session(session, person.session_id, now=now)
    if not was_living or user.password_hash != verified_hash:
        raise WrongPassword
    _set_password(session, actor, user, password_hash=password_hash, now=now)
    if revoke_tokens:
        tokens.revoke_all(session, actor, user_id=user.id, now=now, detail="password changed")
    return begin_session(session, user, address=address, now=now, detail="password changed")


def set_password(session: Session, actor: Actor, *, email: str, password_hash: str, now: datetime) -> User:
    """Sets somebody's password for them and ends all their sessions; their tokens live. Raises `NoSuchUser`."""
    user = lock_user(session, email)
    _set_password(session, actor, user, password_hash=password_hash, now=now)
    return user


def _set_password(session: Session, actor: Actor, user: User, *, password_hash: str, now: datetime) -> None:
    user.password_hash = password_hash
    end_all_sessions(session, user.id, now=now)
    target = Target(kind="user", id=user.id, name=user.name)
    record(session, Action.PASSWORD_CHANGED, actor, account_id=user.account_id, now=now, target=target)


def _end(session: Session, person: SignedIn, *, address: str | None, now: datetime) -> None:
    if end_session(session, person.session_id, now=now):
        record(session, Action.SESSION_ENDED, person.actor(address), account_id=person.account_id, now=now)
