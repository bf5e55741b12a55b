"""Pages for those who program against the portal. Public: they hold nothing of anybody's."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from portal.accounts.guards import public
from portal.problems import PROBLEMS
from portal.web.pages import page

blueprint = Blueprint("developers", __name__, url_prefix="/developers")


@blueprint.get("/errors")
@public
def errors() -> ResponseReturnValue:
    """The page that each problem's `type` points to, made from the same table as the problems."""
    return page("developers/errors.html", problems=PROBLEMS.values())
