"""What owners agreed to, and when."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, Id, UtcDateTime


class AgreedStatement(Base):
    """A text that somebody agreed to, kept as it was. `version` is its date and 8 hex digits of its SHA-256."""

    __tablename__ = "agreed_statements"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    version: Mapped[str] = mapped_column(String(20), unique=True)
    text: Mapped[str] = mapped_column(Text)


class Agreement(Base):
    """An owner's agreement, which one token came of."""

    __tablename__ = "agreements"
    __table_args__ = (Index("ix_agreements_account_id", "account_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    statement_id: Mapped[int] = mapped_column(ForeignKey("agreed_statements.id"))
    token_id: Mapped[int] = mapped_column(ForeignKey("tokens.id"))
    address: Mapped[str | None] = mapped_column(String(45))
    agreed_at: Mapped[datetime] = mapped_column(UtcDateTime)
