"""What is quickly written: Flask, Flask-HTTPAuth, the ORM, and `last_used_at` updated in each call."""

import os
from datetime import UTC, datetime
from hashlib import sha256

from flask import Flask, Response
from flask_httpauth import HTTPTokenAuth
from sqlalchemy import ForeignKey, String, create_engine, event, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    joinedload,
    mapped_column,
    relationship,
    scoped_session,
    sessionmaker,
)

engine = create_engine(f"sqlite:///{os.environ['BENCH_DATABASE']}")
Session = scoped_session(sessionmaker(engine))


@event.listens_for(engine, "connect")
def _prepare(connection, _record):
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    is_active: Mapped[bool] = mapped_column(default=True)


class Token(Base):
    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


app = Flask(__name__)
auth = HTTPTokenAuth()


@app.teardown_appcontext
def _let_go(_error):
    Session.remove()


@auth.verify_token
def verify(secret):
    query = select(Token).options(joinedload(Token.user)).where(Token.digest == sha256(secret.encode()).hexdigest())
    token = Session.scalars(query).one_or_none()
    if token is None or token.revoked_at is not None or not token.user.is_active:
        return None
    user_id = token.user_id
    token.last_used_at = datetime.now(UTC).replace(tzinfo=None)
    Session.commit()
    return user_id


@app.get("/check")
@auth.login_required
def check():
    return Response(status=204, headers={"X-User": str(auth.current_user())})


def seed(secrets, tokens):
    """Makes the tables and the tokens, of which `secrets` can be called."""
    Base.metadata.create_all(engine)
    with Session() as session:
        session.add(User(id=1, name="Alice"))
        texts = [*secrets, *(f"another-{number}" for number in range(tokens - len(secrets)))]
        session.add_all(Token(digest=sha256(text.encode()).hexdigest(), user_id=1) for text in texts)
        session.commit()
