"""A peer: what one writes in an afternoon. Flask-HTTPAuth, the ORM, and an UPDATE of `last_used_at` in each call."""

import os
import secrets
from datetime import UTC, datetime
from hashlib import sha256

from flask import Flask
from flask_httpauth import HTTPTokenAuth
from sqlalchemy import ForeignKey, create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

ON_ONE_USER = 100

app = Flask(__name__)
auth = HTTPTokenAuth()


class Base(DeclarativeBase):
    """The two tables."""


class User(Base):
    """Somebody with tokens."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Token(Base):
    """A token, by its digest."""

    __tablename__ = "tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    digest: Mapped[str] = mapped_column(unique=True)
    last_used_at: Mapped[datetime | None]
    user: Mapped[User] = relationship(lazy="joined")


engine = create_engine(f"sqlite:///{os.environ['BENCH_DATABASE']}", connect_args={"timeout": 30})
# The kinder of two settings: with SQLite's defaults this peer is slower by more than half again.
event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA journal_mode = WAL"))


@auth.verify_token
def verify(secret: str) -> tuple[str, int] | None:
    with Session(engine) as session:
        token = session.scalars(select(Token).where(Token.digest == sha256(secret.encode()).hexdigest())).one_or_none()
        if token is None:
            return None
        found = token.user.name, token.id
        token.last_used_at = datetime.now(UTC)
        session.commit()
        return found


@app.get("/me")
@auth.login_required
def me() -> dict[str, object]:
    name, token_id = auth.current_user()
    return {"name": name, "token": token_id}


def fill(count: int) -> list[str]:
    """Makes the tables with `count` tokens and returns the secrets."""
    made = [secrets.token_urlsafe(32) for _ in range(count)]
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(User(id=number, name=f"user {number}") for number in range(1, count // ON_ONE_USER + 2))
        session.add_all(
            Token(user_id=number // ON_ONE_USER + 1, digest=sha256(secret.encode()).hexdigest())
            for number, secret in enumerate(made)
        )
        session.commit()
    return made
