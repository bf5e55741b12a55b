"""The security log as pages: one's own, and the whole account's for owners and admins."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from portal.accounts.guards import admin_only, current_person, signed_in
from portal.activity import service
from portal.activity.service import Cut
from portal.current import reading
from portal.web.pages import page

blueprint = Blueprint("activity", __name__)

LARGEST_ID = 2**63 - 1


@blueprint.get("/settings/activity")
@signed_in
def own() -> ResponseReturnValue:
    person = current_person()
    with reading() as session:
        found = service.own_lines(session, account_id=person.account_id, user_id=person.user_id, cut=_cut())
    return page("activity/own.html", found=found, cut=_cut())


@blueprint.get("/account/activity")
@admin_only
def account() -> ResponseReturnValue:
    with reading() as session:
        found = service.account_lines(session, account_id=current_person().account_id, cut=_cut())
    return page("activity/account.html", found=found, cut=_cut())


def _cut() -> Cut:
    return Cut(before=_id("before"), after=_id("after"))


def _id(name: str) -> int | None:
    """An id from the address. What is none is ignored: the newest page is what somebody with a bent link wants."""
    text = request.args.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_ID))):
        return None
    number = int(text)
    return number if number <= LARGEST_ID else None
