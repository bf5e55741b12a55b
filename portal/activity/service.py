"""The security log, read: whose rows somebody sees, what each one says in plain words, and what programs get of it.

Nothing is written here. Pages show lines, never rows, so that a template cannot ask the database for more.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema
from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, select, union
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from portal.accounts.models import Role
from portal.audit import Action, ActorKind, AuditEvent, Outcome
from portal.clock import as_iso
from portal.sentences import remark, sentence
from portal.tokens.models import Kind, Token

Query = Select[*tuple[Any, ...]]
Asked = tuple[Query, dict[str, int | str]]
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose events somebody sees: of the whole account (`user_id` None), or of that one person in it."""

    account_id: int
    user_id: int | None


def reach_of(*, account_id: int, user_id: int | None, role: str) -> Reach:
    """What a caller sees: everything as an owner, an admin or the account itself (`user_id` None), else their own."""
    sees_all = user_id is None or Role(role).is_at_least(Role.ADMIN)
    return Reach(account_id, None if sees_all else user_id)


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a page of the log begins: below the id `before`, or above the id `after`; with neither at the newest."""

    before: int | None = None
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One event in words. `remark` is a reason, a version or a former name; `count` is how often in that minute."""

    id: int
    at: datetime
    sentence: str
    is_refused: bool
    count: int
    address: str | None
    token_hint: str | None
    remark: str | None


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of the log, newest first. `older` and `newer` are where the next pages begin, None at the ends."""

    lines: tuple[Line, ...]
    older: Cut | None
    newer: Cut | None


def own_lines(session: Session, *, account_id: int, user_id: int, cut: Cut) -> Lines:
    """What that person did, and what was done to them and to their tokens."""
    return _lines(session, Reach(account_id, user_id), cut)


def account_lines(session: Session, *, account_id: int, cut: Cut) -> Lines:
    """Everything that was done in the account."""
    return _lines(session, Reach(account_id, None), cut)


def _lines(session: Session, reach: Reach, cut: Cut) -> Lines:
    # Upward from `after` the nearest rows are wanted, not the newest ones; they are turned around below.
    is_upward = cut.before is None and cut.after is not None
    after_id = cut.after if is_upward else None
    asked = _asked(_LINES, reach, before_id=cut.before, after_id=after_id, most=PAGE_SIZE + 1)
    found = [_line(event, hint, kind) for event, hint, kind in session.execute(*asked)]
    has_more = len(found) > PAGE_SIZE
    shown = found[:PAGE_SIZE]
    if is_upward:
        return _with_cuts(shown[::-1], has_older=True, has_newer=has_more)
    return _with_cuts(shown, has_older=has_more, has_newer=cut.before is not None)


def _with_cuts(lines: list[Line], *, has_older: bool, has_newer: bool) -> Lines:
    if not lines:
        return Lines((), None, None)
    return Lines(
        lines=tuple(lines),
        older=Cut(before=lines[-1].id) if has_older else None,
        newer=Cut(after=lines[0].id) if has_newer else None,
    )


def _line(event: AuditEvent, hint: str | None, kind: Kind | None) -> Line:
    return Line(
        id=event.id,
        at=event.at,
        sentence=sentence(event, is_account_token=kind is Kind.ACCOUNT),
        is_refused=event.outcome == Outcome.REFUSED,
        count=event.count,
        address=event.address,
        token_hint=hint,
        remark=remark(event),
    )


Ident = Annotated[int, Field(ge=1, examples=[17])]


class ActorJson(TypedDict):
    """Who did it."""

    kind: Annotated[
        str, WithJsonSchema({"type": "string", "enum": [*ActorKind]}), Field(examples=[ActorKind.USER.value])
    ]
    id: Annotated[int | None, Field(description="Null for the operator, and for somebody unknown.", examples=[3])]
    name: Annotated[str, Field(examples=["Alice"])]


class EventTokenJson(TypedDict):
    """The token it is about; where it is about none, the token it was done by."""

    id: Ident
    token_prefix: Annotated[str, Field(description="How its secret begins.", examples=["pat_aB3xYz9W…"])]


class TargetJson(TypedDict):
    """What it was done to, with its name at that time."""

    kind: Annotated[str, Field(examples=["token"])]
    id: Ident
    name: Annotated[str, Field(examples=["Zapier: badge issuing"])]


class EventJson(TypedDict):
    """One event as programs get it, by call and by stream."""

    id: Annotated[int, Field(ge=1, examples=[4711])]
    at: Annotated[
        str, WithJsonSchema({"type": "string", "format": "date-time"}), Field(examples=["2026-11-22T10:00:00Z"])
    ]
    action: Annotated[
        str, Field(description="What was done; later versions add some.", examples=[Action.TOKEN_CREATED.value])
    ]
    outcome: Annotated[
        str, WithJsonSchema({"type": "string", "enum": [*Outcome]}), Field(examples=[Outcome.DONE.value])
    ]
    actor: ActorJson
    token: EventTokenJson | None
    target: TargetJson | None
    address: Annotated[str | None, Field(description="Where it was done from, if known.", examples=["203.0.113.7"])]


def events_before(
    session: Session, reach: Reach, *, before_id: int | None, action: str | None, most: int
) -> list[EventJson]:
    """At most that many events, newest first: those below `before_id`, or the newest; of one action, or of all."""
    return _read(session, _asked(_EVENTS, reach, before_id=before_id, action=action, most=most))


def events_after(session: Session, reach: Reach, *, after_id: int, most: int) -> list[EventJson]:
    """At most that many of the events above `after_id`, oldest first."""
    return _read(session, _asked(_EVENTS, reach, after_id=after_id, most=most))


def _read(session: Session, asked: Asked) -> list[EventJson]:
    # By the connection: a session would look for objects to keep in each row.
    return [_event(row) for row in session.connection().execute(*asked)]


def _event(row: Any) -> EventJson:
    (event_id, at, action, outcome, actor_kind, actor_id, actor_name,
     token_id, hint, target_kind, target_id, target_name, address) = row  # fmt: skip
    return EventJson(
        id=event_id,
        at=as_iso(at),
        action=action,
        outcome=outcome,
        actor=ActorJson(kind=actor_kind, id=actor_id, name=actor_name),
        token=None if token_id is None else EventTokenJson(id=token_id, token_prefix=hint),
        target=None if target_kind is None else TargetJson(kind=target_kind, id=target_id, name=target_name),
        address=address,
    )


_LINES = select(AuditEvent, Token.hint, Token.kind)
_EVENTS = select(
    AuditEvent.id,
    AuditEvent.at,
    AuditEvent.action,
    AuditEvent.outcome,
    AuditEvent.actor_kind,
    AuditEvent.actor_id,
    AuditEvent.actor_name,
    AuditEvent.token_id,
    Token.hint,
    AuditEvent.target_kind,
    AuditEvent.target_id,
    AuditEvent.target_name,
    AuditEvent.address,
)
_NARROWED = {
    "before_id": AuditEvent.id < bindparam("before_id"),
    "after_id": AuditEvent.id > bindparam("after_id"),
    "action": AuditEvent.action == bindparam("action"),
}
# What one person sees: what they did, by page or by token, and what was done to them and to their tokens. A row may be
# in several of these. Each has an index of its own, which none would have that named them all, so that whose few rows
# lie among millions need not wait until all of those were looked at.
_OWN = (
    and_(AuditEvent.actor_kind == ActorKind.USER, AuditEvent.actor_id == bindparam("user_id")),
    and_(AuditEvent.target_kind == "user", AuditEvent.target_id == bindparam("user_id")),
    AuditEvent.token_id.in_(select(Token.id).where(Token.user_id == bindparam("user_id"))),
)


def _asked(query: Query, reach: Reach, **narrowed: int | str | None) -> Asked:
    """`query`, which selects of events and their tokens, for what is in reach, and the values that it is asked with:
    `most` rows, newest first from below `before_id`, or oldest first from above `after_id`."""
    given = {"account_id": reach.account_id, "user_id": reach.user_id, **narrowed}
    values = {name: value for name, value in given.items() if value is not None}
    return _statement(query, frozenset(values)), values


@cache
def _statement(query: Query, given: frozenset[str]) -> Query:
    # Kept, since to build it takes longer than to ask.
    narrowed = [condition for name, condition in _NARROWED.items() if name in given]
    order = AuditEvent.id.asc() if "after_id" in given else AuditEvent.id.desc()
    most = bindparam("most", type_=Integer)

    def ids(part: ColumnElement[bool]) -> Select[int]:
        # In a query of its own, since SQLite takes no LIMIT inside of a UNION.
        return select(select(AuditEvent.id).where(part, *narrowed).order_by(order).limit(most).subquery().c.id)

    if "user_id" in given:
        own = union(*map(ids, _OWN)).subquery()
        found = query.select_from(own).join(AuditEvent, AuditEvent.id == own.c.id)
    else:
        found = query.select_from(AuditEvent).where(*narrowed)
    return (
        found.outerjoin(Token, Token.id == AuditEvent.token_id)
        .where(AuditEvent.account_id == bindparam("account_id"))
        .order_by(order)
        .limit(most)
    )
