"""The security log, read: whose rows somebody sees, what each one says in plain words, and what programs get of it.

Nothing is written here. Pages show lines, never rows, so that a template cannot ask the database for more.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from portal.accounts.models import Role
from portal.audit import Action, ActorKind, AuditEvent, Outcome
from portal.clock import as_iso
from portal.problems import PROBLEMS
from portal.tokens.models import Kind, Token

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose events somebody sees: of the whole account (`user_id` None), or of that one person in it."""

    account_id: int
    user_id: int | None

    def holds(self) -> ColumnElement[bool]:
        """Which rows of the log joined with `Token` these are. Of one person: what they did, by page or by token, and
        what was done to them and to their tokens."""
        in_account = AuditEvent.account_id == self.account_id
        if self.user_id is None:
            return in_account
        is_own = or_(
            and_(AuditEvent.actor_kind == ActorKind.USER, AuditEvent.actor_id == self.user_id),
            and_(AuditEvent.target_kind == "user", AuditEvent.target_id == self.user_id),
            Token.user_id == self.user_id,
        )
        return and_(in_account, is_own)


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
    query = (
        select(AuditEvent, Token.hint, Token.kind)
        .outerjoin(Token, Token.id == AuditEvent.token_id)
        .where(reach.holds())
        .order_by(AuditEvent.id.asc() if is_upward else AuditEvent.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if cut.before is not None:
        query = query.where(AuditEvent.id < cut.before)
    elif is_upward:
        query = query.where(AuditEvent.id > cut.after)
    found = [_line(event, hint, kind) for event, hint, kind in session.execute(query)]
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
    is_refused = event.outcome == Outcome.REFUSED
    return Line(
        id=event.id,
        at=event.at,
        sentence=sentence(event, kind),
        is_refused=is_refused,
        count=event.count,
        address=event.address,
        token_hint=hint,
        remark=_reason(event.detail) if is_refused else _capitalised(event.detail),
    )


def sentence(event: AuditEvent, kind: Kind | None) -> str:
    """What happened, as one says it; `kind` is the kind of the token it is about. An unknown action keeps its name."""
    done, tried = WORDS.get(event.action, _UNKNOWN)
    words = tried if event.outcome == Outcome.REFUSED else done
    return words.format(
        who=_who(event), whom=_whom(event), whose=_whose(event), token=_token(event, kind), action=event.action
    )


# Action → the sentence when it was done, and when it was refused.
WORDS: dict[str, tuple[str, str]] = {
    Action.ACCOUNT_CREATED: ("{who} created the account “{whom}”", "{who} tried to create the account “{whom}”"),
    Action.USER_CREATED: ("{who} added {whom} to the account", "{who} tried to add {whom} to the account"),
    Action.USER_DEACTIVATED: ("{who} deactivated {whom}", "{who} tried to deactivate {whom}"),
    Action.USER_REACTIVATED: ("{who} reactivated {whom}", "{who} tried to reactivate {whom}"),
    Action.USER_RENAMED: ("{who} changed {whose} name", "{who} tried to change {whose} name"),
    Action.PASSWORD_CHANGED: ("{who} changed {whose} password", "{who} tried to change {whose} password"),
    Action.SESSION_STARTED: ("{who} signed in", "{who} tried to sign in"),
    Action.SESSION_REFUSED: ("Signing in as {who} was refused", "Signing in as {who} was refused"),
    Action.SESSION_ENDED: ("{who} signed out", "{who} tried to sign out"),
    Action.API_ACCESS_ENABLED: ("{who} turned API access on", "{who} tried to turn API access on"),
    Action.API_ACCESS_DISABLED: ("{who} turned API access off", "{who} tried to turn API access off"),
    Action.STATEMENT_AGREED: ("{who} agreed to the security statement", "{who} tried to agree to the statement"),
    Action.TOKEN_CREATED: ("{who} made {token}", "{who} tried to make {token}"),
    Action.TOKEN_RENAMED: ("{who} renamed {token}", "{who} tried to rename {token}"),
    Action.TOKEN_ROTATED: ("{who} rotated {token}", "{who} tried to rotate {token}"),
    Action.TOKEN_STOPPED: ("{who} stopped the old secret of {token}", "{who} tried to stop the old secret of {token}"),
    Action.TOKEN_REVOKED: ("{who} revoked {token}", "{who} tried to revoke {token}"),
    Action.CALL_REFUSED: ("{who} made a call that was refused", "{who} made a call that was refused"),
}  # fmt: skip

# From a newer version that wrote into the same log.
_UNKNOWN = ("{who}: {action}", "{who}: {action}")


def _who(event: AuditEvent) -> str:
    if event.actor_kind == ActorKind.ACCOUNT:
        return f"The account token of {event.actor_name}"
    if event.actor_kind == ActorKind.NONE:
        return "Somebody we do not know"
    return event.actor_name


def _whom(event: AuditEvent) -> str:
    return event.target_name or "somebody"


def _whose(event: AuditEvent) -> str:
    is_themselves = event.actor_kind == ActorKind.USER and event.target_id in {None, event.actor_id}
    return "their" if is_themselves else f"{_whom(event)}'s"


def _token(event: AuditEvent, kind: Kind | None) -> str:
    if kind is Kind.ACCOUNT:
        return "the account token"
    return f"the personal access token “{event.target_name}”" if event.target_name else "a personal access token"


def _reason(detail: str | None) -> str | None:
    if detail in _REASONS:
        return _REASONS[detail]
    problem = PROBLEMS.get(detail or "")
    return problem.meaning if problem else _capitalised(detail)


# Reasons that are no answers of the JSON API, or that are meant for somebody else there.
_REASONS = {
    "wrong_password": "The password was wrong.",
    "user_inactive": "The person has been deactivated.",
}


def _capitalised(text: str | None) -> str | None:
    return text and text[0].upper() + text[1:]


class ActorJson(TypedDict):
    """Who did it; `id` is null for the operator and for somebody we do not know."""

    kind: str
    id: int | None
    name: str


class EventTokenJson(TypedDict):
    """The token it was done by, or is about."""

    id: int
    token_prefix: str


class TargetJson(TypedDict):
    """What it was done to, with its name at that time."""

    kind: str
    id: int
    name: str


class EventJson(TypedDict):
    """One event as programs get it, by call and by stream."""

    id: int
    at: str
    action: str
    outcome: str
    actor: ActorJson
    token: EventTokenJson | None
    target: TargetJson | None
    address: str | None


def events_before(
    session: Session, reach: Reach, *, before_id: int | None, action: str | None, most: int
) -> list[EventJson]:
    """At most that many events, newest first: those below `before_id`, or the newest; of one action, or of all."""
    query = _events(reach).order_by(AuditEvent.id.desc()).limit(most)
    if before_id is not None:
        query = query.where(AuditEvent.id < before_id)
    if action is not None:
        query = query.where(AuditEvent.action == action)
    return _read(session, query)


def events_after(session: Session, reach: Reach, *, after_id: int, most: int) -> list[EventJson]:
    """At most that many of the events above `after_id`, oldest first."""
    return _read(session, _events(reach).where(AuditEvent.id > after_id).order_by(AuditEvent.id).limit(most))


def _events(reach: Reach) -> Select[*tuple[Any, ...]]:
    return (
        select(
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
        .outerjoin(Token, Token.id == AuditEvent.token_id)
        .where(reach.holds())
    )


def _read(session: Session, query: Select[*tuple[Any, ...]]) -> list[EventJson]:
    # By the connection: a session would look for objects to keep in each row.
    return [_event(row) for row in session.connection().execute(query)]


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
