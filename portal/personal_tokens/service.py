"""What people do with their own tokens. Pages and the JSON API call the same verbs.

Every verb locks the account and reads the acting person again; the owner is part of every query.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, func, select
from sqlalchemy.orm import Session

from portal.accounts.service import lock_acting_user
from portal.audit import Actor
from portal.clock import ago, as_iso, day, until
from portal.database import LARGEST_ID, Database, UtcDateTime, as_utc
from portal.errors import LimitReached, WrongState, WrongValue
from portal.kept_queries import KeptQuery
from portal.names import name_key
from portal.tokens import service as tokens
from portal.tokens.models import Kind, Status, Token
from portal.tokens.nonces import Once
from portal.tokens.service import Issued

SOON = timedelta(days=7)


class TokenExpired(WrongState):
    """An expired token can be rotated on its page only."""

    sentence = "This token has expired. Rotate it on its page, or make a new one."


@dataclass(frozen=True, slots=True)
class OwnToken:
    """A token with its neighbours: the living one that replaced it, and the one it replaced that still works."""

    token: Token
    successor: Token | None
    predecessor: Token | None


class Row(NamedTuple):
    """A line of the list, in words, so that the template of a hundred lines has nothing left to work out.

    `near` is an end that is worth a warning, in place of the day in `ends`; `used_at` the moment behind `used`.
    """

    id: int
    name: str
    hint: str
    scopes: tuple[str, ...] | None
    created: str
    ends: str
    near: str
    used: str
    used_at: str


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

    Raises `AlreadyDone`, `LimitReached` at `most` current tokens, `NameTaken`, `NotAllowed`, `WrongValue`.
    """
    user = lock_acting_user(session, actor)
    if once:
        once.begin(session, user_id=user.id, now=now)
    _refuse_over(expires_at, now)
    _refuse_more(session, user.id, most)
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
    most: int | None = None,
) -> Issued:
    """Replaces one of the acting person's tokens. `expires_at` and `may` are asked about the token once it is locked;
    `may` raises when the caller must not rotate it.

    Raises `NotFound` (somebody else's, revoked or stopped), `AlreadyDone`, `StaleRotation`, `TokenExpired`,
    `WrongValue` when the new token would be over at once, and, for a superseded token whose successor is gone,
    `NameTaken` and `LimitReached` at `most` current tokens.
    """
    user = lock_acting_user(session, actor)
    old = tokens.find_own(session, user_id=user.id, token_id=token_id)
    may(old)
    if once:
        once.begin(session, user_id=user.id, now=now)
    if old.status(now) is Status.EXPIRED and not even_expired:
        raise TokenExpired
    ends = expires_at(old)
    _refuse_over(ends, now)
    if most is not None and not old.is_current:
        # It has given its place up already, so its new successor needs one.
        _refuse_more(session, user.id, most)
    issued = tokens.rotate(session, actor, old, prefix=prefix, overlap=overlap, expires_at=ends, now=now)
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


def look_at(session: Session, *, user_id: int, token_id: int, now: datetime) -> OwnToken:
    """One of that person's tokens, dead ones too, with its neighbours. Raises `NotFound` for anybody else's."""
    token = tokens.find_own(session, user_id=user_id, token_id=token_id)
    return OwnToken(
        token=token,
        successor=tokens.successor_of(session, token, now=now),
        predecessor=tokens.overlapping_predecessor(session, token, now=now),
    )


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


def list_rows(
    database: Database,
    *,
    user_id: int,
    now: datetime,
    status: Status,
    most: int,
    before_id: int = LARGEST_ID,
    name_has: str = "",
) -> list[Row]:
    """That person's tokens of one status as lines of the list, newest first; `before_id` goes on from an earlier page,
    `name_has` is any part of the name, in upper or lower case."""
    asked: dict[str, Any] = {"user_id": user_id, "now": now, "before_id": before_id, "most": most}
    if name_has:
        # What stands for any letters in a pattern stands for itself in a name.
        asked["pattern"] = "%" + re.sub("[%_/]", r"/\g<0>", name_key(name_has)) + "%"
    found = _ROWS[status, bool(name_has)].rows(database, **asked)
    return [_row_of(columns, now) for columns in sorted(found, key=itemgetter(0), reverse=True)]


def _rows_query(status: Status, *, is_search: bool) -> KeptQuery:
    """What a line of the list shows, for tokens of that status, or for those whose name has something in it."""
    query = (
        select(
            Token.id,
            Token.name,
            Token.hint,
            Token.scopes,
            Token.created_at,
            func.coalesce(Token.revoked_at, Token.stops_at, Token.expires_at).label("ends_at"),
            Token.stops_at.is_not(None).label("is_overlapping"),
            Token.last_used_at,
        )
        .where(Token.user_id == bindparam("user_id"), Token.id < bindparam("before_id"))
        .where(tokens.has_status(status, bindparam("now", type_=UtcDateTime)))
        .order_by(Token.id.desc())
        .limit(bindparam("most", type_=Integer))
    )
    return KeptQuery(query.where(Token.name_key.like(bindparam("pattern"), escape="/")) if is_search else query)


_ROWS = {
    (status, is_search): _rows_query(status, is_search=is_search) for status in Status for is_search in (False, True)
}


def _row_of(found: list[Any], now: datetime) -> Row:
    """A line of the list; a near end is told as a warning."""
    token_id, name, hint, scopes, created_at, ends_at, is_overlapping, used_at = found
    near = ""
    if ends_at is not None:
        end = as_utc(ends_at)
        if now < end <= now + SOON:
            near = f"{'Stops' if is_overlapping else 'Expires'} {until(end, now)}"
    used = None if used_at is None else as_utc(used_at)
    return Row(
        token_id,
        name,
        hint,
        None if scopes is None else tuple(scopes.split()),
        created=_day(created_at[:10]),
        ends=_day(ends_at[:10]) if ends_at else "Never",
        near=near,
        used=ago(used, now) if used else "Never",
        used_at=as_iso(used) if used else "",
    )


@lru_cache(maxsize=4096)
def _day(iso_day: str) -> str:
    """The day in words. Moments are stored in UTC, and the tokens of a list are of a few days."""
    return day(date.fromisoformat(iso_day))


def _refuse_over(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise WrongValue("expires_at", "This would have expired already. Choose a later end.")


def _refuse_more(session: Session, user_id: int, most: int) -> None:
    if tokens.count_current(session, user_id=user_id) >= most:
        raise LimitReached(f"You have {most} tokens, which is the limit. Revoke one that you no longer need first.")
