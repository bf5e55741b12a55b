"""The security log, read: whose rows somebody sees, and what each one says in plain words.

Nothing is written here. Pages show lines, never rows, so that a template cannot ask the database for more.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from portal.audit import Action, ActorKind, AuditEvent, Outcome
from portal.problems import PROBLEMS
from portal.tokens.models import Kind, Token

PAGE_SIZE = 50


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
    """What that person did, by page or by token, and what was done to them and to their tokens."""
    own_tokens = select(Token.id).where(Token.account_id == account_id, Token.user_id == user_id)
    is_own = or_(
        and_(AuditEvent.actor_kind == ActorKind.USER, AuditEvent.actor_id == user_id),
        and_(AuditEvent.target_kind == "user", AuditEvent.target_id == user_id),
        AuditEvent.token_id.in_(own_tokens),
    )
    return _lines(session, is_own, account_id=account_id, cut=cut)


def account_lines(session: Session, *, account_id: int, cut: Cut) -> Lines:
    """Everything that was done in the account."""
    return _lines(session, AuditEvent.account_id == account_id, account_id=account_id, cut=cut)


def _lines(session: Session, wanted: ColumnElement[bool], *, account_id: int, cut: Cut) -> Lines:
    # Upward from `after` the nearest rows are wanted, not the newest ones; they are turned around below.
    is_upward = cut.before is None and cut.after is not None
    query = (
        select(AuditEvent, Token.hint, Token.kind)
        .outerjoin(Token, Token.id == AuditEvent.token_id)
        .where(AuditEvent.account_id == account_id, wanted)
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
