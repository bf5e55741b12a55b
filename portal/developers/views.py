"""Pages for those who program against the portal. They hold nothing of anybody's, whoever is signed in."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.accounts.guards import for_developers, public
from portal.problems import PROBLEMS
from portal.web.pages import page

blueprint = Blueprint("developers", __name__, url_prefix="/developers")


@blueprint.get("")
@for_developers
def start() -> ResponseReturnValue:
    return page("developers/start.html")


@blueprint.get("/errors")
@public
def errors() -> ResponseReturnValue:
    """The page that each problem's `type` points to, made from the same table as the problems.

    Public whatever the setting says: a program that was refused may be anybody's.
    """
    return page("developers/errors.html", problems=PROBLEMS.values())
