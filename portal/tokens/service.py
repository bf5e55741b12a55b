"""The verbs of every token: issue, rotate, stop, revoke. Who may use them is the business of those above.

The caller holds the account lock. Each verb takes the actor and records what it did in the same transaction.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import Action, Actor, Target, record
from portal.errors import NameTaken, NotFound, WrongState
from portal.names import name_key
from portal.tokens.models import Kind, Status, Token, is_current
from portal.tokens.secret import Secret, make_secret


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token and its secret, which travels beside the row, once."""

    token: Token
    secret: Secret


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a token is made from. `user_id` is None for an account token; `scopes` None is full access."""

    kind: Kind
    prefix: str
    account_id: int
    user_id: int | None
    made_by_id: int
    name: str
    scopes: tuple[str, ...] | None
    expires_at: datetime | None
    replaces_id: int | None = None


class StaleRotation(WrongState):
    """The token was rotated before, and its successor lives."""

    sentence = "This token has already been replaced by a newer one. Rotate that one."


def issue(session: Session, actor: Actor, new: NewToken, *, now: datetime) -> Issued:
    """Makes a token. Raises `NameTaken` when the person has a current one of that name, `WrongState` when the
    account has a current account token."""
    issued = _insert(session, new, now=now)
    _record(session, Action.TOKEN_CREATED, actor, issued.token, now=now)
    return issued


def rotate(
    session: Session,
    actor: Actor,
    old: Token,
    *,
    prefix: str,
    overlap: timedelta,
    expires_at: datetime | None,
    now: datetime,
) -> Issued:
    """Replaces `old` by a new token of the same name, scopes and owner.

    `old` works on for `overlap`, never past its own expiry; zero means that it is dead at once. A predecessor of
    `old` that still overlapped stops now: at most two secrets of one token ever work. Raises `NotFound` when `old`
    is revoked or stopped, `StaleRotation` when it is superseded and its successor lives, `NameTaken` when it is
    superseded and another token has its name by now.
    """
    if old.status(now) is Status.REVOKED:
        raise NotFound
    if old.superseded_at is not None and successor_of(session, old, now=now):
        raise StaleRotation
    stop_predecessor(session, actor, old, now=now)
    _supersede(old, overlap=overlap, now=now)
    session.flush()
    new = NewToken(
        kind=old.kind,
        prefix=prefix,
        account_id=old.account_id,
        user_id=old.user_id,
        made_by_id=actor.id or old.made_by_id,
        name=old.name,
        scopes=old.scopes,
        expires_at=expires_at,
        replaces_id=old.id,
    )
    issued = _insert(session, new, now=now)
    _record(session, Action.TOKEN_ROTATED, actor, old, now=now, detail=f"replaced by {issued.token.hint}")
    return issued


def revoke(session: Session, actor: Actor, token: Token, *, now: datetime, detail: str | None = None) -> None:
    """Kills the token, and a predecessor that still overlaps; never its successor. Raises `NotFound` when it is
    revoked or stopped already."""
    if token.status(now) is Status.REVOKED:
        raise NotFound
    stop_predecessor(session, actor, token, now=now)
    token.revoked_at = now
    session.flush()
    _record(session, Action.TOKEN_REVOKED, actor, token, now=now, detail=detail)


def stop_predecessor(session: Session, actor: Actor, token: Token, *, now: datetime) -> Token | None:
    """Stops the overlapping predecessor of `token` now, if there is one, and returns it."""
    predecessor = overlapping_predecessor(session, token, now=now)
    if predecessor is not None:
        predecessor.revoked_at = now
        session.flush()
        _record(session, Action.TOKEN_STOPPED, actor, predecessor, now=now)
    return predecessor


def revoke_all(session: Session, actor: Actor, *, user_id: int, now: datetime, detail: str | None = None) -> int:
    """Kills every personal token of one person that is not dead yet, expired ones too; how many there were."""
    is_alive = not_(has_status(Status.REVOKED, now))
    query = select(Token).where(Token.user_id == user_id, is_alive).order_by(Token.id)
    tokens = session.scalars(query, execution_options={"populate_existing": True}).all()
    for token in tokens:
        token.revoked_at = now
        _record(session, Action.TOKEN_REVOKED, actor, token, now=now, detail=detail)
    session.flush()
    return len(tokens)


def rename(session: Session, actor: Actor, token: Token, *, name: str, now: datetime) -> None:
    """Gives the token another name. Raises `NotFound` when it is revoked or stopped, `NameTaken`."""
    if token.status(now) is Status.REVOKED:
        raise NotFound
    former = token.name
    try:
        with session.begin_nested():
            token.name, token.name_key = name, name_key(name)
    except IntegrityError as error:
        raise NameTaken(_NAME_TAKEN) from error
    if name != former:
        _record(session, Action.TOKEN_RENAMED, actor, token, now=now, detail=f"before: {former}")


def find_own(session: Session, *, user_id: int, token_id: int) -> Token:
    """One personal token of that person, dead ones too, read anew. Raises `NotFound` for anybody else's."""
    query = select(Token).where(Token.id == token_id, Token.user_id == user_id)
    token = session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
    if token is None:
        raise NotFound
    return token


