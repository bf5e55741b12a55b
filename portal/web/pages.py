"""How a view answers: 303 to another page, a notice that travels with it, a page with a status."""

from math import ceil
from typing import Any

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import Field

from portal.errors import TooManyTries
from portal.web.forms import put_error

Page = tuple[str, int]
PageWithHeaders = tuple[str, int, dict[str, str]]


def see_other(endpoint: str, **values: Any) -> Response:
    """303 to that page: what a POST answers when it did something."""
    return redirect(url_for(endpoint, **values), 303)


def notice(sentence: str, *, kind: str = "success") -> None:
    """Shows `sentence` on the next page. `kind`: info, success, warning, danger. Never with a secret in it."""
    flash(sentence, kind)


def page(template: str, *, status: int = 200, **context: object) -> Page:
    """A page with its status: 422 for a form with errors, 409 for a state that has changed."""
    return render_template(template, **context), status


def try_later(
    template: str, error: TooManyTries, *, field: Field, why: str = "Too many failed tries.", **context: object
) -> PageWithHeaders:
    """The form again, with 429 and on `field` why and how long to wait."""
    minutes = ceil(error.retry_after / 60)
    put_error(field, f"{why} Wait {minutes} minute{'' if minutes == 1 else 's'} and try again.")
    return render_template(template, **context), 429, error.headers
