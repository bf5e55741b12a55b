"""How values read on a page: days, moments, spans of time, initials, an operator's Markdown."""

from flask import Flask

from portal.clock import ago, as_iso, day, moment, until
from portal.web.markdown import render_markdown


def install(app: Flask) -> None:
    """Adds the filters to the templates of `app`."""
    app.jinja_env.filters.update(
        day=day, moment=moment, ago=ago, until=until, iso=as_iso, initials=initials, markdown=render_markdown
    )


def initials(name: str) -> str:
    """One or two letters for an avatar: of the first and last word."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words[:1])).upper()
