"""The first page, set-up, the profile, and where "Account settings" leads."""

from collections.abc import Callable
from functools import wraps

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from portal.accounts.guards import (
    admin_only,
    current_actor,
    current_person,
    person_or_none,
    public,
    sign_in_browser,
    signed_in,
)
from portal.accounts.passwords import hash_password
from portal.accounts.sessions import SignedIn, begin_session
from portal.clock import utc_now
from portal.current import client_address, reading, running, transaction
from portal.errors import NotFound, TooManyTries
from portal.limits import address_key
from portal.members import service
from portal.members.forms import ProfileForm, SetupForm
from portal.web.forms import put_error
from portal.web.navigation import account_entries
from portal.web.pages import notice, page, see_other, try_later

blueprint = Blueprint("members", __name__)


def before_anybody_is_there(view: Callable[[], ResponseReturnValue]) -> Callable[[], ResponseReturnValue]:
    """The view is gone once a user exists: 404, before anything of the request is looked at, its CSRF token too."""

    @wraps(view)
    def guard() -> ResponseReturnValue:
        with reading() as session:
            if service.has_users(session):
                raise NotFound
        return view()

    return guard


@blueprint.get("/")
@public
def home() -> ResponseReturnValue:
    if person_or_none():
        return see_other("personal_tokens.index")
    with reading() as session:
        is_set_up = service.has_users(session)
    return see_other("sign_in.sign_in" if is_set_up else "members.setup")


@blueprint.route("/setup", methods=["GET", "POST"])
@before_anybody_is_there
@public
def setup() -> ResponseReturnValue:
    code = _setup_code()
    form = SetupForm()
    if not form.is_submitted():
        return page("members/setup.html", form=form)
    fits = form.validate()
    try:
        is_right = _is_right(form, code)
    except TooManyTries as error:
        return try_later("members/setup.html", error, field=form.code, form=form)
    if not (fits and is_right):
        return page("members/setup.html", status=422, form=form)
    sign_in_browser(_set_up(form))
    notice("Your account is ready, and you own it.")
    return see_other("personal_tokens.index")


@blueprint.get("/settings")
@signed_in
def settings() -> ResponseReturnValue:
    return see_other("members.profile")


@blueprint.route("/settings/profile", methods=["GET", "POST"])
@signed_in
def profile() -> ResponseReturnValue:
    form = ProfileForm(name=current_person().name)
    if not form.is_submitted():
        return page("members/profile.html", form=form)
    if not form.validate():
        return page("members/profile.html", status=422, form=form)
    actor = current_actor()
    transaction(lambda session: service.rename(session, actor, name=form.name.kept, now=utc_now()))
    notice("Your profile is saved.")
    return see_other("members.profile")


@blueprint.get("/account")
@admin_only
def account() -> ResponseReturnValue:
    # Admins see the activity at least, so there always is a first page.
    return see_other(account_entries(current_person())[0].endpoint)


def _setup_code() -> str:
    with reading() as session:
        return service.setup_code(running().settings.secret_key, service.read_setup_id(session))


def _is_right(form: SetupForm, code: str) -> bool:
    if form.code.errors:
        return False
    with running().limits.attempt(("setup", address_key(client_address() or ""))) as attempt:
        attempt.begin()
        if service.is_setup_code(form.code.kept, code):
            return True
        attempt.failed()
    put_error(form.code, "That is not the code. Look at what the server printed when it started.")
    return False


def _set_up(form: SetupForm) -> SignedIn:
    password_hash = hash_password(form.password.data or "")
    address, now = client_address(), utc_now()

    def work(session: Session) -> SignedIn:
        user = service.set_up(
            session,
            account_name=form.account_name.kept,
            name=form.name.kept,
            email=form.email.kept,
            password_hash=password_hash,
            address=address,
            now=now,
        )
        return begin_session(session, user, address=address, now=now)

    return transaction(work)
