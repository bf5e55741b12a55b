"""The time: aware, in UTC, asked for in one place, and said in the same words everywhere.

Services never ask it here; they are handed `now`, so that a test can choose it.
"""

from datetime import UTC, date, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STEPS = (("year", 365 * 86400), ("month", 30 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60))


def utc_now() -> datetime:
    """The present moment, aware, in UTC, with microseconds."""
    return datetime.now(UTC)


def as_iso(at: datetime) -> str:
    """`at` as the API and the log write it: `2026-11-22T10:00:00Z`, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(at: date) -> str:
    """`22 Nov 2026`; of a moment, its day in UTC."""
    if isinstance(at, datetime):
        at = at.astimezone(UTC)
    # Not by `strftime`: the words must not depend on the machine's language, and a list asks for hundreds of days.
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def moment(at: datetime) -> str:
    """`22 Nov 2026, 10:00 UTC`."""
    return f"{day(at)}, {at.astimezone(UTC):%H:%M} UTC"


def ago(at: datetime, now: datetime | None = None) -> str:
    """`3 minutes ago`; within the last minute (and for clocks that differ a little) `just now`."""
    words = _span(((now or utc_now()) - at).total_seconds())
    return f"{words} ago" if words else "just now"


def until(at: datetime, now: datetime | None = None) -> str:
    """`in 6 days`; less than a minute away `in a moment`."""
    words = _span((at - (now or utc_now())).total_seconds())
    return f"in {words}" if words else "in a moment"


def span(seconds: int) -> str:
    """`15 minutes`, rounded up so that nobody comes back too early; under a minute `40 seconds`."""
    if seconds < 60:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return _span(seconds + 59)


def _span(seconds: float) -> str:
    for unit, size in _STEPS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return ""
