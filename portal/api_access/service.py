"""What owners do with the account's switch and its one token.

Every verb locks the account, reads the acting owner and the state again under that lock, and compares it with the
state that the form was shown for. Nothing that could be used exists before somebody agreed to the statement.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, text
from sqlalchemy.orm import Session, joinedload

from portal.accounts.models import Account, Role, User
from portal.accounts.service import lock_acting_user
from portal.api_access.models import (
    DEFAULT_STATEMENT,
    AgreedStatement,
    Agreement,
    Statement,
    UnfitStatement,
    read_statement,
)
from portal.audit import Action, Actor, AuditEvent, Outcome, Target, record
from portal.errors import PortalError, WrongSetting, WrongState
from portal.settings import Settings
from portal.tokens import service as tokens
from portal.tokens.models import Kind, Token
from portal.tokens.nonces import Once
from portal.tokens.service import Issued

TOKEN_NAME = "API access"

_SWITCHED = (Action.API_ACCESS_ENABLED, Action.API_ACCESS_DISABLED)
_TOKEN_CHANGED = (Action.TOKEN_CREATED, Action.TOKEN_ROTATED, Action.TOKEN_STOPPED, Action.TOKEN_REVOKED)


class AlreadyHolds(PortalError):
    """What was asked is so already. Nothing was done."""


class StateChanged(WrongState):
    """The form was shown for an older state. Nothing was done."""


class StatementChanged(WrongState):
    """The form was shown with another version of the statement. Nothing was done."""


@dataclass(frozen=True, slots=True)
class State:
    """API access of one account at a moment. `newest` is its last account token, dead ones too."""

    is_on: bool
    newest: Token | None
    overlapping: Token | None

    @property
    def token(self) -> Token | None:
        """The account's one current token, while access is on."""
        return self.newest if self.is_on and self.newest is not None and self.newest.is_current else None

    @property
    def awaits_agreement(self) -> bool:
        """On, and there is no token: the statement is due."""
        return self.is_on and self.token is None

    @property
    def version(self) -> str:
        """What a form carries of the state it was shown for.

        The end of an overlap is not in it: that comes by the clock, and makes no form wrong.
        """
        switch, token = ("on" if self.is_on else "off"), ("token" if self.token else "none")
        return f"{switch}-{self.newest.id if self.newest else 0}-{token}"


@dataclass(frozen=True, slots=True)
class Consent:
    """An owner's "Agree": the present statement, the versions that the form showed, and what makes it count once."""

    statement: Statement
    seen_statement: str
    seen_state: str
    once: Once


def load_statement(settings: Settings) -> Statement:
    """The statement of this portal. Raises `WrongSetting`, so that an unfit file stops the start."""
    try:
        return read_statement(settings.security_statement_file or DEFAULT_STATEMENT)
    except UnfitStatement as error:
        raise WrongSetting(f"PORTAL_SECURITY_STATEMENT_FILE: {error}.") from error


def read_state(session: Session, *, account_id: int, now: datetime) -> State:
    """API access of that account as it is."""
    account = session.get_one(Account, account_id)
    query = (
        select(Token)
        .where(Token.account_id == account_id, Token.kind == Kind.ACCOUNT)
        .order_by(Token.id.desc())
        .limit(1)
        .options(joinedload(Token.made_by))
    )
    newest = session.scalars(query).one_or_none()
    overlapping = tokens.overlapping_predecessor(session, newest, now=now) if newest else None
    return State(is_on=account.api_access_enabled, newest=newest, overlapping=overlapping)


