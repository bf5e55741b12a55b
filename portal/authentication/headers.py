"""The headers of answers, as the OpenAPI document tells them. No Flask."""

from collections.abc import Iterable
from typing import Any

from portal.problems import PROBLEMS, RETRY_SECONDS

_TEXT = {"type": "string", "minLength": 1}


def _header(description: str, example: str, *, is_required: bool = True, **schema: Any) -> dict[str, Any]:
    return {
        "description": description,
        "required": is_required,
        "schema": {**_TEXT, **schema},
        "example": example,
    }


SHARED_HEADERS = {
    "X-Request-Id": _header("Names this very call in our log; tell it to the operator.", "9f2c4e1ab07d3c55"),
    "X-Token-Expires-At": _header(
        "When the calling token ends; absent when it never does.",
        "2026-12-22T10:00:00Z",
        is_required=False,
        format="date-time",
    ),
    "Location": _header("Where the new token can be read.", "/api/v1/tokens/17"),
    "Allow": _header("The methods that this address takes.", "GET, HEAD"),
    "WWW-Authenticate": _header(
        "The realm, and for a token that was sent the error and what it means (RFC 6750).",
        'Bearer realm="portal", error="invalid_token", error_description="This token has expired."',
    ),
    "MayAuthenticate": _header(
        "Only where another token would help: the error, and the scope that was missing (RFC 6750).",
        'Bearer realm="portal", error="insufficient_scope", scope="tokens:write"',
        is_required=False,
    ),
    "Retry-After": _header("In how many seconds to try again.", RETRY_SECONDS, pattern="^[0-9]+$"),
    "RateLimit": _header("The limit that is used up, and when it is free again.", '"token";r=0;t=2', is_required=False),
    "RateLimit-Policy": _header("How many calls in how many seconds.", '"token";q=30;w=2', is_required=False),
}
# Not sent before it is known which token calls, or where none is looked at.
_BEFORE_THE_TOKEN = frozenset({401, 405})


def headers_of(status: int, codes: Iterable[str], *, is_guarded: bool) -> dict[str, Any]:
    """Name → reference, for an answer of that status with one of these problem codes."""
    headers = {"X-Request-Id": _reference("X-Request-Id")}
    if is_guarded and status not in _BEFORE_THE_TOKEN:
        headers["X-Token-Expires-At"] = _reference("X-Token-Expires-At")
    for name in _BY_STATUS.get(status, ()):
        headers[name] = _reference(name)
    if status not in _BY_STATUS and any(PROBLEMS[code].bearer_error for code in codes):
        headers["WWW-Authenticate"] = _reference("MayAuthenticate")
    return headers


_BY_STATUS = {
    201: ("Location",),
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After", "RateLimit", "RateLimit-Policy"),
    503: ("Retry-After",),
}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/headers/{name}"}
