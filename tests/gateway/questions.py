"""What services ask and holders send, and the rows behind it."""

from sqlalchemy import update

from portal.audit import OPERATOR
from portal.clock import utc_now
from portal.database import Database
from portal.tokens import services
from portal.tokens.models import Token

INTROSPECT, REVOKE = "/introspect", "/revoke"


def new_service(database: Database, name: str = "Badge gateway") -> str:
    """The secret of a new service token."""
    issued = database.transaction(
        lambda session: services.create(session, OPERATOR, name=name, prefix="svc", now=utc_now())
    )
    return issued.secret.reveal()


def row(database: Database, token_id: int) -> Token:
    with database.reading() as session:
        return session.get_one(Token, token_id)


def set_moments(database: Database, token_id: int, **moments: object) -> None:
    database.transaction(lambda session: session.execute(update(Token).where(Token.id == token_id).values(**moments)))
