"""When each token was last used: noted during the call, written outside of it, in batches, never backwards."""

import threading
from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from portal.database import Database
from portal.recorder import MOST_NOTES
from portal.tokens.models import Token


class LastUses:
    """The uses of one process that are not written yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used_at: dict[int, datetime] = {}

    def note(self, token_id: int, at: datetime) -> None:
        with self._lock:
            if token_id in self._used_at or len(self._used_at) < MOST_NOTES:
                self._used_at[token_id] = at

    def write(self, database: Database, *, is_last: bool) -> None:
        with self._lock:
            noted, self._used_at = self._used_at, {}
        if noted:
            database.transaction(lambda session: _write(session, noted))


def _write(session: Session, noted: dict[int, datetime]) -> None:
    # In the order of ids, so that two processes never wait for each other in a circle.
    for token_id, at in sorted(noted.items()):
        is_newer = or_(Token.last_used_at.is_(None), Token.last_used_at < at)
        session.execute(update(Token).where(Token.id == token_id, is_newer).values(last_used_at=at))
