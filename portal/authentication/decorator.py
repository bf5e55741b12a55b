"""The one guard of the JSON API: `bearer_required` lets a call in by its token, never by a cookie.

It is no guard of pages and knows none; what it demands stays readable on the view, so that a description of the
API can be made from the code.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue

from portal.access_log import CALLER
from portal.accounts.guards import GUARD
from portal.accounts.models import Role
from portal.authentication.carriers import secret_from
from portal.authentication.principal import Authenticator, Principal, Refused
from portal.current import client_address, running_in
from portal.errors import NotAllowed, NotFound
from portal.tokens.models import Kind

Arguments = ParamSpec("Arguments")
Endpoint = Callable[Concatenate[Principal, Arguments], ResponseReturnValue]
View = Callable[Arguments, ResponseReturnValue]

NEEDS = "portal_needs"
BEARER = "bearer"
# When the token of this call ends (a datetime), for the answer's header; absent when it never does.
TOKEN_ENDS_AT = "portal.token_ends_at"
_KEY = "portal.authenticator"


@dataclass(frozen=True, slots=True)
class Needs:
    """What an endpoint asks of the token that calls it. `role` is the least one; the account token passes for admin."""

    scope: str | None
    role: Role | None
    kinds: frozenset[Kind]

    def check(self, principal: Principal) -> None:
        """Raises `Refused`: `forbidden` for the wrong kind or too small a role, then `insufficient_scope`."""
        if principal.kind not in self.kinds:
            raise Refused("forbidden", f"This call does not take a token of the kind {principal.kind.value}.")
        if self.role is not None and not _role_of(principal).is_at_least(self.role):
            raise Refused("forbidden", f"This call is for the role {self.role.value} or above.")
        if self.scope is not None and not principal.has_scope(self.scope):
            raise Refused("insufficient_scope", f"The token lacks the scope {self.scope}.", scope=self.scope)


def install(app: Flask) -> None:
    """Gives `app` its one authenticator."""
    parts = running_in(app)
    app.extensions[_KEY] = Authenticator(parts.settings, parts.database, parts.recorder)


def authenticator_in(app: Flask) -> Authenticator:
    """The authenticator of `app`, for those outside of a request."""
    found: Authenticator = app.extensions[_KEY]
    return found


def authenticator() -> Authenticator:
    """The authenticator of the app of this request."""
    return authenticator_in(current_app)


def bearer_required(
    *, scope: str | None = None, role: Role | None = None, kinds: Iterable[Kind] = (Kind.PERSONAL, Kind.ACCOUNT)
) -> Callable[[Endpoint[Arguments]], View[Arguments]]:
    """Guards an endpoint: one good token, of one of `kinds`, with `role` or more, and `scope`.

    The view gets the principal as its first argument. What it refuses is noted for the security log, too.
    """
    needs = Needs(scope=scope, role=role, kinds=frozenset(kinds))

    def guarded(endpoint: Endpoint[Arguments]) -> View[Arguments]:
        @wraps(endpoint)
        def guard(*args: Arguments.args, **kwargs: Arguments.kwargs) -> ResponseReturnValue:
            principal = _let_in()
            try:
                needs.check(principal)
                return endpoint(principal, *args, **kwargs)
            except (Refused, NotAllowed, NotFound) as error:
                authenticator().note_refusal(principal, error.code, address=client_address())
                raise

        setattr(guard, GUARD, BEARER)
        setattr(guard, NEEDS, needs)
        return guard

    return guarded


def _let_in() -> Principal:
    environ = request.environ
    secret = secret_from(
        environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_X_ACCESS_TOKEN"), environ.get("HTTP_X_API_TOKEN")
    )
    principal = authenticator().authenticate(secret, address=client_address())
    environ[CALLER] = f"{'service' if principal.kind is Kind.SERVICE else 'token'}:{principal.token_id}"
    if principal.ends_at is not None:
        environ[TOKEN_ENDS_AT] = principal.ends_at
    return principal


def _role_of(principal: Principal) -> Role:
    # The account token reads what admins may read; which calls it reaches at all is a matter of kinds and scopes. A
    # service token, where its kind is taken at all, has the least role.
    if principal.kind is Kind.PERSONAL:
        return Role(principal.role)
    return Role.ADMIN if principal.kind is Kind.ACCOUNT else Role.MEMBER
