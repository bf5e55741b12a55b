"""The tokens of people and accounts in one table, the operator's in another, how much they are used, and what makes
their creation happen once."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Date,
    Enum,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    and_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import User
from portal.database import Base, Id, UtcDateTime, Words


class Kind(StrEnum):
    """Whom a token acts for: a person, the account, or a service of the operator's that asks about other tokens."""

    PERSONAL = "personal"
    ACCOUNT = "account"
    SERVICE = "service"


class Status(StrEnum):
    """What a token is at a moment. One that is being replaced is active until it stops."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


KindName = Enum(Kind, native_enum=False, length=10, create_constraint=False, values_callable=list)


_CHECKED = ("digest", "account_id", "user_id", "scopes", "expires_at", "stops_at", "revoked_at")
_CURRENT = "revoked_at IS NULL AND superseded_at IS NULL"


def _unique(name: str, *columns: str, only: str) -> Index:
    return Index(name, *columns, unique=True, sqlite_where=text(only), postgresql_where=text(only))


class Token(Base):
    """A token without its secret. `replaces_id` is the token it was rotated from.

    The partial unique indexes are the last word on "one account token" and "names differ": they count rows that
    are neither revoked nor superseded, since an index cannot see the clock.
    """

    __tablename__ = "tokens"
    __table_args__ = (
        CheckConstraint("kind IN ('personal', 'account')", name="kind"),
        CheckConstraint("(kind = 'personal') = (user_id IS NOT NULL)", name="owner"),
        _unique("uq_tokens_current_of_account", "account_id", only=f"kind = 'account' AND {_CURRENT}"),
        _unique("uq_tokens_current_name", "user_id", "name_key", only=f"kind = 'personal' AND {_CURRENT}"),
        Index("ix_tokens_user_id", "user_id", "id"),
        Index("ix_tokens_account_id", "account_id", "id"),
        Index("ix_tokens_replaces_id", "replaces_id"),
        # All that a check reads of a token, so that SQLite need not look into the table (`portal.authentication.rows`).
        Index("ix_tokens_check", *_CHECKED, info={"only": "sqlite"}),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[Kind] = mapped_column(KindName)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    made_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(400))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(24))
    scopes: Mapped[tuple[str, ...] | None] = mapped_column(Words)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_from: Mapped[str | None] = mapped_column(String(45))
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stops_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("tokens.id"))

    user: Mapped[User | None] = relationship(foreign_keys=[user_id])
    made_by: Mapped[User] = relationship(foreign_keys=[made_by_id])

    def status(self, now: datetime) -> Status:
        """What the token is at `now`; one that expires exactly then is expired."""
        if self.revoked_at is not None or (self.stops_at is not None and self.stops_at <= now):
            return Status.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return Status.EXPIRED
        return Status.ACTIVE

    @property
    def is_current(self) -> bool:
        """Neither revoked nor superseded; an expired one is current, it keeps its name and its place."""
        return self.revoked_at is None and self.superseded_at is None

    def is_overlapping(self, now: datetime) -> bool:
        """Superseded, and still accepted for a while."""
        return self.superseded_at is not None and self.status(now) is Status.ACTIVE


def is_current() -> ColumnElement[bool]:
    """`Token.is_current`, for queries and indexes."""
    return and_(Token.revoked_at.is_(None), Token.superseded_at.is_(None))


class TokenUsage(Base):
    """How often a token was used on one day (UTC): calls that were let in, and calls that were refused.

    A call that asked for more than a good token may do is a refusal alone, though it counts as the token's last use.
    """

    __tablename__ = "token_usage"

    token_id: Mapped[int] = mapped_column(ForeignKey("tokens.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    calls: Mapped[int] = mapped_column(BigInteger, default=0)
    refusals: Mapped[int] = mapped_column(BigInteger, default=0)


class ServiceToken(Base):
    """The operator's token for a gateway or back end, without its secret. It belongs to no account and no person."""

    __tablename__ = "service_tokens"
    __table_args__ = (
        _unique("uq_service_tokens_current_name", "name_key", only="revoked_at IS NULL"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(400))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    hint: Mapped[str] = mapped_column(String(24))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FormNonce(Base):
    """A form that makes a token works once: its nonce is inserted first, in the transaction that makes the token."""

    __tablename__ = "form_nonces"
    __table_args__ = (UniqueConstraint("user_id", "action", "nonce"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    action: Mapped[str] = mapped_column(String(60))
    nonce: Mapped[str] = mapped_column(String(64))
    token_id: Mapped[int | None] = mapped_column(ForeignKey("tokens.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IdempotencyKey(Base):
    """A call that makes a token works once for each key: what was asked, and the token that came of it."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "key"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    key: Mapped[str] = mapped_column(String(255))
    call_digest: Mapped[str] = mapped_column(String(64))
    token_id: Mapped[int] = mapped_column(ForeignKey("tokens.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
