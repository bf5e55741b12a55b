"""The first page, set-up, the profile, and where "Account settings" leads."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.accounts.guards import admin_only, public, signed_in
from portal.web.pages import see_other

blueprint = Blueprint("members", __name__)


@blueprint.get("/")
@public
def home() -> ResponseReturnValue:
    return see_other("sign_in.sign_in")


@blueprint.get("/settings")
@signed_in
def settings() -> ResponseReturnValue:
    return see_other("members.home")


@blueprint.get("/account")
@admin_only
def account() -> ResponseReturnValue:
    return see_other("members.home")
