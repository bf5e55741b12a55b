"""Who the caller is, and their account."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.accounts.models import Account
from portal.api.answers import json_answer
from portal.api.payloads import iso_or_null
from portal.authentication.decorator import bearer_required
from portal.authentication.principal import Principal
from portal.current import reading
from portal.tokens.models import Kind
from portal.tokens.scopes import ACCOUNT_READ

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.get("/me")
@bearer_required(kinds=tuple(Kind))
def me(caller: Principal) -> ResponseReturnValue:
    """Who the call acts as, from the one read that let it in."""
    has_account, is_person = caller.account_id is not None, caller.user_id is not None
    return json_answer(
        {
            "account": {"id": caller.account_id, "name": caller.account_name} if has_account else None,
            "user": {"id": caller.user_id, "name": caller.user_name, "email": caller.user_email} if is_person else None,
            "role": caller.role,
            "token": {
                "id": caller.token_id,
                "kind": caller.kind.value,
                "name": caller.token_name,
                "token_prefix": caller.token_hint,
                "scopes": caller.scopes,
                "expires_at": iso_or_null(caller.expires_at),
            },
        }
    )


@blueprint.get("/account")
@bearer_required(scope=ACCOUNT_READ)
def account(caller: Principal) -> ResponseReturnValue:
    with reading() as session:
        found = session.get_one(Account, caller.own_account_id)
        enabled = found.api_access_enabled
    return json_answer({"id": caller.account_id, "name": caller.account_name, "api_access": {"enabled": enabled}})
