"""Who the caller is, and their account."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.accounts.models import Account
from portal.api.answers import json_answer
from portal.api.payloads import AccountJson, AccountNamed, MeJson, PersonNamed, iso_or_null
from portal.authentication.decorator import bearer_required
from portal.authentication.described import ACCOUNT, CALLER, described
from portal.authentication.principal import Principal
from portal.current import reading
from portal.tokens.models import Kind
from portal.tokens.scopes import ACCOUNT_READ

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.get("/me")
@described("getMe", tag=CALLER, summary="See who a token acts as", answer=MeJson, errors=())
@bearer_required(kinds=tuple(Kind))
def me(caller: Principal) -> ResponseReturnValue:
    """The account, the person, the role and the token of the call: the call to test a connection with."""
    # From the one read that let the call in.
    told: MeJson = {
        "account": _account_of(caller),
        "user": _user_of(caller),
        "role": caller.role,
        "token": {
            "id": caller.token_id,
            "kind": caller.kind.value,
            "name": caller.named.token,
            "token_prefix": caller.named.hint,
            "scopes": caller.scopes,
            "expires_at": iso_or_null(caller.expires_at),
        },
    }
    return json_answer(told)


@blueprint.get("/account")
@described("getAccount", tag=ACCOUNT, summary="See the account", answer=AccountJson, errors=())
@bearer_required(scope=ACCOUNT_READ)
def account(caller: Principal) -> ResponseReturnValue:
    """The account that the token belongs to, and whether its API access is on."""
    with reading() as session:
        found = session.get_one(Account, caller.own_account_id)
        told: AccountJson = {"id": found.id, "name": found.name, "api_access": {"enabled": found.api_access_enabled}}
    return json_answer(told)


def _account_of(caller: Principal) -> AccountNamed | None:
    name = caller.named.account
    return None if caller.account_id is None or name is None else {"id": caller.account_id, "name": name}


def _user_of(caller: Principal) -> PersonNamed | None:
    name, email = caller.named.user, caller.named.email
    if caller.user_id is None or name is None or email is None:
        return None
    return {"id": caller.user_id, "name": name, "email": email}
