"""What people do with their own tokens. Pages and the JSON API call the same verbs.

Every verb locks the account and reads the acting person again; the owner is part of every query.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.service import lock_acting_user
from portal.audit import Actor
from portal.errors import LimitReached, WrongState
from portal.tokens import service as tokens
from portal.tokens.models import Kind, Status, Token
from portal.tokens.nonces import Once
from portal.tokens.service import Issued


class TokenExpired(WrongState):
    """An expired token can be rotated on its page only."""

    sentence = "This token has expired. Rotate it on its page, or make a new one."


def create(
    session: Session,
    actor: Actor,
    *,
    name: str,
    scopes: tuple[str, ...] | None,
    expires_at: datetime | None,
    prefix: str,
    most: int,
    once: Once | None,
    now: datetime,
) -> Issued:
    """Makes a token for the acting person. `name` is clean, `scopes` None is full access.

    Raises `AlreadyDone`, `LimitReached` at `most` current tokens, `NameTaken`, `NotAllowed`.
    """
    user = lock_acting_user(session, actor)
    if once:
        once.begin(session, user_id=user.id, now=now)
    if tokens.count_current(session, user_id=user.id) >= most:
        raise LimitReached(f"You have {most} tokens, which is the limit. Revoke one that you no longer need first.")
    new = tokens.NewToken(
        kind=Kind.PERSONAL,
        prefix=prefix,
        account_id=user.account_id,
        user_id=user.id,
        made_by_id=user.id,
        name=name,
        scopes=scopes,
        expires_at=expires_at,
    )
    issued = tokens.issue(session, actor, new, now=now)
    if once:
        once.done(session, issued.token)
    return issued


def rotate(
    session: Session,
    actor: Actor,
    token_id: int,
    *,
    overlap: timedelta,
    expires_at: Callable[[Token], datetime | None],
    prefix: str,
    once: Once | None,
    now: datetime,
    may: Callable[[Token], None] = lambda token: None,
    even_expired: bool = False,
) -> Issued:
    """Replaces one of the acting person's tokens. `expires_at` and `may` are asked about the token once it is locked;
    `may` raises when the caller must not rotate it.

    Raises `NotFound` (somebody else's, revoked or stopped), `AlreadyDone`, `StaleRotation`, `TokenExpired`.
    """
    user = lock_acting_user(session, actor)
    old = tokens.find_own(session, user_id=user.id, token_id=token_id)
    may(old)
    if once:
        once.begin(session, user_id=user.id, now=now)
    if old.status(now) is Status.EXPIRED and not even_expired:
        raise TokenExpired
    issued = tokens.rotate(session, actor, old, prefix=prefix, overlap=overlap, expires_at=expires_at(old), now=now)
    if once:
        once.done(session, issued.token)
    return issued


def rename(session: Session, actor: Actor, token_id: int, *, name: str, now: datetime) -> Token:
    """Gives one of the acting person's tokens another, clean name. Raises `NotFound`, `NameTaken`."""
    user = lock_acting_user(session, actor)
    token = tokens.find_own(session, user_id=user.id, token_id=token_id)
    tokens.rename(session, actor, token, name=name, now=now)
    return token


def revoke(session: Session, actor: Actor, token_id: int, *, now: datetime) -> Token:
    """Kills one of the acting person's tokens, and its overlapping predecessor. Raises `NotFound`."""
    user = lock_acting_user(session, actor)
    token = tokens.find_own(session, user_id=user.id, token_id=token_id)
    tokens.revoke(session, actor, token, now=now)
    return token


def list_own(
    session: Session,
    *,
    user_id: int,
    now: datetime,
    status: Status | None = None,
    before_id: int | None = None,
    most: int | None = None,
) -> list[Token]:
    """That person's tokens, newest first; `status` None is all of them, `before_id` goes on from an earlier page."""
    query = select(Token).where(Token.user_id == user_id).order_by(Token.id.desc()).limit(most)
    if status is not None:
        query = query.where(tokens.has_status(status, now))
    if before_id is not None:
        query = query.where(Token.id < before_id)
    return list(session.scalars(query))
