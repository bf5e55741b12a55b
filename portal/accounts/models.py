"""Accounts, the people in them, and the browsers they are signed in from."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Enum, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.database import Base, Id, UtcDateTime


class Role(StrEnum):
    """What a person may do in their account; a role includes those below it."""

    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"

    def is_at_least(self, other: "Role") -> bool:
        return _RANKS[self] >= _RANKS[other]


_RANKS = {role: rank for rank, role in enumerate(Role)}

# Stored as its word; the table's own check constraint keeps other words out.
RoleName = Enum(Role, native_enum=False, length=10, create_constraint=False, values_callable=list)


class Installation(Base):
    """One row, made with the tables: the random id that the set-up code is derived from."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    setup_id: Mapped[str] = mapped_column(String(64))


class Account(Base):
    """An organisation. Its switch for API access is a column here, so it changes under the account's lock."""

    __tablename__ = "accounts"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(400), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    api_access_enabled: Mapped[bool] = mapped_column(default=False, server_default=false())


class User(Base):
    """A person in one account. Deactivated means `deactivated_at` is set, whatever the clock says."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('owner', 'admin', 'member')", name="role"),
        Index("ix_users_account_id", "account_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(1000), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[Role] = mapped_column(RoleName)
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deactivated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    account: Mapped[Account] = relationship()

    @property
    def is_active(self) -> bool:
        return self.deactivated_at is None


class UserSession(Base):
    """One signed-in browser. The cookie holds the secret, this row its digest, so ending the row ends the cookie."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_user_id", "user_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()
