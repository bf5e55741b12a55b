"""The OpenAPI document of a running app, found in its routes. Made once, by the first who asks."""

from flask import Flask

from portal.authentication.openapi import Document, Route, document
from portal.clock import utc_now
from portal.current import running_in

_KEY = "portal.document"
# Flask's own: HEAD answers as GET, OPTIONS is refused.
_UNTOLD = frozenset({"HEAD", "OPTIONS"})


def routes_in(app: Flask) -> list[Route]:
    """Every method of every path of `app`, in the order in which they were declared."""
    return [
        Route(method, rule.rule, app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - _UNTOLD)
    ]


def document_in(app: Flask) -> Document:
    """The document of `app`, which does not change while it runs."""
    found: Document | None = app.extensions.get(_KEY)
    if found is None:
        found = app.extensions[_KEY] = document(routes_in(app), running_in(app).settings, now=utc_now())
    return found
