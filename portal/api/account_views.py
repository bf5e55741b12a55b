"""Who is in the account, and everybody's tokens: for owners and admins, and for the account itself."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.accounts.models import Role
from portal.api.answers import json_answer
from portal.api.payloads import AccountTokensJson, MembersJson, member_json, owned_token_json
from portal.api.queries import ACCOUNT_TOKEN_CURSORS, MEMBER_CURSORS, AccountTokensQuery, MembersQuery, read_query
from portal.authentication.decorator import bearer_required
from portal.authentication.described import ACCOUNT, described
from portal.authentication.principal import Principal
from portal.clock import utc_now
from portal.current import reading
from portal.members import service
from portal.tokens.models import Kind
from portal.tokens.scopes import MEMBERS_READ, TOKENS_READ

blueprint = Blueprint("api_account", __name__, url_prefix="/api/v1/account")


@blueprint.get("/members")
@described("listMembers", tag=ACCOUNT, summary="List the people", query=MembersQuery, answer=MembersJson, errors=())
@bearer_required(scope=MEMBERS_READ, role=Role.ADMIN)
def members(caller: Principal) -> ResponseReturnValue:
    """Everybody in the account, deactivated people too, newest first."""
    page = read_query(MembersQuery)
    with reading() as session:
        found = service.list_people(
            session, account_id=caller.own_account_id, before_id=page.cursor, most=page.limit + 1
        )
    items, next_cursor = MEMBER_CURSORS.page([member_json(user) for user in found], page.limit)
    told: MembersJson = {"items": items, "next_cursor": next_cursor}
    return json_answer(told)


@blueprint.get("/tokens")
@described(
    "listAccountTokens",
    tag=ACCOUNT,
    summary="List everybody's tokens",
    query=AccountTokensQuery,
    answer=AccountTokensJson,
    errors=(),
)
@bearer_required(scope=TOKENS_READ, role=Role.OWNER, kinds=(Kind.PERSONAL,))
def tokens(caller: Principal) -> ResponseReturnValue:
    """The personal access tokens of everybody in the account, newest first, each with its person, never a secret.

    The account token is not among them: it is nobody's, and its page shows it.
    """
    page = read_query(AccountTokensQuery)
    with reading() as session:
        found = service.list_tokens(
            session,
            account_id=caller.own_account_id,
            now=utc_now(),
            status=page.status,
            before_id=page.cursor,
            most=page.limit + 1,
        )
    items, next_cursor = ACCOUNT_TOKEN_CURSORS.page([owned_token_json(*row) for row in found], page.limit)
    told: AccountTokensJson = {"items": items, "next_cursor": next_cursor}
    return json_answer(told)
