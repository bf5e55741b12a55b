"""The one guard of the JSON API: `bearer_required` lets a call in by its token, never by a cookie.

It is no guard of pages and knows none; what it demands stays readable on the view, so that a description of the
API can be made from the code.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue

from portal.access_log import CALLER
from portal.accounts.guards import GUARD
from portal.accounts.models import Role
from portal.authentication.authenticator import Authenticator
from portal.authentication.needs import NEEDS, Needs
from portal.authentication.principal import Principal
from portal.authentication.refused import Refused
from portal.current import client_address, running, running_in
from portal.errors import NotAllowed, NotFound, TooManyTries
from portal.limits import ADDRESS, TOKEN, address_key
from portal.tokens.models import Kind

Arguments = ParamSpec("Arguments")
Endpoint = Callable[Concatenate[Principal, Arguments], ResponseReturnValue]
View = Callable[Arguments, ResponseReturnValue]

BEARER = "bearer"
HELD = "held"
OPEN = "open"
# When the token of this call ends (a datetime), for the answer's header; absent when it never does.
TOKEN_ENDS_AT = "portal.token_ends_at"
_KEY = "portal.authenticator"


def install(app: Flask) -> None:
    """Gives `app` its one authenticator."""
    parts = running_in(app)
    app.extensions[_KEY] = Authenticator(parts.settings, parts.database, parts.recorder, counts=parts.counts)


def authenticator_in(app: Flask) -> Authenticator:
    """The authenticator of `app`, for those outside of a request."""
    found: Authenticator = app.extensions[_KEY]
    return found


def authenticator() -> Authenticator:
    """The authenticator of the app of this request."""
    return authenticator_in(current_app)


def bearer_required(
    *,
    scope: str | None = None,
    role: Role | None = None,
    kinds: Iterable[Kind] = (Kind.PERSONAL, Kind.ACCOUNT),
    limit: str | None = None,
) -> Callable[[Endpoint[Arguments]], View[Arguments]]:
    """Guards an endpoint: one good token, of one of `kinds`, with `role` or more, and `scope`.

    Every call counts under the limit of its token; what comes of this endpoint counts under `limit`, too, for the
    person. The view gets the principal as its first argument. What is refused is noted for the security log.
    """
    needs = Needs(scope=scope, role=role, kinds=frozenset(kinds))

    def guarded(endpoint: Endpoint[Arguments]) -> View[Arguments]:
        def enter(principal: Principal, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> ResponseReturnValue:
            needs.check(principal)
            return endpoint(principal, *args, **kwargs)

        entered = enter if limit is None else _limited(enter, limit)

        @wraps(endpoint)
        def guard(*args: Arguments.args, **kwargs: Arguments.kwargs) -> ResponseReturnValue:
            principal = _let_in()
            try:
                _count_call(principal)
                return entered(principal, *args, **kwargs)
            except (Refused, NotAllowed, NotFound, TooManyTries) as error:
                authenticator().note_refusal(principal, error.code, address=client_address())
                raise

        setattr(guard, GUARD, BEARER)
        setattr(guard, NEEDS, needs)
        return guard

    return guarded


def held_secret_suffices(view: View[Arguments]) -> View[Arguments]:
    """No guard, by design: what the call may do follows from the secret in its body alone. It reads no cookie."""
    setattr(view, GUARD, HELD)
    return view


def open_to_programs(view: View[Arguments]) -> View[Arguments]:
    """No guard, by design: the call tells everybody the same, and nothing of anybody's. It reads no cookie."""
    setattr(view, GUARD, OPEN)
    return view


def _let_in() -> Principal:
    environ, address = request.environ, client_address()
    try:
        principal = authenticator().let_in(
            environ.get("HTTP_AUTHORIZATION"),
            environ.get("HTTP_X_ACCESS_TOKEN"),
            environ.get("HTTP_X_API_TOKEN"),
            address=address,
        )
    except Refused:
        # Only now, so that a good token is never refused for what others do behind the same address.
        running().limits.count(ADDRESS, address_key(address or ""))
        raise
    environ[CALLER] = f"{'service' if principal.kind is Kind.SERVICE else 'token'}:{principal.token_id}"
    if principal.ends_at is not None:
        environ[TOKEN_ENDS_AT] = principal.ends_at
    return principal


def _count_call(principal: Principal) -> None:
    # Gateways ask for everybody behind them.
    if principal.kind is not Kind.SERVICE:
        running().limits.count(TOKEN, principal.token_id)


def _limited(enter: Endpoint[Arguments], limit: str) -> Endpoint[Arguments]:
    """`enter`, let in while the person has a place left under `limit`, and counted when it ends well."""

    def entered(principal: Principal, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> ResponseReturnValue:
        keys = [] if principal.user_id is None else [(limit, principal.user_id)]
        with running().limits.attempt(*keys) as attempt:
            attempt.begin()
            answer = enter(principal, *args, **kwargs)
            attempt.count()
            return answer

    return entered
