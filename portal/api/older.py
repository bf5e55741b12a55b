"""The paths that programs written for older systems call: the very views of `/api/v1/tokens` under a second address.

Nothing is decided here. Guard, limits, bodies and refusals are those of the views; what an older path answers
differently is a parameter of its view.
"""

from functools import partial, update_wrapper

from flask import Blueprint

from portal.api import token_views as ours

API_TOKENS = "/api-tokens"
# With the slash and without: no program has to follow a redirect, which may lose its token or turn a POST into a GET.
PERSONAL_ACCESS_TOKEN = ("/advanced/v1/personal_access_token/", "/advanced/v1/personal_access_token")

_VIEWS = (
    ("create", "POST", (API_TOKENS,), partial(ours.create, status=200)),
    ("index", "GET", (API_TOKENS,), partial(ours.index, in_one_page=True)),
    ("revoke_self", "DELETE", (f"{API_TOKENS}/self",), partial(ours.revoke_self)),
    ("revoke", "DELETE", (f"{API_TOKENS}/<reference>",), partial(ours.revoke)),
    ("create_personal", "POST", PERSONAL_ACCESS_TOKEN, partial(ours.create)),
)

blueprint = Blueprint("older", __name__)

for _name, _method, _paths, _view in _VIEWS:
    # The view's guard and needs go along, so that this address is one of the API for all who look at views.
    update_wrapper(_view, _view.func)
    for _path in _paths:
        blueprint.add_url_rule(_path, _name, _view, methods=[_method])
