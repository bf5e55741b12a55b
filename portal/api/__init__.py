"""The JSON API: `/api/v1`, and older paths that lead to the same. JSON in and out, guarded by tokens alone; no page,
no cookie."""

import re

from flask import Flask, request

from portal.accounts.guards import PROGRAMS
from portal.api import account_views, activity_views, document_views, older, token_views, views
from portal.authentication import decorator
from portal.errors import NotFound

_SLASHES = re.compile("/{2,}")


def install(app: Flask) -> None:
    """Adds the JSON API to `app`."""
    decorator.install(app)
    app.before_request(_refuse_doubled_slashes)
    for room in (views, token_views, account_views, activity_views, document_views, older):
        app.register_blueprint(room.blueprint)


def _refuse_doubled_slashes() -> None:
    # The router would redirect such a path to the one without them, and many a program follows without its token or
    # its method; here it is simply not a path of ours.
    path = request.path
    if "//" in path and _SLASHES.sub("/", path).startswith(PROGRAMS):
        raise NotFound
