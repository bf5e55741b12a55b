"""One call of the JSON API over a connection of its own.

Straight to the portal: certificates are verified, no redirect is followed and no proxy of the environment is used,
since the token would go along to each of them.
"""

import json
import socket
import ssl
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from portal.client.access import URL, Access
from portal.client.errors import CommandError, Lost, NotThePortal, Refused, Unreachable
from portal.client.sentences import LOOK, sentence

SECONDS = 30
PAUSE_SECONDS = 1.0
LARGEST_ANSWER = 1024 * 1024
# Said by what stands in front of a portal and does not know what became of the call.
_GATEWAY_STATUSES = frozenset({502, 503, 504})
_MAYBE = f"It may have been carried out all the same. Look before you run it again: {LOOK}"


class Call(NamedTuple):
    """What is sent. With `once`, an `Idempotency-Key`, it may be sent again without being done twice."""

    method: str
    path: str
    body: object = None
    once: str | None = None

    def sent(self, connection: HTTPConnection, secret: str) -> HTTPResponse:
        headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json", "User-Agent": "portal-token"}
        if self.once is not None:
            headers["Idempotency-Key"] = self.once
        content = None if self.body is None else json.dumps(self.body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        connection.request(self.method, self.path, content, headers)
        return connection.getresponse()


def ask(access: Access, call: Call) -> dict[str, Any]:
    """What the portal answers; {} for an answer without a body. Raises `CommandError`.

    A call with `once` is sent again, once, when the answer to it got lost. What it was refused with then says nothing
    about the first, `already_done` aside.
    """
    try:
        return _asked(access, call)
    except Lost as lost:
        if call.once is None:
            raise lost if call.method == "GET" else Lost(f"{lost} {_MAYBE}") from None
        time.sleep(PAUSE_SECONDS)
        return _asked_again(access, call, lost)


def _asked_again(access: Access, call: Call, lost: Lost) -> dict[str, Any]:
    try:
        return _asked(access, call)
    except CommandError as error:
        if error.code == "already_done":
            raise
        raise Lost(f"{lost} It was sent again, and then: {error} {_MAYBE}") from None


def _asked(access: Access, call: Call) -> dict[str, Any]:
    connection = _connected(access)
    try:
        response = call.sent(connection, access.secret)
        content = response.read(LARGEST_ANSWER + 1)
        if len(content) <= LARGEST_ANSWER and response.length:
            raise Lost(f"The connection to {access.url} broke in the middle of the answer.")
        return _answer(access, response, content)
    except TimeoutError:
        raise Lost(f"{access.url} did not answer within {SECONDS} seconds.") from None
    except OSError:
        raise Lost(f"The connection to {access.url} broke before the answer came.") from None
    except HTTPException:
        raise NotThePortal(f"{access.url} does not answer as a portal does. Check {URL}.") from None
    finally:
        connection.close()


def _connected(access: Access) -> HTTPConnection:
    if access.scheme == "https":
        trust = ssl.create_default_context()
        connection: HTTPConnection = HTTPSConnection(access.host, access.port, timeout=SECONDS, context=trust)
    else:
        connection = HTTPConnection(access.host, access.port, timeout=SECONDS)
    try:
        connection.connect()
    except (OSError, UnicodeError) as error:
        connection.close()
        raise Unreachable(f"{_why_unreachable(access, error)} Nothing was sent.") from None
    return connection


def _why_unreachable(access: Access, error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message.rstrip(".")
        return f"The certificate of {access.host} cannot be trusted: {reason}."
    if isinstance(error, ssl.SSLError):
        return f"{access.host} does not speak TLS on port {access.port}. Check {URL}."
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return f"The name {access.host} is not known to this machine. Check {URL} and the network."
    if isinstance(error, TimeoutError):
        return f"{access.url} did not answer within {SECONDS} seconds."
    if isinstance(error, ConnectionRefusedError):
        return f"Nothing listens at {access.url}. Check {URL}, and that the portal runs."
    return f"There is no way to {access.url} ({getattr(error, 'strerror', None) or 'no reason given'})."


def _answer(access: Access, response: HTTPResponse, content: bytes) -> dict[str, Any]:
    status = response.status
    if 300 <= status < 400:
        raise NotThePortal(_redirected(access, response.getheader("Location")))
    body = {} if status == 204 else _parsed(content)
    if body is None or not 200 <= status < 600:
        if status in _GATEWAY_STATUSES:
            raise Lost(f"What stands in front of {access.url} could not reach the portal ({status}).")
        raise NotThePortal(f"{access.url} does not answer as a portal does ({status}, and no JSON). Check {URL}.")
    if status < 300:
        return body
    if not all(isinstance(body.get(name), str) for name in ("code", "detail")):
        raise NotThePortal(f"{access.url} refuses in a way that no portal does ({status}). Check {URL}.")
    raise _refused(access, response, body)


def _refused(access: Access, response: HTTPResponse, body: dict[str, Any]) -> Refused:
    wait = response.getheader("Retry-After", "")
    wait_seconds = int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 9 else None
    text = sentence(access, body, wait_seconds=wait_seconds, request_id=response.getheader("X-Request-Id"))
    return Refused(text, code=access.clean(body["code"]), body=body, wait_seconds=wait_seconds)


def _redirected(access: Access, location: str | None) -> str:
    try:
        parts = urlsplit(location or "")
    except ValueError:
        parts = urlsplit("")
    to = access.clean(f" to {parts.scheme}://{parts.netloc}") if parts.netloc else ""
    return (
        f"{access.url} redirects{to}. That was not followed, since the token would have gone along. "
        f"Put the portal's own address into {URL}."
    )


def _parsed(content: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None
