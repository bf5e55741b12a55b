"""Pages for those who program against the portal. They hold nothing of anybody's, whoever is signed in.

What they say of prefixes, limits and scopes is made from the settings this portal runs with.
"""

from http import HTTPStatus

import orjson
from flask import Blueprint, Response, current_app, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.guards import for_developers, public
from portal.authentication.reference import document_in
from portal.current import running
from portal.developers import figures
from portal.developers.calls import Operation, Reference
from portal.developers.changelog import RELEASES
from portal.developers.examples import example
from portal.developers.forms import LinkForm
from portal.developers.postman import collection
from portal.developers.reference import read_reference
from portal.developers.samples import samples_of
from portal.developers.trial import LIFE_DAYS, NAME, WORDS, Trial
from portal.personal_tokens.forms import LONGEST_LIFE_DAYS
from portal.problems import PROBLEMS
from portal.tokens.nonces import KEY_KEPT, LONGEST_KEY
from portal.tokens.scopes import ACCOUNT_READ, Scopes
from portal.tokens.secret import pattern_for
from portal.web.pages import Page, page

# What the call that tests a token can be refused with.
_REFUSALS_OF_A_TEST = sorted(
    (one for one in PROBLEMS.values() if one.status in {401, 429, 503} or one.code == "ambiguous_credentials"),
    key=lambda problem: problem.status,
)

_KEY = "portal.reference"

blueprint = Blueprint("developers", __name__, url_prefix="/developers")


@blueprint.get("")
@for_developers
def start() -> ResponseReturnValue:
    return _page("start", prefix=running().settings.personal_token_prefix[0])


@blueprint.get("/errors")
@public
def errors() -> ResponseReturnValue:
    """The page that each problem's `type` points to, made from the same table as the problems.

    Public whatever the setting says: a program that was refused may be anybody's.
    """
    phrases = {problem.status: HTTPStatus(problem.status).phrase for problem in PROBLEMS.values()}
    return _page("errors", problems=list(PROBLEMS.values()), phrases=phrases)


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


@blueprint.get("/token-format")
@for_developers
def token_format() -> ResponseReturnValue:
    return _page("token_format", shape=figures.token_format(running().settings))


@blueprint.get("/limits")
@for_developers
def limits() -> ResponseReturnValue:
    settings = running().settings
    return _page(
        "limits",
        rates=figures.rates(settings),
        tokens_per_user=settings.tokens_per_user,
        body_kib=current_app.config["MAX_CONTENT_LENGTH"] // 1024,
        key_hours=int(KEY_KEPT.total_seconds()) // 3600,
        longest_key=LONGEST_KEY,
    )


@blueprint.get("/events")
@for_developers
def events() -> ResponseReturnValue:
    settings = running().settings
    return _page(
        "events",
        events_url=settings.events_url,
        prefix=settings.personal_token_prefix[0],
        programs={"Python": example("events/listen.py"), "JavaScript": example("events/listen.mjs")},
    )


@blueprint.get("/tools")
@for_developers
def tools() -> ResponseReturnValue:
    return _page("tools", problems=_REFUSALS_OF_A_TEST)


@blueprint.get("/links")
@for_developers
def links() -> ResponseReturnValue:
    """The link itself comes in the answer to its form, which is sent in the address: without script, and nothing
    is kept."""
    known = Scopes(running().settings.scopes)
    form = LinkForm(request.args, known)
    is_right = form.is_sent and form.validate()
    return _page(
        "links",
        status=422 if form.is_sent and not is_right else 200,
        form=form,
        link=f"{running().settings.public_url}{url_for('personal_tokens.new')}?{form.query()}" if is_right else "",
        longest_days=LONGEST_LIFE_DAYS,
        # One of the services behind tells more than one of ours.
        example_scope=next(iter(running().settings.scopes), ACCOUNT_READ),
    )


@blueprint.get("/changelog")
@for_developers
def changelog() -> ResponseReturnValue:
    return _page("changelog", releases=RELEASES)


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


def _page(name: str, *, status: int = 200, **context: object) -> Page:
    return page(f"developers/{name}.html", status=status, api_url=running().settings.public_url, **context)
