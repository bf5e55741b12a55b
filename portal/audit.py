"""The security log: what was done, refused and agreed to. Rows are added, never changed.

Every verb that changes something calls `record` in the transaction of the change, so the two stand or fall
together.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from portal.database import Base, Id, UtcDateTime


class Action(StrEnum):
    """The closed list of events. Names are public: later ones are added, none is renamed."""

    ACCOUNT_CREATED = "account.created"
    USER_CREATED = "user.created"
    USER_DEACTIVATED = "user.deactivated"
    USER_REACTIVATED = "user.reactivated"
    USER_RENAMED = "user.renamed"
    PASSWORD_CHANGED = "password.changed"
    SESSION_STARTED = "session.started"
    SESSION_REFUSED = "session.refused"
    SESSION_ENDED = "session.ended"
    API_ACCESS_ENABLED = "api_access.enabled"
    API_ACCESS_DISABLED = "api_access.disabled"
    STATEMENT_AGREED = "statement.agreed"
    TOKEN_CREATED = "token.created"
    TOKEN_RENAMED = "token.renamed"
    TOKEN_ROTATED = "token.rotated"
    TOKEN_STOPPED = "token.stopped"
    TOKEN_REVOKED = "token.revoked"
    CALL_REFUSED = "call.refused"


class Outcome(StrEnum):
    """Whether it happened."""

    DONE = "done"
    REFUSED = "refused"


class ActorKind(StrEnum):
    """Who can act. `none`: nobody that we know."""

    USER = "user"
    ACCOUNT = "account"
    SERVICE = "service"
    OPERATOR = "operator"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the log keeps it. For kind `user` the id is the user's, for `account` the account's.

    `address` is the client's, `token_id` the token it acts by; both None where there is none.
    """

    kind: ActorKind
    account_id: int | None
    id: int | None
    name: str
    address: str | None = None
    token_id: int | None = None


OPERATOR = Actor(kind=ActorKind.OPERATOR, account_id=None, id=None, name="Operator")


@dataclass(frozen=True, slots=True)
class Target:
    """What was acted upon: its kind (`token`, `user`, `account`, `service`), id and name at that time."""

    kind: str
    id: int
    name: str


class AuditEvent(Base):
    """One row of the security log. `detail` is a short word or phrase: a reason, a version, a former name."""

    __tablename__ = "audit_events"
    __table_args__ = (
        CheckConstraint("outcome IN ('done', 'refused')", name="outcome"),
        Index("ix_audit_events_account_id_id", "account_id", "id"),
        Index("ix_audit_events_action", "account_id", "action", "id"),
        # What one person sees of it is found by these, see `portal.activity`.
        Index("ix_audit_events_actor", "actor_kind", "actor_id", "id"),
        Index("ix_audit_events_target", "target_kind", "target_id", "id"),
        Index("ix_audit_events_token", "token_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    # None for what concerns the operator alone: the service tokens.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    action: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[str] = mapped_column(String(10))
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor_id: Mapped[int | None] = mapped_column(Id)
    actor_name: Mapped[str] = mapped_column(String(100))
    address: Mapped[str | None] = mapped_column(String(45))
    token_id: Mapped[int | None] = mapped_column(ForeignKey("tokens.id"))
    target_kind: Mapped[str | None] = mapped_column(String(10))
    target_id: Mapped[int | None] = mapped_column(Id)
    target_name: Mapped[str | None] = mapped_column(String(254))
    detail: Mapped[str | None] = mapped_column(String(200))
    # How often within the minute; more than 1 on refusals alone.
    count: Mapped[int] = mapped_column(default=1)


def record(
    session: Session,
    action: Action,
    actor: Actor,
    *,
    account_id: int | None,
    now: datetime,
    outcome: Outcome = Outcome.DONE,
    token_id: int | None = None,
    target: Target | None = None,
    detail: str | None = None,
    count: int = 1,
) -> None:
    """Adds one event to `account_id`'s log; None is the operator's own. `token_id` is the token it is about, by
    default the actor's own.

    The caller holds the account lock, so that ids are in commit order within an account.
    """
    session.add(
        AuditEvent(
            account_id=account_id,
            at=now,
            action=action,
            outcome=outcome,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            address=actor.address,
            token_id=actor.token_id if token_id is None else token_id,
            target_kind=target.kind if target else None,
            target_id=target.id if target else None,
            target_name=target.name if target else None,
            detail=detail,
            count=count,
        )
    )
