"""How tokens stand that were let in a while ago: many of them in one read, within a transaction of the caller's.

For those who keep somebody connected. What is read beside it in the same transaction is as old as the answer.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from portal.authentication.principal import Principal
from portal.authentication.refused import Refused
from portal.authentication.rows import HOW_TOKENS_STAND, read_token
from portal.database import filled_up

_QUERY = text(f"{HOW_TOKENS_STAND} WHERE t.id IN :ids").bindparams(bindparam("ids", expanding=True))
# SQLite takes 32,766 values in one statement.
_IN_ONE_GO = 5_000

Standing = Principal | Refused


def standing_of(
    session: Session, token_ids: Sequence[int], *, account_scopes: tuple[str, ...], now: datetime
) -> dict[int, Standing]:
    """For each of these tokens whom it acts for today, or why it is dead. Tokens of services are not among them."""
    return dict(_found(session, token_ids, account_scopes, now))


def _found(
    session: Session, token_ids: Sequence[int], account_scopes: tuple[str, ...], now: datetime
) -> Iterator[tuple[int, Standing]]:
    connection = session.connection()
    for at in range(0, len(token_ids), _IN_ONE_GO):
        for row in connection.execute(_QUERY, {"ids": filled_up(token_ids[at : at + _IN_ONE_GO])}):
            principal, refusal = read_token(row, now, account_scopes)
            yield principal.token_id, refusal or principal
