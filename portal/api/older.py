"""The paths that programs written for older systems call: the very views of `/api/v1/tokens` under a second address.

Nothing is decided here. Guard, limits, bodies and refusals are those of the views; what an older path answers
differently is a parameter of its view.
"""

from dataclasses import replace
from functools import partial, update_wrapper
from typing import Any

from flask import Blueprint

from portal.api import token_views as ours
from portal.api.queries import NoQuery
from portal.authentication.described import DESCRIPTION, OLDER

API_TOKENS = "/api-tokens"
ONE_API_TOKEN = f"{API_TOKENS}/<reference>"
# Good with its slash and without: no program has to follow a redirect, which may lose its token, or turn a POST into a
# GET.
PERSONAL_ACCESS_TOKEN = "/advanced/v1/personal_access_token/"

blueprint = Blueprint("older", __name__)


def _add(name: str, method: str, path: str, view: partial[Any], **told: Any) -> None:
    # The guard, the needs and the description go along, so that this address is one of the API for all who look.
    update_wrapper(view, view.func)
    described = getattr(view.func, DESCRIPTION)
    replace(described, tag=OLDER, **told)(view)
    view.__doc__ = f"{view.__doc__}\n\nNew programs use `{described.operation}`, which is the same call."
    blueprint.add_url_rule(path, name, view, methods=[method])


_add("create", "POST", API_TOKENS, partial(ours.create, status=200), operation="createApiToken", status=200)
_add("index", "GET", API_TOKENS, partial(ours.index, in_one_page=True), operation="listApiTokens", query=NoQuery)
_add("revoke", "DELETE", ONE_API_TOKEN, partial(ours.revoke), operation="revokeApiToken")
_add("revoke_self", "DELETE", f"{API_TOKENS}/self", partial(ours.revoke_self), operation="revokeOwnApiToken")
_add("create_personal", "POST", PERSONAL_ACCESS_TOKEN, partial(ours.create), operation="createPersonalAccessToken")
_add("create_personal_bare", "POST", PERSONAL_ACCESS_TOKEN.rstrip("/"), partial(ours.create),
     operation="createPersonalAccessTokenBare")  # fmt: skip
