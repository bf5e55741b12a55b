"""When each service token was last used: noted during the call, written outside of it, in batches, never backwards."""

import threading
from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from portal.database import Database
from portal.tokens.models import ServiceToken


class ServiceUses:
    """The uses of one process that are not written yet. Only good tokens are noted, and those are few."""

    name = "service_uses"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used_at: dict[int, datetime] = {}

    def note(self, service_id: int, at: datetime) -> None:
        """Notes a use of that service token."""
        with self._lock:
            self._used_at[service_id] = at

    def write(self, database: Database, *, is_last: bool) -> None:
        with self._lock:
            noted, self._used_at = self._used_at, {}
        if noted:
            database.transaction(lambda session: _write(session, noted))


def _write(session: Session, noted: dict[int, datetime]) -> None:
    # In the order of ids, so that two processes never wait for each other in a circle.
    for service_id, at in sorted(noted.items()):
        is_newer = or_(ServiceToken.last_used_at.is_(None), ServiceToken.last_used_at < at)
        session.execute(update(ServiceToken).where(ServiceToken.id == service_id, is_newer).values(last_used_at=at))
