"""The pages of a person's own tokens: list, new, shown once, one token, rename, rotate, revoke.

A page that shows a secret is rendered inside the transaction that makes the token, and sent after its commit.
"""

from datetime import datetime
from functools import partial

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from portal.accounts.guards import current_actor, current_person, signed_in
from portal.accounts.refusals import Refusals
from portal.audit import Action
from portal.clock import utc_now
from portal.current import reading, running, transaction
from portal.database import LARGEST_ID
from portal.errors import LimitReached, NameTaken, NotFound, TooManyTries, WrongValue
from portal.limits import CREATE
from portal.personal_tokens import service
from portal.personal_tokens.forms import NewTokenForm, RenameForm, RotateForm, read_link
from portal.personal_tokens.service import OwnToken
from portal.tokens.models import Status, Token
from portal.tokens.nonces import AlreadyDone, FormOnce, make_nonce
from portal.tokens.scopes import Scopes
from portal.tokens.service import Issued, StaleRotation, find_own
from portal.tokens.usage_days import usage_of_token
from portal.web.forms import LONGEST_TYPED, NonceForm, put_error
from portal.web.pages import Page, notice, page, see_other, try_later

blueprint = Blueprint("personal_tokens", __name__)

ON_ONE_PAGE = 100
_ONE = f"/settings/tokens/<int(max={LARGEST_ID}):token_id>"


@blueprint.get("/settings/tokens")
@signed_in
def index() -> ResponseReturnValue:
    now, status, wanted = utc_now(), _asked_status(), _asked_name()
    found = service.list_rows(
        running().database,
        user_id=current_person().user_id,
        now=now,
        status=status,
        name_has=wanted,
        before_id=_asked_before(),
        # One more than is shown tells whether there is a next page.
        most=ON_ONE_PAGE + 1,
    )
    rows = found[:ON_ONE_PAGE]
    older = rows[-1].id if len(found) > ON_ONE_PAGE else None
    return page("personal_tokens/index.html", rows=rows, older=older, chosen=status, choices=list(Status), q=wanted)


@blueprint.route("/settings/tokens/new", methods=["GET", "POST"])
@signed_in
def new() -> ResponseReturnValue:
    now, known = utc_now(), Scopes(running().settings.scopes)
    if request.method == "POST":
        return _create(NewTokenForm(now, known), now)
    link = read_link(request.args, now, known=known)
    form = NewTokenForm(now, known, data=link.values if link else {})
    form.nonce.data = make_nonce()
    return page("personal_tokens/new.html", form=form, link=link)


@blueprint.get(_ONE)
@signed_in
def show(token_id: int) -> ResponseReturnValue:
    now = utc_now()
    own = _find(token_id, now)
    with reading() as session:
        usage = usage_of_token(session, token_id, today=now.date())
    return page("personal_tokens/show.html", own=own, usage=usage, now=now)


@blueprint.route(f"{_ONE}/rename", methods=["GET", "POST"])
@signed_in
def rename(token_id: int) -> ResponseReturnValue:
    now = utc_now()
    token = _find(token_id, now).token
    form = RenameForm(data={"name": token.name})
    if request.method == "POST":
        return _rename(form, token, now)
    if token.status(now) is Status.REVOKED:
        return _over(token)
    return page("personal_tokens/rename.html", form=form, token=token)


@blueprint.route(f"{_ONE}/rotate", methods=["GET", "POST"])
@signed_in
def rotate(token_id: int) -> ResponseReturnValue:
    now = utc_now()
    own = _find(token_id, now)
    form = RotateForm(now, may_keep=own.token.status(now) is not Status.EXPIRED)
    if request.method == "POST":
        return _rotate(form, own, now)
    form.nonce.data = make_nonce()
    return _rotate_page(form, own, now)


@blueprint.route(f"{_ONE}/revoke", methods=["GET", "POST"])
@signed_in
def revoke(token_id: int) -> ResponseReturnValue:
    now = utc_now()
    own = _find(token_id, now)
    if request.method == "POST":
        return _revoke(own.token, now)
    if own.token.status(now) is Status.REVOKED:
        return _over(own.token)
    return page("personal_tokens/revoke.html", own=own, now=now)


def _create(form: NewTokenForm, now: datetime) -> ResponseReturnValue:
    status = 422
    try:
        if form.validate():
            return _created(form, now)
    except TooManyTries as error:
        return _too_many(form, error)
    except AlreadyDone as done:
        return _already_made(done.token)
    except NameTaken as error:
        put_error(form.name, str(error))
    except LimitReached as error:
        form.form_errors.append(str(error))
        status = 409
    except WrongValue as error:
        _start_again(form, error)
    return page("personal_tokens/new.html", status=status, form=form, link=None)


def _created(form: NewTokenForm, now: datetime) -> Page:
    with running().limits.attempt((CREATE, current_person().user_id)) as attempt:
        attempt.begin()
        shown = transaction(partial(_created_page, form=form, now=now))
        attempt.count()
        return shown


def _too_many(form: NewTokenForm, error: TooManyTries) -> ResponseReturnValue:
    # The last form that was let in, sent again, is no further token.
    with reading() as session:
        made = _once(form).token_made(session, user_id=current_person().user_id)
    if made is not None:
        return _already_made(made)
    why = "You have made many tokens in a short time."
    return try_later("personal_tokens/new.html", error, field=form.name, why=why, form=form, link=None)


