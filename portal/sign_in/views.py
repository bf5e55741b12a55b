"""Signing in and out, and the password."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.accounts.guards import public, signed_in
from portal.web.pages import see_other

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    return "x"


@blueprint.post("/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    return see_other("sign_in.sign_in")
