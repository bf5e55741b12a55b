"""What a person sees when something was refused or went wrong: what happened, and what to do."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from portal.access_log import REQUEST_ID
from portal.accounts.guards import nearest_page, person_or_none
from portal.accounts.sessions import SignedIn
from portal.clock import span
from portal.errors import DatabaseUnavailable, OutcomeUnknown, PortalError, TooManyTries
from portal.problems import PROBLEMS, RETRY_SECONDS
from portal.web.hosts import ForeignHost
from portal.web.navigation import navigation

LOG = logging.getLogger(__name__)

Answer = Callable[[Exception], ResponseReturnValue]


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """The words of one error page."""

    status: int
    title: str
    happened: str
    remedy: str


_BY_STATUS = {
    400: ErrorPage(400, "That request cannot be read", "The browser sent something we do not understand.",
                   "Go back, open the page again and try once more."),
    403: ErrorPage(403, "This page is not for your role", "You are signed in, but your role does not open this page.",
                   "Ask an owner of your account if you need it."),
    404: ErrorPage(404, "There is no such page", "The address may be mistyped, or it belongs to somebody else.",
                   "Check the address."),
    405: ErrorPage(405, "This address cannot be opened that way", "Only a form leads to it. Nothing was done.",
                   "Open the page of that form and use its buttons."),
    409: ErrorPage(409, "This has changed in the meantime", "Nothing was done.",
                   "Open the page again and decide anew."),
    413: ErrorPage(413, "That is too much to send", "A form may hold at most 64 KiB. Nothing was saved.",
                   "Go back and shorten what you typed."),
    422: ErrorPage(422, "That form cannot be taken as it is", "Something in it is missing or none of its choices.",
                   "Nothing was saved. Open the page again and fill in the form once more."),
    429: ErrorPage(429, "Too many tries", "There were too many failed tries in a short time. Nothing was done.",
                   "Wait a while, then try again."),
    500: ErrorPage(500, "Something went wrong on our side", "Nothing was lost that had been saved before.",
                   "Try again. If it happens again, tell the operator the request id below."),
    503: ErrorPage(503, "The portal cannot reach its database", "Nothing was changed.", "Try again in a moment."),
}  # fmt: skip
_FORM_STALE = ErrorPage(
    400, "This form is no longer valid",
    "It was opened before you signed in or out, or in another browser. Nothing was changed.",
    "Open the form again and send it once more. If this comes back, let your browser keep cookies for this site.",
)  # fmt: skip
_FOREIGN_HOST = ErrorPage(
    400, "This is not the address of this portal", "The request named a host that is not this portal.",
    "Use the public address that the operator gave you.",
)  # fmt: skip
_OUTCOME_UNKNOWN = ErrorPage(
    503, "Nobody knows whether that was saved", "The connection to the database broke while saving.",
    "Check the list before you try again: it may have been done.",
)  # fmt: skip


def install(app: Flask, *, answers: dict[str, Answer]) -> None:
    """Answers every error of `app` with a page; below the path prefixes in `answers`, with those instead."""

    def handle(error: Exception) -> ResponseReturnValue:
        for prefix, answer in answers.items():
            if request.path.startswith(prefix):
                return answer(error)
        return answer_with_page(error)

    app.register_error_handler(Exception, handle)


def answer_with_page(error: Exception) -> ResponseReturnValue:
    """The page for `error`. It never shows the error's own text unless it was written for people."""
    words = _words(error)
    if isinstance(error, TooManyTries):
        words = replace(words, remedy=f"Wait {span(error.retry_after)}, then try again.")
    _log(error, words)
    text, content_type = _page(words)
    response = Response(text, words.status, content_type=f"{content_type}; charset=utf-8")
    if isinstance(error, TooManyTries):
        response.headers.update(error.headers)
    elif words.status == 503:
        response.headers["Retry-After"] = RETRY_SECONDS
    elif isinstance(error, HTTPException) and words.status == 405:
        response.headers["Allow"] = dict(error.get_headers(request.environ)).get("Allow", "")
    return response


def _log(error: Exception, words: ErrorPage) -> None:
    extra = {"request_id": request.environ.get(REQUEST_ID)}
    if words.status == 500:
        LOG.error("unhandled", exc_info=error, extra=extra)
    elif words.status == 503:
        LOG.warning("database unavailable: %s", error.__cause__, extra=extra)


def _words(error: Exception) -> ErrorPage:
    if isinstance(error, CSRFError):
        return _FORM_STALE
    if isinstance(error, ForeignHost):
        return _FOREIGN_HOST
    if isinstance(error, OutcomeUnknown):
        return _OUTCOME_UNKNOWN
    status = _status(error)
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return replace(_BY_STATUS[400], status=status) if 400 <= status < 500 else _BY_STATUS[500]


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.code or 500
    return PROBLEMS[error.code].status if isinstance(error, PortalError) else 500


def _page(words: ErrorPage) -> tuple[str, str]:
    """The page and its type; one line of plain text where there is no page to show."""
    request_id = request.environ.get(REQUEST_ID)
    line = f"{words.title}. {words.remedy} Request id: {request_id}\n"
    if words is _FOREIGN_HOST:
        # What the page is made of would be refused under that name, too.
        return line, "text/plain"
    try:
        # Not by `render_template`: what that adds for every page asks the database, which may be what failed.
        template = current_app.jinja_env.get_template("web/error.html")
        person, way = _person(words), _way_on(words)
        html = template.render(words=words, request_id=request_id, person=person, navigation=navigation, way=way)
    except Exception:
        LOG.exception("the error page failed", extra={"request_id": request_id})
        return line, "text/plain"
    return html, "text/html"


def _way_on(words: ErrorPage) -> tuple[str, str] | None:
    """The words and the address of a link to what was being done, where opening it again may help."""
    if words is _FORM_STALE:
        return "Open the form again", nearest_page()
    if words.status in {409, 413, 422}:
        return "Open the page again", nearest_page()
    if words.status == 429 or words.status >= 500:
        return "Try again", nearest_page()
    return None


def _person(words: ErrorPage) -> SignedIn | None:
    """Whose frame stands around the page. Without the database nobody's: the page stands alone."""
    try:
        return None if words.status >= 500 else person_or_none()
    except DatabaseUnavailable:
        return None
