"""Pages for those who program against the portal. They hold nothing of anybody's, whoever is signed in.

What they say of prefixes, limits and scopes is made from the settings this portal runs with.
"""

from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, current_app, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.guards import for_developers, public
from portal.current import running
from portal.developers.changelog import RELEASES
from portal.developers.forms import LinkForm
from portal.personal_tokens.forms import LONGEST_LIFE_DAYS
from portal.problems import PROBLEMS
from portal.tokens import secret
from portal.tokens.nonces import KEY_KEPT, LONGEST_KEY
from portal.tokens.scopes import ACCOUNT_READ, Scopes
from portal.web.pages import Page, page

# What the call that tests a token can be refused with.
_REFUSALS_OF_A_TEST = sorted(
    (one for one in PROBLEMS.values() if one.status in {401, 429, 503} or one.code == "ambiguous_credentials"),
    key=lambda problem: problem.status,
)

blueprint = Blueprint("developers", __name__, url_prefix="/developers")


@dataclass(frozen=True, slots=True)
class Kind:
    """How the tokens of one kind begin, and how long they are."""

    label: str
    prefixes: tuple[str, ...]

    @property
    def lengths(self) -> str:
        lengths = sorted({len(prefix) + 1 + secret.BODY_LENGTH for prefix in self.prefixes})
        return " or ".join(map(str, lengths)) + " characters"


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


@blueprint.get("/token-format")
@for_developers
def token_format() -> ResponseReturnValue:
    settings = running().settings
    return _page(
        "token_format",
        kinds=(
            Kind("Personal", settings.personal_token_prefix),
            Kind("Account", settings.account_token_prefix),
            Kind("Service", settings.service_token_prefix),
        ),
        pattern=secret.scanner_pattern(settings.token_prefixes),
        body_length=secret.BODY_LENGTH,
        random_length=secret.RANDOM_LENGTH,
        checksum_length=secret.CHECKSUM_LENGTH,
        hint_length=secret.HINT_LENGTH,
        checksum_of_portal=secret.checksum_of("portal"),
    )


@blueprint.get("/limits")
@for_developers
def limits() -> ResponseReturnValue:
    settings = running().settings
    return _page(
        "limits",
        rates={name: _rate(*rate) for name, rate in settings.limits.items()},
        tokens_per_user=settings.tokens_per_user,
        body_kib=current_app.config["MAX_CONTENT_LENGTH"] // 1024,
        key_hours=int(KEY_KEPT.total_seconds()) // 3600,
        longest_key=LONGEST_KEY,
    )


@blueprint.get("/events")
@for_developers
def events() -> ResponseReturnValue:
    settings = running().settings
    stream = f"ws{settings.public_url.removeprefix('http')}/ws/events"
    return _page("events", events_url=stream, prefix=settings.personal_token_prefix[0])


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


def _page(name: str, *, status: int = 200, **context: object) -> Page:
    return page(f"developers/{name}.html", status=status, api_url=running().settings.public_url, **context)


def _rate(count: int, seconds: int) -> str:
    return f"{count:,} in {seconds:,} second{'' if seconds == 1 else 's'}" if count else "Not limited"
