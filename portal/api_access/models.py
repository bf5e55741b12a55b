"""What owners agree to, the security statement, and who agreed to it and when."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base, Id, UtcDateTime

DEFAULT_STATEMENT = Path(__file__).with_name("statement.md")
_FIRST_LINE = re.compile(r"date: (\d{4}-\d{2}-\d{2})\s*")


class UnfitStatement(ValueError):
    """A file that cannot be agreed to; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What owners agree to. `version` is its date, a hyphen and the first 8 hex digits of the SHA-256 of `text`.

    `text` is the whole file, first line included, so that `sha256sum` shows the same digits; `body` is the Markdown
    after that line.
    """

    version: str
    date: date
    text: str
    body: str


def read_statement(path: Path) -> Statement:
    """The statement in that file, UTF-8. Raises `UnfitStatement`."""
    try:
        # Bytes, because reading as text would change line ends, and with them the digits of the version.
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UnfitStatement(f"{path} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UnfitStatement(f"{path} is not UTF-8") from error
    return parse_statement(text)


def parse_statement(text: str) -> Statement:
    """The statement that `text` is. Raises `UnfitStatement` without a date in its first line, or without a word."""
    first, _, body = text.partition("\n")
    written = _date(first)
    if not body.strip():
        raise UnfitStatement("there is no text after the date")
    if "\0" in text:
        raise UnfitStatement("the text holds a NUL character")
    version = f"{written.isoformat()}-{sha256(text.encode()).hexdigest()[:8]}"
    return Statement(version=version, date=written, text=text, body=body)


def _date(first_line: str) -> date:
    found = _FIRST_LINE.fullmatch(first_line)
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError as error:
        raise UnfitStatement("write the date in the first line, like date: 2026-11-22") from error


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
