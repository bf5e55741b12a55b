"""How a view answers: 303 to another page, a notice that travels with it, a page with a status."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

Page = tuple[str, int]


def see_other(endpoint: str, **values: Any) -> Response:
    """303 to that page: what a POST answers when it did something."""
    return redirect(url_for(endpoint, **values), 303)


def notice(sentence: str, *, kind: str = "success") -> None:
    """Shows `sentence` on the next page. `kind`: info, success, warning, danger. Never with a secret in it."""
    flash(sentence, kind)


def page(template: str, *, status: int = 200, **context: object) -> Page:
    """A page with its status: 422 for a form with errors, 409 for a state that has changed."""
    return render_template(template, **context), status
