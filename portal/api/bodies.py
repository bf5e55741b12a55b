"""What calls send: the body read in the order of the contract (size, media type, JSON, fields), and the key that
makes a call happen once."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

import orjson
from flask import request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from portal.api.answers import JSON
from portal.api.problems import FieldError, WrongFields, pointer
from portal.current import running
from portal.errors import PortalError
from portal.tokens.nonces import CallOnce, call_digest
from portal.tokens.scopes import Scopes
from portal.web.bodies import whole_body

Model = TypeVar("Model", bound=BaseModel)

# A body of many wrong fields must not be answered by a larger one.
MOST_ERRORS = 20

_WORDS = {
    "extra_forbidden": "There is no such field.",
    "missing": "This field is needed.",
    "string_type": "Send text.",
    "int_type": "Send a whole number.",
    "list_type": "Send a list, or null.",
    "greater_than_equal": "Send at least {ge}.",
    "less_than_equal": "Send at most {le}.",
    "model_type": "Send a JSON object.",
}


class MalformedJson(PortalError):
    """The body is not JSON in UTF-8, nests too deep, or names a field twice."""

    code = "malformed_json"
    sentence = "The body is not JSON that can be read: UTF-8, each field once, not nested deeply."


class WrongMediaType(PortalError):
    """The body is not sent as JSON."""

    code = "unsupported_media_type"
    sentence = "Send the body as JSON, with the header Content-Type: application/json."


def read_body(model: type[Model], *, may_be_empty: bool = False) -> Model:
    """The body of this request. `may_be_empty` takes no body at all for `{}`.

    Raises `RequestEntityTooLarge`, `WrongMediaType`, `MalformedJson`, `WrongFields`.
    """
    body = whole_body(cut_off=MalformedJson)
    is_left_out = may_be_empty and not body
    if request.mimetype != JSON and not (is_left_out and not request.mimetype):
        raise WrongMediaType
    try:
        sent = {} if is_left_out else _parsed(body)
        return model.model_validate(sent, strict=True, context=Scopes(running().settings.scopes))
    except ValidationError as error:
        raise WrongFields([_told(found) for found in error.errors(include_url=False)[:MOST_ERRORS]]) from None


def call_once(path: str) -> CallOnce | None:
    """What the header `Idempotency-Key` asks for; None without it. `path` has `self` resolved to its id."""
    key = request.environ.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    return CallOnce(key=key, digest=call_digest(request.method, path, request.get_data()))


def _parsed(body: bytes) -> object:
    try:
        # orjson is the strict one (UTF-8, depth, NaN, lone surrogates), but keeps the last of two equal fields.
        orjson.loads(body)
        return json.loads(body, object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise MalformedJson from error


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise MalformedJson
    return found


def _told(error: ErrorDetails) -> FieldError:
    context = error.get("ctx", {})
    if error["type"] == "value_error":
        return FieldError(pointer(*error["loc"]), str(context["error"]))
    return FieldError(pointer(*error["loc"]), _WORDS.get(error["type"], error["msg"]).format(**context))