def last_change(session: Session, *, account_id: int) -> AuditEvent | None:
    """The last change of API access or of its token: who did it, and when."""
    query = (
        select(AuditEvent)
        .outerjoin(Token, Token.id == AuditEvent.token_id)
        .where(AuditEvent.account_id == account_id, AuditEvent.outcome == Outcome.DONE, _is_about_api_access())
        .order_by(AuditEvent.id.desc())
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def _is_about_api_access() -> ColumnElement[bool]:
    is_about_token = and_(AuditEvent.action.in_(_TOKEN_CHANGED), Token.kind == Kind.ACCOUNT)
    return or_(AuditEvent.action.in_(_SWITCHED), is_about_token)


def enable(session: Session, actor: Actor, *, seen: str, now: datetime) -> None:
    """Turns API access on; no token comes of it. Raises `AlreadyHolds`, `StateChanged`, `NotAllowed`."""
    owner, state = _locked(session, actor, now=now)
    if state.is_on:
        raise AlreadyHolds("API access is on already.")
    _refuse_older(state, seen)
    owner.account.api_access_enabled = True
    _record_switch(session, Action.API_ACCESS_ENABLED, actor, owner, now=now)


def disable(session: Session, actor: Actor, *, seen: str, now: datetime) -> None:
    """Turns API access off and kills the token, an overlapping one too.

    Raises `AlreadyHolds`, `StateChanged`, `NotAllowed`.
    """
    owner, state = _locked(session, actor, now=now)
    refuse_disabling(state, seen=seen)
    if state.token:
        tokens.revoke(session, actor, state.token, now=now, detail="API access turned off")
    owner.account.api_access_enabled = False
    _record_switch(session, Action.API_ACCESS_DISABLED, actor, owner, now=now)


def refuse_disabling(state: State, *, seen: str) -> None:
    """Raises `AlreadyHolds` when API access is off, `StateChanged` when the form saw an older state."""
    if not state.is_on:
        raise AlreadyHolds("API access is off already.")
    _refuse_older(state, seen)


def agree(session: Session, actor: Actor, *, consent: Consent, prefix: str, now: datetime) -> Issued:
    """Records the agreement and makes the account's token.

    Raises `AlreadyDone`, `StateChanged`, `StatementChanged`, `NotAllowed`.
    """
    owner, state = _begin(session, actor, consent, now=now)
    if not state.awaits_agreement:
        raise StateChanged
    _record_agreement(session, actor, owner, consent, now=now)
    new = tokens.NewToken(
        kind=Kind.ACCOUNT,
        prefix=prefix,
        account_id=owner.account_id,
        user_id=None,
        made_by_id=owner.id,
        name=TOKEN_NAME,
        scopes=None,
        expires_at=None,
    )
    issued = tokens.issue(session, actor, new, now=now)
    _keep_agreement(session, actor, issued.token, consent, now=now)
    return issued


def rotate(
    session: Session, actor: Actor, *, consent: Consent, overlap: timedelta, prefix: str, now: datetime
) -> Issued:
    """Records the agreement and replaces the account's token; the old one works on for `overlap`.

    Raises `AlreadyDone`, `StateChanged`, `StatementChanged`, `NotAllowed`.
    """
    owner, state = _begin(session, actor, consent, now=now)
    if state.token is None:
        raise StateChanged
    _record_agreement(session, actor, owner, consent, now=now)
    issued = tokens.rotate(session, actor, state.token, prefix=prefix, overlap=overlap, expires_at=None, now=now)
    _keep_agreement(session, actor, issued.token, consent, now=now)
    return issued


def stop_old(session: Session, actor: Actor, *, seen: str, now: datetime) -> Token:
    """Stops the token that was rotated and still works, and returns it.

    Raises `AlreadyHolds` when none works any more, `StateChanged`, `NotAllowed`.
    """
    _, state = _locked(session, actor, now=now)
    if state.token is None or state.overlapping is None:
        raise AlreadyHolds("The old token has stopped already.")
    _refuse_older(state, seen)
    tokens.stop_predecessor(session, actor, state.token, now=now)
    return state.overlapping


def _locked(session: Session, actor: Actor, *, now: datetime) -> tuple[User, State]:
    owner = lock_acting_user(session, actor, at_least=Role.OWNER)
    return owner, read_state(session, account_id=owner.account_id, now=now)


def _refuse_older(state: State, seen: str) -> None:
    if state.version != seen:
        raise StateChanged


def _record_switch(session: Session, action: Action, actor: Actor, owner: User, *, now: datetime) -> None:
    record(session, action, actor, account_id=owner.account_id, now=now, target=_target(owner.account))


def _target(account: Account) -> Target:
    return Target(kind="account", id=account.id, name=account.name)


def _begin(session: Session, actor: Actor, consent: Consent, *, now: datetime) -> tuple[User, State]:
    owner = lock_acting_user(session, actor, at_least=Role.OWNER)
    consent.once.begin(session, user_id=owner.id, now=now)
    state = read_state(session, account_id=owner.account_id, now=now)
    _refuse_older(state, consent.seen_state)
    return owner, state


def _record_agreement(session: Session, actor: Actor, owner: User, consent: Consent, *, now: datetime) -> None:
    """Comes before the token in the log, as it came in life. Raises `StatementChanged`."""
    version = consent.statement.version
    if version != consent.seen_statement:
        raise StatementChanged
    account = owner.account
    record(
        session,
        Action.STATEMENT_AGREED,
        actor,
        account_id=account.id,
        now=now,
        target=_target(account),
        detail=version,
    )


def _keep_agreement(session: Session, actor: Actor, token: Token, consent: Consent, *, now: datetime) -> None:
    agreement = Agreement(
        account_id=token.account_id,
        user_id=token.made_by_id,
        statement_id=_kept(session, consent.statement),
        token_id=token.id,
        address=actor.address,
        agreed_at=now,
    )
    session.add(agreement)
    consent.once.done(session, token)
    session.flush()


def _kept(session: Session, statement: Statement) -> int:
    """The id of the row that keeps the text as it was."""
    # Owners of two accounts may be the first to agree to a text at once, each under a lock of their own.
    insert = text("INSERT INTO agreed_statements (version, text) VALUES (:version, :text) ON CONFLICT DO NOTHING")
    session.execute(insert, {"version": statement.version, "text": statement.text})
    query = select(AgreedStatement.id).where(AgreedStatement.version == statement.version)
    return session.scalars(query).one()
