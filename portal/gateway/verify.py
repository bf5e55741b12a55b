"""`/verify`: whether a call is let in and who it acts as, for gateways that ask on every single call.

A plain WSGI callable: Flask would cost several times the answer itself. Gateways know four answers, and no other is
ever given: 204 with the identity in headers, 401, 403, and 503 when nobody can know, which they take for closed.
What an identity header holds is ours alone: ids, and words of closed lists. Nothing of the request but its token,
its address and the demanded scopes is read; its body stays where it is.
"""

import logging
import re
import secrets
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import orjson

from portal.access_log import REQUEST_ID
from portal.addresses import address_of
from portal.authentication.authenticator import Authenticator
from portal.authentication.challenge import challenge
from portal.authentication.principal import Principal
from portal.authentication.refused import Refused
from portal.errors import DatabaseUnavailable
from portal.metrics import UNAVAILABLE, Counts
from portal.problems import PROBLEMS, RETRY_SECONDS, Problem
from portal.settings import Settings
from portal.tokens.models import Kind
from portal.tokens.scopes import FULL_ACCESS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LOG = logging.getLogger(__name__)

PATH = "/verify"
# Envoy puts the path of the call that it asks about behind its own.
BELOW = f"{PATH}/"
# Stands for "none". An empty header is dropped by some gateways, and the caller's own one passes in its place.
NOBODY = "-"
# What a gateway demands is short and always the same; what a caller added to it is neither and is not kept.
LONGEST_KEPT_QUERY = 200
# The most scopes that a refusal names.
MOST_TOLD = 20

_SCOPE = re.compile(r"[!#-\[\]-~]{1,100}")
_STATUS = {401: "401 Unauthorized", 403: "403 Forbidden", 503: "503 Service Unavailable"}
_NO_STORE = ("Cache-Control", "no-store")
_NO_USER = ("X-Portal-User", NOBODY)
_FULL_ACCESS = ("X-Portal-Scopes", FULL_ACCESS)
# By whether there is no user behind it; service tokens are let in nowhere.
_KIND = (("X-Portal-Token-Kind", Kind.PERSONAL.value), ("X-Portal-Token-Kind", Kind.ACCOUNT.value))
# A member of an enumeration is looked for each time it is named.
_SERVICE = Kind.SERVICE
_PROBLEM_JSON = ("Content-Type", "application/problem+json")


def is_verify(path: str) -> bool:
    """Whether a request to `path` is one for `Verify`."""
    return path == PATH or path.startswith(BELOW)


class Verify:
    """Answers for one process, whatever the method, the host and the path below `/verify`.

    The access log stands before others alone, so what it would count of importance is counted here: answers of 503.
    """

    def __init__(self, authenticator: Authenticator, settings: Settings, *, counts: Counts | None = None) -> None:
        self._counts = counts or Counts()
        self._authenticator = authenticator
        self._trusted = settings.trusted_proxies
        self._public_url = settings.public_url

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        get = environ.get
        address = None
        try:
            address = address_of(get("REMOTE_ADDR"), get("HTTP_X_FORWARDED_FOR"), trusted=self._trusted)
            principal = self._authenticator.let_in(
                get("HTTP_AUTHORIZATION"),
                get("HTTP_X_ACCESS_TOKEN"),
                get("HTTP_X_API_TOKEN"),
                address=address,
                with_names=False,
            )
            query = get("QUERY_STRING")
            if query or principal.kind is _SERVICE:
                self._check(principal, query or "", address=address)
        except Exception as error:
            return self._refuse(error, environ, start_response, address=address)
        start_response("204 No Content", _identity(principal))
        return []

    def _check(self, principal: Principal, query: str, *, address: str | None) -> None:
        refusal = _why_not(principal, _demanded_by(query))
        if refusal is not None:
            self._authenticator.note_refusal(principal, refusal.code, address=address)
            raise refusal

    def _refuse(
        self, error: Exception, environ: "WSGIEnvironment", start_response: "StartResponse", *, address: str | None
    ) -> Iterable[bytes]:
        problem = _problem(error)
        detail = str(error) if isinstance(error, Refused) else problem.meaning
        request_id = environ[REQUEST_ID] = secrets.token_hex(8)
        _log(error, problem, peer=environ.get("REMOTE_ADDR"), address=address, request_id=request_id)
        body = orjson.dumps(problem.told(self._public_url, detail))
        headers = [_PROBLEM_JSON, ("Content-Length", str(len(body))), _NO_STORE, ("X-Request-Id", request_id)]
        asked = challenge(error, problem, detail=detail)
        if asked is not None:
            headers.append(("WWW-Authenticate", asked))
        if problem.status == 503:
            headers.append(("Retry-After", RETRY_SECONDS))
            self._counts.add((UNAVAILABLE,))
        start_response(_STATUS[problem.status], headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _identity(principal: Principal) -> list[tuple[str, str]]:
    scopes, user_id = principal.scopes, principal.user_id
    return [
        ("X-Portal-Account", str(principal.account_id)),
        _NO_USER if user_id is None else ("X-Portal-User", str(user_id)),
        ("X-Portal-Role", principal.role),
        _FULL_ACCESS if scopes is None else ("X-Portal-Scopes", " ".join(scopes) or NOBODY),
        ("X-Portal-Token", str(principal.token_id)),
        _KIND[user_id is None],
        _NO_STORE,
    ]


def _why_not(principal: Principal, demanded: tuple[str, ...]) -> Refused | None:
    if principal.kind is _SERVICE:
        return Refused("forbidden", "A service token asks about other tokens; it is let in nowhere itself.")
    lacking = [scope for scope in demanded if not principal.has_scope(scope)]
    if not lacking:
        return None
    # Envoy lets callers add to the query, so only what is a scope by its shape goes into a header.
    told = " ".join(scope for scope in lacking[:MOST_TOLD] if _SCOPE.fullmatch(scope))
    return Refused("insufficient_scope", "The token lacks a scope that this call needs.", scope=told)


def _demanded_by(query: str) -> tuple[str, ...]:
    return _kept(query) if len(query) <= LONGEST_KEPT_QUERY else _demanded(query)


def _demanded(query: str) -> tuple[str, ...]:
    """The scopes in every `scope=` of a query, with blanks or commas between.

    An empty one is a demand too, which only full access meets: a gateway's unset variable must not open the door.
    """
    values = [value for name, value in parse_qsl(query, keep_blank_values=True) if name == "scope"]
    return tuple(scope for value in values for scope in value.replace(",", " ").split() or [""])


_kept = lru_cache(maxsize=256)(_demanded)


def _problem(error: Exception) -> Problem:
    if not isinstance(error, Refused):
        # Our own fault too: it says nothing about the token.
        return PROBLEMS[DatabaseUnavailable.code]
    problem = PROBLEMS[error.code]
    # Gateways turn any other status into a fault of theirs.
    return problem if problem.status in _STATUS else problem._replace(status=401)


def _log(error: Exception, problem: Problem, *, peer: str | None, address: str | None, request_id: str) -> None:
    # The peer is the gateway; the address is the caller's behind it, as far as the gateway is trusted.
    extra = {"code": problem.code, "peer": peer, "address": address, "request_id": request_id}
    if isinstance(error, Refused):
        LOG.info("verify refused", extra=extra)
    elif isinstance(error, DatabaseUnavailable):
        LOG.warning("database unavailable: %s", error.__cause__, extra=extra)
    else:
        LOG.error("unhandled", exc_info=error, extra=extra)
