"""The access log and the request id: one line of JSON for each request, by a WSGI callable in front of all others.

No secret reaches it: the values of query fields that name tokens are cut out, and whatever has the shape of one.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import orjson

from portal.clock import utc_now
from portal.lines import STDOUT
from portal.metrics import NO_ROUTE, Counts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID = "portal.request_id"
# Who called (a short text such as `user:3` or `token:7`), set by those who find out.
CALLER = "portal.caller"
# Why a program was refused (a code of `portal.problems`), set by those who answer it.
CODE = "portal.code"
# The rule that the request met (such as `/api/v1/me`), set by those who find out.
ROUTE = "portal.route"
REDACTED = "[redacted]"
# The request that this thread is at, for lines that the application logs meanwhile.
request_at_work: ContextVar[str | None] = ContextVar("request_at_work", default=None)
# A query field whose name holds one of these words carries a secret, whatever its value looks like.
_SECRET_WORDS = ("token", "password", "secret", "authorization")
_SECRET_SHAPE = re.compile(r"[a-z0-9]{2,10}_[0-9A-Za-z]{43}")
_SHORTEST_SECRET = 2 + 1 + 43
# A longer text is cut, so that a line stays one write to a pipe, which no other process can tear apart.
_LONGEST_TEXT = 400

Sink = Callable[[bytes], object]


class AccessLog:
    """Wraps `app`: gives each request an id, answers it with `X-Request-Id`, and logs and counts it when it is sent."""

    def __init__(
        self, app: "WSGIApplication", *, scheme: str, sink: Sink | None = None, counts: Counts | None = None
    ) -> None:
        self._app = app
        self._counts = counts or Counts()
        # What the world sees, whatever the hop from the proxy to us speaks.
        self._scheme = scheme
        self._sink = sink or STDOUT.write

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        started = monotonic()
        request_id = environ[REQUEST_ID] = secrets.token_hex(8)
        request_at_work.set(request_id)
        environ["wsgi.url_scheme"] = self._scheme
        status = "500"

        def start(answer_status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status
            status = answer_status[:3]
            return start_response(answer_status, [*headers, ("X-Request-Id", request_id)], exc_info)

        def log() -> None:
            seconds = monotonic() - started
            self._counts.request(environ.get(ROUTE, NO_ROUTE), int(status), seconds)
            self._sink(_line(environ, status=int(status), seconds=seconds))

        return _Logged(self._app(environ, start), log)


class _Logged:
    """The body of an answer, and the line to write once it has been sent."""

    def __init__(self, body: Iterable[bytes], log: Callable[[], None]) -> None:
        self._body = body
        self._log = log

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        try:
            if (close := getattr(self._body, "close", None)) is not None:
                close()
        finally:
            self._log()


def without_secrets(text: str) -> str:
    """`text` with everything that has the shape of a token's secret cut out."""
    return text if len(text) < _SHORTEST_SECRET else _SECRET_SHAPE.sub(REDACTED, text)


def printable(text: str) -> str:
    """`text` with every character that a terminal or a log reader could act on written as its escape."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def loggable(text: str) -> str:
    """`text` on one line, and cut where it is long."""
    text = printable(text)
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"


def clean_query(query: str) -> str:
    """A query string without the values of fields that carry secrets, and without anything shaped like a token."""
    return without_secrets("&".join(_clean_field(field) for field in re.split("[&;]", query)))


def _clean_field(field: str) -> str:
    name, _, _ = field.partition("=")
    words = unquote_plus(name).lower()
    if any(word in words for word in _SECRET_WORDS) or _SECRET_SHAPE.search(unquote_plus(field)):
        return f"{without_secrets(unquote_plus(name))}={REDACTED}"
    return field


def _line(environ: "WSGIEnvironment", *, status: int, seconds: float) -> bytes:
    query = environ.get("QUERY_STRING", "")
    entry = {
        "at": utc_now(),
        "event": "request",
        "request_id": environ[REQUEST_ID],
        "method": environ.get("REQUEST_METHOD", ""),
        "path": loggable(without_secrets(_decoded(environ.get("PATH_INFO", "")))),
        "query": loggable(clean_query(_decoded(query))) if query else None,
        "status": status,
        "code": environ.get(CODE),
        "ms": round(seconds * 1000, 2),
        "peer": environ.get("REMOTE_ADDR"),
        "caller": environ.get(CALLER),
    }
    return orjson.dumps(entry, option=orjson.OPT_UTC_Z)


def _decoded(text: str) -> str:
    # WSGI hands over bytes as latin-1; some of them are no characters that JSON takes.
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")
