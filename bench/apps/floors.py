"""The floors: a bare WSGI callable, and a Flask app without a secret key or hooks."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, render_template

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# A folder with `page.html`: the portal's own page, so that both send the same bytes.
TEMPLATES = os.environ.get("BENCH_TEMPLATES", str(Path(__file__).parent))

flask = Flask(__name__, template_folder=TEMPLATES, static_folder=None)


def wsgi(_environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    start_response("204 No Content", [])
    return ()


@flask.get("/me")
def me() -> dict[str, object]:
    return {"account": {"id": 1, "name": "Acme"}, "user": {"id": 1, "name": "Alice"}, "role": "owner"}


@flask.get("/page")
def page() -> str:
    return render_template("page.html")