def _once(form: NewTokenForm) -> FormOnce:
    return FormOnce("personal_tokens.new", form.nonce.data or "")


def _created_page(session: Session, *, form: NewTokenForm, now: datetime) -> Page:
    settings = running().settings
    issued = service.create(
        session,
        current_actor(),
        name=form.name.kept,
        scopes=form.chosen_scopes(),
        expires_at=form.ends_at(),
        prefix=settings.personal_token_prefix[0],
        most=settings.tokens_per_user,
        once=_once(form),
        now=now,
    )
    return _shown_once(issued, old=None, now=now)


def _rename(form: RenameForm, token: Token, now: datetime) -> ResponseReturnValue:
    try:
        if form.validate():
            actor, name = current_actor(), form.name.kept
            transaction(lambda session: service.rename(session, actor, token.id, name=name, now=now))
            notice(f"The token is now named “{name}”.")
            return see_other(".show", token_id=token.id)
    except NotFound:
        return _over(token)
    except NameTaken as error:
        put_error(form.name, str(error))
    return page("personal_tokens/rename.html", status=422, form=form, token=token)


def _rotate(form: RotateForm, own: OwnToken, now: datetime) -> ResponseReturnValue:
    status = 422
    try:
        if form.validate():
            return transaction(partial(_rotated_page, form=form, token_id=own.token.id, now=now))
    except AlreadyDone as done:
        return _already_made(done.token)
    except NotFound:
        return _over(own.token)
    except (StaleRotation, NameTaken, LimitReached) as error:
        form.form_errors.append(str(error))
        status = 409
    except WrongValue as error:
        _start_again(form, error)
    # Read again: what was refused may be so because of what happened since.
    return _rotate_page(form, _find(own.token.id, now), now, status=status)


def _rotated_page(session: Session, *, form: RotateForm, token_id: int, now: datetime) -> Page:
    settings, actor = running().settings, current_actor()
    issued = service.rotate(
        session,
        actor,
        token_id,
        overlap=form.overlap_length(),
        expires_at=lambda old: form.ends_instead_of(old.expires_at),
        prefix=settings.personal_token_prefix[0],
        once=FormOnce(f"personal_tokens.rotate {token_id}", form.nonce.data or ""),
        now=now,
        even_expired=True,
        most=settings.tokens_per_user,
    )
    old = find_own(session, user_id=current_person().user_id, token_id=token_id)
    return _shown_once(issued, old=old, now=now)


def _rotate_page(form: RotateForm, own: OwnToken, now: datetime, *, status: int = 200) -> ResponseReturnValue:
    if own.token.status(now) is Status.REVOKED:
        return _over(own.token)
    if own.successor:
        return page("personal_tokens/replaced.html", status=409, own=own, now=now)
    return page("personal_tokens/rotate.html", status=status, form=form, own=own, now=now)


def _revoke(token: Token, now: datetime) -> ResponseReturnValue:
    actor = current_actor()
    try:
        transaction(lambda session: service.revoke(session, actor, token.id, now=now))
    except NotFound:
        return _over(token)
    notice(f"“{token.name}” was revoked. Calls with it are refused from now on.")
    return see_other(".index")


def _find(token_id: int, now: datetime) -> OwnToken:
    """That token of this person. What somebody tries to change without having it is noted for the security log."""
    person = current_person()
    try:
        with reading() as session:
            return service.look_at(session, user_id=person.user_id, token_id=token_id, now=now)
    except NotFound:
        if request.method == "POST":
            refusals = running().recorder.batch(Refusals)
            refusals.note(
                Action.CALL_REFUSED, current_actor(), account_id=person.account_id, detail="not_found", at=now
            )
        raise


def _shown_once(issued: Issued, *, old: Token | None, now: datetime) -> Page:
    return page(
        "personal_tokens/created.html",
        token=issued.token,
        secret=issued.secret.reveal(),
        api_url=running().settings.public_url,
        old=old,
        now=now,
    )


def _already_made(token: Token) -> Response:
    notice(
        f"“{token.name}” was already created, it cannot be shown again. If you did not copy it, rotate it or revoke it "
        "here. For another token, open a new form.",
        kind="warning",
    )
    return see_other(".show", token_id=token.id)


def _over(token: Token) -> Response:
    notice(f"“{token.name}” is revoked already, so nothing was changed. Create a new token instead.", kind="info")
    return see_other(".show", token_id=token.id)


def _start_again(form: NonceForm, error: WrongValue) -> None:
    form.form_errors.append(str(error))
    form.nonce.data = make_nonce()


def _asked_status() -> Status:
    asked = request.args.get("status")
    return Status(asked) if asked in list(Status) else Status.ACTIVE


def _asked_name() -> str:
    # No name holds NUL, and PostgreSQL takes no text that does.
    return request.args.get("q", "")[:LONGEST_TYPED].replace("\0", "").strip()


def _asked_before() -> int:
    before = request.args.get("before", type=int)
    return before if before is not None and 0 < before <= LARGEST_ID else LARGEST_ID
