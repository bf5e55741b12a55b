"""Reading the security log in tests."""

from sqlalchemy import select

from portal.app import Portal
from portal.audit import AuditEvent
from portal.current import running_in
from portal.database import Database


def events(database: Database, action: str | None = None) -> list[AuditEvent]:
    """All events, oldest first; of one action alone when it is named."""
    query = select(AuditEvent).order_by(AuditEvent.id)
    if action:
        query = query.where(AuditEvent.action == action)
    with database.reading() as session:
        return list(session.scalars(query))


def actions(database: Database) -> list[str]:
    """What was recorded, oldest first."""
    return [event.action for event in events(database)]


def write_notes(app: Portal) -> None:
    """Writes what was only noted so far, as the recorder does when its minute is over."""
    running_in(app).recorder.flush(is_last=True)
