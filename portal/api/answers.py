"""What every answer of the JSON API looks like: its headers, and JSON written by orjson."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import orjson
from flask import Response, request

from portal.authentication.answers import HEADERS
from portal.authentication.decorator import TOKEN_ENDS_AT
from portal.clock import as_iso

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

JSON = "application/json"


class Answer(Response):
    """Sent as it was made. Werkzeug would copy the headers to complete addresses and lengths, which are whole here."""

    def get_wsgi_response(self, environ: "WSGIEnvironment") -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        body = [] if environ["REQUEST_METHOD"] == "HEAD" else [self.get_data()]
        return body, self.status, self.headers.to_wsgi_list()


def json_answer(body: object, status: int = 200, *, media_type: str = JSON) -> Response:
    """`body` as JSON, with the headers of every answer."""
    return _answer(orjson.dumps(body), status, ("Content-Type", media_type))


def json_bytes_answer(body: bytes) -> Response:
    """`body`, which is JSON already, with the headers of every answer."""
    return _answer(body, 200, ("Content-Type", JSON))


def empty_answer() -> Response:
    """204: done, and nothing to say."""
    response = _answer(b"", 204)
    del response.headers["Content-Type"]
    del response.headers["Content-Length"]
    return response


def _answer(body: bytes, status: int, *headers: tuple[str, str]) -> Response:
    response = Answer(body, status, [*headers, *HEADERS])
    ends_at: datetime | None = request.environ.get(TOKEN_ENDS_AT)
    if ends_at is not None:
        response.headers["X-Token-Expires-At"] = as_iso(ends_at)
    return response
