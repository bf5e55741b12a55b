"""The floors: what the two servers and Flask cost when there is nothing to check."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, render_template

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

flask = Flask(__name__)


def wsgi(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """A bare callable that answers 204."""
    start_response("204 No Content", [])
    return []


@flask.get("/me")
def small() -> dict[str, object]:
    """A bare route: no secret key, no hook, a small dict."""
    return {"id": 1, "name": "Alice", "role": "owner"}


@flask.get("/page")
def page() -> str:
    """A template without a single expression."""
    return render_template("static.html")
