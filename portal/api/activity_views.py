"""What was done and how much: the security log and the use of tokens, as far as the caller sees."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.accounts.models import Role
from portal.activity.service import events_before, reach_of
from portal.api.answers import json_answer
from portal.api.payloads import DayOfUseJson, EventsJson, UsageJson
from portal.api.queries import EVENT_CURSORS, EventsQuery, UsageQuery, read_query
from portal.authentication.decorator import bearer_required
from portal.authentication.described import ACTIVITY, described
from portal.authentication.principal import Principal
from portal.clock import utc_now
from portal.current import reading
from portal.tokens.scopes import EVENTS_READ, USAGE_READ
from portal.tokens.usage_days import usage_of

blueprint = Blueprint("api_activity", __name__, url_prefix="/api/v1")


@blueprint.get("/events")
@described("listEvents", tag=ACTIVITY, summary="Read the security log", query=EventsQuery, answer=EventsJson, errors=())
@bearer_required(scope=EVENTS_READ)
def events(caller: Principal) -> ResponseReturnValue:
    """What was done and refused, newest first: in the whole account for owners, admins and the account token; for
    others what they did, and what was done to them and to their tokens."""
    page = read_query(EventsQuery)
    reach = reach_of(account_id=caller.own_account_id, user_id=caller.user_id, role=caller.role)
    with reading() as session:
        found = events_before(session, reach, before_id=page.cursor, action=page.action, most=page.limit + 1)
    items, next_cursor = EVENT_CURSORS.page(found, page.limit)
    told: EventsJson = {"items": items, "next_cursor": next_cursor}
    return json_answer(told)


@blueprint.get("/usage")
@described(
    "getUsage", tag=ACTIVITY, summary="See how much tokens are used", query=UsageQuery, answer=UsageJson, errors=()
)
@bearer_required(scope=USAGE_READ)
def usage(caller: Principal) -> ResponseReturnValue:
    """Calls that were let in, per token and day (UTC), oldest day first: of all tokens of the account for owners and
    the account token; for others of their own.

    A day on which none of its calls was let in has no item. What was counted in the last seconds may be missing.
    """
    wanted = read_query(UsageQuery)
    sees_all = caller.user_id is None or caller.role == Role.OWNER
    with reading() as session:
        found = usage_of(
            session,
            today=utc_now().date(),
            days=wanted.days,
            account_id=caller.own_account_id,
            user_id=None if sees_all else caller.user_id,
        )
    # Where all that a token tried on a day was refused there is a row without a call.
    items: list[DayOfUseJson] = [
        {"date": day.isoformat(), "token_id": token_id, "calls": calls} for day, token_id, calls, _ in found if calls
    ]
    told: UsageJson = {"items": items}
    return json_answer(told)
