"""How values read on a page: days, moments, spans of time, initials, an operator's Markdown."""

from datetime import UTC, date, datetime, timedelta

from flask import Flask

from portal.clock import as_iso, utc_now
from portal.web.markdown import render_markdown

_STEPS = (("year", 365 * 86400), ("month", 30 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60))


def install(app: Flask) -> None:
    """Adds the filters to the templates of `app`."""
    app.jinja_env.filters.update(
        day=day, moment=moment, ago=ago, until=until, iso=as_iso, initials=initials, markdown=render_markdown
    )


def day(at: date) -> str:
    """`22 Nov 2026`; of a moment, its day in UTC."""
    if isinstance(at, datetime):
        at = at.astimezone(UTC)
    return f"{at.day} {at:%b %Y}"


def moment(at: datetime) -> str:
    """`22 Nov 2026, 10:00 UTC`."""
    return f"{day(at)}, {at.astimezone(UTC):%H:%M} UTC"


def ago(at: datetime, now: datetime | None = None) -> str:
    """`3 minutes ago`; within the last minute (and for clocks that differ a little) `just now`."""
    words = _span((now or utc_now()) - at)
    return f"{words} ago" if words else "just now"


def until(at: datetime, now: datetime | None = None) -> str:
    """`in 6 days`; less than a minute away `in a moment`."""
    words = _span(at - (now or utc_now()))
    return f"in {words}" if words else "in a moment"


def initials(name: str) -> str:
    """One or two letters for an avatar: of the first and last word."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words[:1])).upper()


def _span(length: timedelta) -> str:
    seconds = length.total_seconds()
    for unit, size in _STEPS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return ""