def successor_of(session: Session, token: Token, *, now: datetime) -> Token | None:
    """The living token that replaced `token`."""
    query = select(Token).where(Token.replaces_id == token.id, has_status(Status.ACTIVE, now))
    return session.scalars(query).first()


def overlapping_predecessor(session: Session, token: Token, *, now: datetime) -> Token | None:
    """The token that `token` replaced, while it still works."""
    if token.replaces_id is None:
        return None
    predecessor = session.get(Token, token.replaces_id, populate_existing=True)
    return predecessor if predecessor is not None and predecessor.is_overlapping(now) else None


def count_current(session: Session, *, user_id: int) -> int:
    """How many of one person's tokens are neither revoked nor superseded."""
    return session.scalar(select(func.count()).where(Token.user_id == user_id, is_current())) or 0


def has_status(status: Status, now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """`Token.status(now) is status`, for queries; a statement that is kept takes `now` as a parameter."""
    dead = or_(Token.revoked_at.is_not(None), and_(Token.stops_at.is_not(None), Token.stops_at <= now))
    over = and_(Token.expires_at.is_not(None), Token.expires_at <= now)
    alive = and_(Token.revoked_at.is_(None), or_(Token.stops_at.is_(None), Token.stops_at > now))
    if status is Status.REVOKED:
        return dead
    if status is Status.EXPIRED:
        return and_(alive, over)
    return and_(alive, or_(Token.expires_at.is_(None), Token.expires_at > now))


_NAME_TAKEN = (
    "That name is used by another of your tokens. Choose a different one, or revoke or rotate the other token."
)


def _insert(session: Session, new: NewToken, *, now: datetime) -> Issued:
    secret = make_secret(new.prefix)
    token = Token(
        kind=new.kind,
        account_id=new.account_id,
        user_id=new.user_id,
        made_by_id=new.made_by_id,
        name=new.name,
        name_key=name_key(new.name),
        digest=secret.digest,
        hint=secret.hint,
        scopes=new.scopes,
        created_at=now,
        expires_at=new.expires_at,
        replaces_id=new.replaces_id,
    )
    try:
        with session.begin_nested():
            session.add(token)
    except IntegrityError as error:
        raise (NameTaken(_NAME_TAKEN) if new.kind is Kind.PERSONAL else WrongState()) from error
    return Issued(token=token, secret=secret)


def _supersede(old: Token, *, overlap: timedelta, now: datetime) -> None:
    # Never later than it would have ended anyway: by its expiry, or by an earlier rotation whose token is gone.
    ends = (now + overlap, old.expires_at, old.stops_at)
    old.stops_at = min(end for end in ends if end is not None)
    old.superseded_at = now
    if not overlap:
        # Dead whatever the clock of another host says.
        old.revoked_at = now


def _record(
    session: Session, action: Action, actor: Actor, token: Token, *, now: datetime, detail: str | None = None
) -> None:
    target = Target(kind="token", id=token.id, name=token.name)
    record(
        session, action, actor, account_id=token.account_id, now=now, token_id=token.id, target=target, detail=detail
    )
