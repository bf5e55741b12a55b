"""Refusals as `application/problem+json` (RFC 9457), made from the table in `portal.problems`.

Everything that goes wrong under `/api/` ends here. No answer holds a stack trace or what was sent.
"""

import logging
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from flask import Response, request
from werkzeug.exceptions import HTTPException

from portal.access_log import CODE, REQUEST_ID, without_secrets
from portal.api.answers import json_answer
from portal.authentication.challenge import challenge
from portal.current import running
from portal.errors import PortalError, TooManyTries, WrongValue
from portal.problems import OAUTH_PATHS, PROBLEMS, RETRY_SECONDS, Problem
from portal.tokens.nonces import AlreadyDone
from portal.web.hosts import ForeignHost

LOG = logging.getLogger(__name__)
PROBLEM_JSON = "application/problem+json"

_OUR_FAULT = "internal_error"
_BY_STATUS = {400: "malformed_json", 404: "not_found", 405: "method_not_allowed", 413: "too_large"}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one value. `pointer` is its JSON pointer (RFC 6901), or `/` and a query field or header."""

    pointer: str
    detail: str


class WrongFields(PortalError):
    """Values of the body that cannot be taken, all of them told at once."""

    code = "validation_failed"
    sentence = "The list errors names each field and what to change."

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__()
        self.errors = errors


def problem_answer(error: Exception) -> Response:
    """The answer to `error`, whatever it is; what nobody expected is logged and answered with 500."""
    problem = PROBLEMS[_code(error)]
    request.environ[CODE] = problem.code
    _log(error, problem)
    body = {**problem.told(running().settings.public_url, _detail(error, problem)), **_more(error), **_oauth(problem)}
    response = json_answer(body, problem.status, media_type=PROBLEM_JSON)
    response.headers.update(_headers(error, problem))
    return response


def pointer(*path: str | int) -> str:
    """The JSON pointer to a place in the body; a name that was sent is cut short and holds no secret."""
    steps = (without_secrets(str(step))[:100].replace("~", "~0").replace("/", "~1") for step in path)
    return "".join(f"/{step}" for step in steps)


def _code(error: Exception) -> str:
    if isinstance(error, PortalError):
        return error.code
    if isinstance(error, ForeignHost):
        return error.code_word
    if isinstance(error, HTTPException):
        return _BY_STATUS.get(error.code or 500, _OUR_FAULT)
    return _OUR_FAULT


def _detail(error: Exception, problem: Problem) -> str:
    is_for_the_caller = isinstance(error, PortalError) and problem.code != _OUR_FAULT
    return str(error) if is_for_the_caller else problem.meaning


def _more(error: Exception) -> dict[str, Any]:
    if isinstance(error, WrongFields):
        return {"errors": [asdict(found) for found in error.errors]}
    if isinstance(error, WrongValue):
        return {"errors": [asdict(FieldError(pointer(error.field), str(error)))]}
    if isinstance(error, AlreadyDone):
        return {"id": error.token.id, "token_prefix": error.token.hint}
    return {}


def _oauth(problem: Problem) -> dict[str, str]:
    error = problem.oauth_error
    return {"error": error} if error and request.path in OAUTH_PATHS else {}


def _headers(error: Exception, problem: Problem) -> dict[str, str]:
    asked = challenge(error, problem, detail=_detail(error, problem))
    if asked is not None:
        return {"WWW-Authenticate": asked}
    if isinstance(error, TooManyTries):
        return error.headers
    if problem.status == 503:
        return {"Retry-After": RETRY_SECONDS}
    if isinstance(error, HTTPException) and problem.status == 405:
        return {"Allow": dict(error.get_headers(request.environ)).get("Allow", "")}
    return {}


def _log(error: Exception, problem: Problem) -> None:
    # As text instead of exc_info: whatever the exception holds, nothing shaped like a secret reaches the log.
    extra = {"request_id": request.environ.get(REQUEST_ID)}
    if problem.code == _OUR_FAULT:
        LOG.error("unhandled\n%s", without_secrets("".join(traceback.format_exception(error))), extra=extra)
    elif problem.status == 503:
        LOG.warning("database unavailable: %s", without_secrets(str(error.__cause__)), extra=extra)
