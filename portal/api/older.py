"""The paths that programs written for older systems call: the very views of `/api/v1/tokens` under a second address.

Nothing is decided here. Guard, limits, bodies and refusals are those of the views; what an older path answers
differently is a parameter of its view, or a list without pages.
"""

from dataclasses import replace
from functools import partial, update_wrapper
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.api import token_views as ours
from portal.api.answers import json_answer
from portal.api.payloads import TokensJson, token_json
from portal.api.queries import NoQuery, read_query
from portal.authentication.decorator import bearer_required
from portal.authentication.described import DESCRIPTION, OLDER, Description, described
from portal.authentication.principal import Principal
from portal.clock import utc_now
from portal.current import reading
from portal.personal_tokens import service
from portal.tokens.models import Kind, Status
from portal.tokens.scopes import TOKENS_READ

API_TOKENS = "/api-tokens"
# With the slash and without: no program has to follow a redirect, which may lose its token or turn a POST into a GET.
PERSONAL_ACCESS_TOKEN = ("/advanced/v1/personal_access_token", "/advanced/v1/personal_access_token/")

blueprint = Blueprint("older", __name__)


@blueprint.get(API_TOKENS)
@described(
    "listTokensOlder",
    tag=OLDER,
    summary="List your tokens",
    query=NoQuery,
    answer=TokensJson,
    errors=(),
)
@bearer_required(scope=TOKENS_READ, kinds=(Kind.PERSONAL,))
def index(caller: Principal) -> ResponseReturnValue:
    """All your living tokens on one page, for programs that know of no pages."""
    read_query(NoQuery)
    with reading() as session:
        found = service.list_own(session, user_id=caller.person_id, now=utc_now(), status=Status.ACTIVE)
    told: TokensJson = {"items": [token_json(token) for token in found], "next_cursor": None}
    return json_answer(told)


def _lead(name: str, method: str, *paths: str, view: "partial[ResponseReturnValue]", **differs: Any) -> None:
    """Lets those paths lead to `view`; `differs` is what its description says otherwise here."""
    # Guard and needs go along, so that this address is one of the API for all who look at views.
    update_wrapper(view, view.func)
    description: Description = getattr(view.func, DESCRIPTION)
    replace(description, tag=OLDER, leads_to=(), **differs)(view)
    for path in paths:
        blueprint.add_url_rule(path, name, view, methods=[method])


_lead("create", "POST", API_TOKENS, view=partial(ours.create, status=200), operation="createTokenOlder", status=200)
_lead("revoke_self", "DELETE", f"{API_TOKENS}/self", view=partial(ours.revoke_self), operation="revokeSelfOlder")
_lead("revoke", "DELETE", f"{API_TOKENS}/<reference>", view=partial(ours.revoke), operation="revokeTokenOlder")
_lead("create_personal", "POST", *PERSONAL_ACCESS_TOKEN, view=partial(ours.create), operation="createPersonal")
