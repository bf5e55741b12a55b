"""Signing in and out, and the password.

Whoever signs in meets the same words, status and work whether the address is unknown, the person deactivated or
the password wrong: one hash verified, one note in memory, nothing written before the answer.
"""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.guards import (
    current_person,
    person_or_none,
    public,
    sign_in_browser,
    sign_out_browser,
    signed_in,
)
from portal.accounts.passwords import hash_password, is_outdated, verify_password
from portal.accounts.refusals import Refusals
from portal.accounts.sessions import SignedIn
from portal.audit import Action, Actor
from portal.clock import utc_now
from portal.current import client_address, reading, running, transaction
from portal.errors import TooManyTries
from portal.limits import address_key
from portal.names import email_key
from portal.sign_in import service
from portal.sign_in.forms import PasswordForm, SignInForm
from portal.sign_in.service import Claimed, SignInRefused, WrongPassword
from portal.web.forms import put_error
from portal.web.pages import notice, page, see_other, try_later
from portal.web.paths import own_path

# Why somebody was refused, as the security log says it.
_WRONG = "wrong_password"
_INACTIVE = "user_inactive"

blueprint = Blueprint("sign_in", __name__)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> ResponseReturnValue:
    target = own_path(request.args.get("next"), default="")
    onward = target or url_for("personal_tokens.index")
    form = SignInForm()
    if not form.is_submitted():
        return redirect(onward, 303) if person_or_none() else _form_page(form, target)
    if not form.validate():
        return _form_page(form, target, status=422)
    try:
        person = _sign_in(form)
    except SignInRefused as error:
        put_error(form.password, str(error))
        return _form_page(form, target, status=422)
    except TooManyTries as error:
        return try_later("sign_in/sign_in.html", error, field=form.password, form=form, target=target)
    sign_in_browser(person)
    return redirect(onward, 303)


@blueprint.post("/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    person, address = current_person(), client_address()
    transaction(lambda session: service.end(session, person, address=address, now=utc_now()))
    sign_out_browser()
    answer = see_other("sign_in.sign_in")
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@blueprint.route("/settings/security", methods=["GET", "POST"])
@signed_in
def security() -> ResponseReturnValue:
    person = current_person()
    form = PasswordForm(context=(person.name, person.email, person.account_name))
    if not form.is_submitted():
        return page("sign_in/security.html", form=form)
    if not form.validate():
        return page("sign_in/security.html", status=422, form=form)
    try:
        again = _change_password(form, person)
    except WrongPassword as error:
        put_error(form.current_password, str(error))
        return page("sign_in/security.html", status=422, form=form)
    except TooManyTries as error:
        return try_later("sign_in/security.html", error, field=form.current_password, form=form)
    sign_in_browser(again)
    notice(_words_after(form))
    return see_other("sign_in.security")


@blueprint.get("/.well-known/change-password")
@public
def change_password() -> ResponseReturnValue:
    return see_other("sign_in.security")


def _form_page(form: SignInForm, target: str, *, status: int = 200) -> ResponseReturnValue:
    return page("sign_in/sign_in.html", status=status, form=form, target=target)


def _sign_in(form: SignInForm) -> SignedIn:
    email, password, address = form.email.kept, form.password.data or "", client_address()
    with reading() as session:
        claimed = service.find_claimed(session, email)
    if not _is_let_in(email, claimed, password) or claimed is None:
        _note_refusal(claimed)
        raise SignInRefused
    rehashed = hash_password(password) if is_outdated(claimed.password_hash) else None
    before, now = person_or_none(), utc_now()
    return transaction(
        lambda session: service.start(session, claimed, address=address, now=now, rehashed=rehashed, instead_of=before)
    )


def _change_password(form: PasswordForm, person: SignedIn) -> SignedIn:
    address = client_address()
    with reading() as session:
        claimed = service.find_claimed(session, person.email)
    if not _is_let_in(person.email, claimed, form.current_password.data or "") or claimed is None:
        _note(Action.PASSWORD_CHANGED, person.actor(address), account_id=person.account_id)
        raise WrongPassword
    password_hash, now = hash_password(form.new_password.data or ""), utc_now()
    return transaction(
        lambda session: service.change_password(
            session,
            person,
            verified_hash=claimed.password_hash,
            password_hash=password_hash,
            revoke_tokens=form.revoke_tokens.data,
            address=address,
            now=now,
        )
    )


def _is_let_in(email: str, claimed: Claimed | None, password: str) -> bool:
    """Whether it is that person and they are active. Always one hash, asked and counted under the limits."""
    where = address_key(client_address() or "")
    with running().limits.attempt(("signin", email_key(email), where), ("signin_address", where)) as attempt:
        password_hash = claimed.password_hash if claimed else None
        is_right = verify_password(password_hash, password, before=attempt.begin)
        if is_right and claimed is not None and claimed.is_active:
            return True
        attempt.count()
        return False


def _note_refusal(claimed: Claimed | None) -> None:
    address = client_address()
    if claimed is None:
        running().recorder.batch(Refusals).note_nobody(
            Action.SESSION_REFUSED, address=address, detail=_WRONG, at=utc_now()
        )
    else:
        detail = _WRONG if claimed.is_active else _INACTIVE
        _note(Action.SESSION_REFUSED, claimed.actor(address), account_id=claimed.account_id, detail=detail)


def _note(action: Action, actor: Actor, *, account_id: int, detail: str = _WRONG) -> None:
    running().recorder.batch(Refusals).note(action, actor, account_id=account_id, detail=detail, at=utc_now())


def _words_after(form: PasswordForm) -> str:
    if form.revoke_tokens.data:
        return "Your password is changed, other browsers are signed out, and your personal tokens are revoked."
    return "Your password is changed, and other browsers are signed out. Your personal tokens go on working."
