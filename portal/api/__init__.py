"""The JSON API: `/api/v1`. JSON in and out, guarded by tokens alone; no page, no cookie."""

from flask import Flask, request

from portal.api import account_views, activity_views, document_views, token_views, views
from portal.authentication import decorator
from portal.errors import NotFound

_BELOW = "/api/"


def install(app: Flask) -> None:
    """Adds the JSON API to `app`."""
    decorator.install(app)
    app.before_request(_refuse_doubled_slashes)
    for room in (views, token_views, account_views, activity_views, document_views):
        app.register_blueprint(room.blueprint)


def _refuse_doubled_slashes() -> None:
    # The router would redirect such a path to the one without them; here it is simply not a path of ours.
    path = request.path
    if "//" in path and path.startswith(_BELOW):
        raise NotFound
