"""Signed-in browsers as rows: started, found by the secret in the cookie, ended at once.

A copied cookie is worth nothing after signing out, deactivation or a password change, because the row is what
counts. No row exists before sign-in.
"""

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Self

from flask_login import UserMixin
from sqlalchemy import update
from sqlalchemy.orm import Session

from portal.accounts.models import Role, User, UserSession
from portal.audit import Action, Actor, ActorKind, record
from portal.database import Database, as_utc
from portal.recorder import MOST_NOTES

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=30)
# How old a noted last use may get before it is written again.
TOUCH_EVERY = timedelta(minutes=5)

_QUERY = """
SELECT s.id, s.created_at, s.last_used_at, u.id, u.name, u.email, u.role, a.id, a.name
FROM sessions s JOIN users u ON u.id = s.user_id JOIN accounts a ON a.id = u.account_id
WHERE s.digest = {placeholder} AND s.ended_at IS NULL AND u.deactivated_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class SignedIn(UserMixin):
    """The person behind a browser, as they were when the request came in. A value, not a row.

    `cookie_secret` is what the browser's cookie holds; it finds the session row and is shown nowhere.
    """

    session_id: int
    user_id: int
    account_id: int
    account_name: str
    name: str
    email: str
    role: Role
    cookie_secret: str = field(repr=False)

    def get_id(self) -> str:
        return self.cookie_secret

    @property
    def person(self) -> Self:
        """Themselves, asked for through Flask-Login's proxy, each look through which is a search of its own."""
        return self

    def is_at_least(self, role: Role) -> bool:
        return self.role.is_at_least(role)

    @property
    def is_at_least_admin(self) -> bool:
        return self.is_at_least(Role.ADMIN)

    def actor(self, address: str | None) -> Actor:
        """This person as the security log keeps them."""
        return Actor(kind=ActorKind.USER, account_id=self.account_id, id=self.user_id, name=self.name, address=address)


def start_session(session: Session, user: User, *, now: datetime) -> str:
    """Makes a row for `user` and returns the secret for the cookie, which is stored nowhere."""
    return _start(session, user, now=now).cookie_secret


def begin_session(
    session: Session, user: User, *, address: str | None, now: datetime, detail: str | None = None
) -> SignedIn:
    """Signs `user` in, recorded, and returns them as the guards know them. The caller holds the account lock."""
    person = _start(session, user, now=now)
    record(session, Action.SESSION_STARTED, person.actor(address), account_id=user.account_id, now=now, detail=detail)
    return person


def _start(session: Session, user: User, *, now: datetime) -> SignedIn:
    secret = secrets.token_urlsafe(32)
    row = UserSession(user_id=user.id, user=user, digest=_digest(secret), created_at=now, last_used_at=now)
    session.add(row)
    session.flush()
    return SignedIn(
        session_id=row.id,
        user_id=user.id,
        account_id=user.account_id,
        account_name=user.account.name,
        name=user.name,
        email=user.email,
        role=user.role,
        cookie_secret=secret,
    )


def find_signed_in(database: Database, secret: str, *, now: datetime) -> tuple[SignedIn, datetime] | None:
    """The person whose living session has that secret, and its last noted use; None when there is none.

    Raises `DatabaseUnavailable`. Every page asks this, so it is one read of plain columns, as a call's is.
    """
    lookup = database.lookup
    row = lookup.fetch_one(_QUERY.format(placeholder=lookup.placeholder), _digest(secret))
    if row is None:
        return None
    session_id, created_at, last_used_at, user_id, name, email, role, account_id, account_name = row
    last_used_at = as_utc(last_used_at)
    if last_used_at <= now - IDLE or as_utc(created_at) <= now - LONGEST:
        return None
    person = SignedIn(
        session_id=session_id,
        user_id=user_id,
        account_id=account_id,
        account_name=account_name,
        name=name,
        email=email,
        role=Role(role),
        cookie_secret=secret,
    )
    return person, last_used_at


def end_session(session: Session, session_id: int, *, now: datetime) -> bool:
    """Ends one session; whether it was living."""
    alive = UserSession.ended_at.is_(None)
    query = update(UserSession).where(UserSession.id == session_id, alive).values(ended_at=now)
    return session.scalar(query.returning(UserSession.id)) is not None


def end_all_sessions(session: Session, user_id: int, *, now: datetime) -> None:
    """Ends every session of one person, in every browser."""
    alive = UserSession.ended_at.is_(None)
    session.execute(update(UserSession).where(UserSession.user_id == user_id, alive).values(ended_at=now))


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


class Touches:
    """Noted last uses of sessions, written in batches and never backwards."""

    name = "touches"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used_at: dict[int, datetime] = {}

    def note(self, session_id: int, at: datetime) -> None:
        with self._lock:
            if len(self._used_at) < MOST_NOTES:
                self._used_at[session_id] = at

    def write(self, database: Database, *, is_last: bool) -> None:
        with self._lock:
            noted, self._used_at = self._used_at, {}
        if noted:
            database.transaction(lambda session: _write_touches(session, noted))


def _write_touches(session: Session, noted: dict[int, datetime]) -> None:
    for session_id, at in sorted(noted.items()):
        newer = (UserSession.id == session_id, UserSession.ended_at.is_(None), UserSession.last_used_at < at)
        session.execute(update(UserSession).where(*newer).values(last_used_at=at))
