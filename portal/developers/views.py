"""Pages for those who program against the portal. They hold nothing of anybody's, whoever is signed in."""

import orjson
from flask import Blueprint, Response, current_app, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.guards import for_developers, public
from portal.authentication.reference import document_in
from portal.current import running
from portal.developers.calls import Operation, Reference
from portal.developers.postman import collection
from portal.developers.reference import read_reference
from portal.developers.samples import samples_of
from portal.developers.trial import LIFE_DAYS, NAME, WORDS, Trial
from portal.problems import PROBLEMS
from portal.tokens.scopes import ACCOUNT_READ
from portal.tokens.secret import pattern_for
from portal.web.pages import page

_KEY = "portal.reference"

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


@blueprint.get("/reference")
@for_developers
def reference() -> ResponseReturnValue:
    return page("developers/reference.html", groups=kept_reference().groups, public_url=running().settings.public_url)


@blueprint.get("/reference/<operation>")
@for_developers
def call(operation: str) -> ResponseReturnValue:
    every = kept_reference()
    found = every.find(operation)
    return page(
        "developers/call.html",
        call=found,
        texts=samples_of(found, running().settings.public_url),
        trial=_trial(found),
        errors=[PROBLEMS[code] for code in found.codes],
        shared=every.shared_codes,
    )


@blueprint.get("/portal.postman_collection.json")
@for_developers
def postman() -> ResponseReturnValue:
    settings = running().settings
    made = collection(kept_reference(), name=settings.brand.name, public_url=settings.public_url)
    response = Response(orjson.dumps(made, option=orjson.OPT_INDENT_2), content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="portal.postman_collection.json"'
    return response


def kept_reference() -> Reference:
    """All calls, read when the first page about them is asked for: by then all routes are there."""
    kept: Reference | None = current_app.extensions.get(_KEY)
    if kept is None:
        kept = current_app.extensions[_KEY] = read_reference(document_in(current_app))
    return kept


def _trial(operation: Operation) -> Trial:
    return Trial(
        secret_pattern=pattern_for(running().settings.token_prefixes),
        make_one_url=url_for(
            "personal_tokens.new", name=NAME, scopes=operation.scope or ACCOUNT_READ, expires_in=LIFE_DAYS
        ),
        words=WORDS,
    )
