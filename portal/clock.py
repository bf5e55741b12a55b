"""The time: aware, in UTC, and asked for in one place.

Services never call this room; they are handed `now`, so that a test can choose it.
"""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment, aware, in UTC, with microseconds."""
    return datetime.now(UTC)


def as_iso(at: datetime) -> str:
    """`at` as the API and the log write it: `2026-11-22T10:00:00Z`, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
