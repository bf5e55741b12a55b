"""Which rule a request met, for those who count it: a path as it was sent would be a new number each time."""

from flask import Flask, request

from portal.access_log import ROUTE
from portal.metrics import NO_ROUTE


def install(app: Flask) -> None:
    """Notes the rule of each request of `app` before any view sees it."""
    app.before_request(_note_route)


def _note_route() -> None:
    request.environ[ROUTE] = NO_ROUTE if request.url_rule is None else request.url_rule.rule
