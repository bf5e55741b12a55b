"""The pages of API access: the switch, the statement, the token that is shown once, rotation, the way to turn it off.

One address for each action. A form that was shown for an older state is answered with the present one, 409.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import TypeVar, cast

from flask import Blueprint, Flask, current_app, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from portal.accounts.guards import current_actor, current_person, owner_only
from portal.api_access import service
from portal.api_access.forms import AgreeForm, DisableForm, RotateForm, StopOldForm, SwitchForm
from portal.api_access.models import Statement
from portal.api_access.service import AlreadyHolds, Consent, State, StatementChanged
from portal.audit import AuditEvent
from portal.clock import utc_now
from portal.current import reading, running, running_in, transaction
from portal.errors import WrongState, WrongValue
from portal.tokens.nonces import AlreadyDone, FormOnce, make_nonce
from portal.tokens.service import Issued, overlapping_predecessor
from portal.web.forms import PortalForm
from portal.web.pages import Page, notice, page, see_other

blueprint = Blueprint("api_access", __name__)

_STATEMENT = "security_statement"
_SHOW = "api_access.show"
View = Callable[[], ResponseReturnValue]
Form = TypeVar("Form", bound=PortalForm)


@blueprint.record_once
def _load_statement(setup: BlueprintSetupState) -> None:
    # Here, so that an unfit file stops the start and not the first owner.
    app = cast(Flask, setup.app)
    app.extensions[_STATEMENT] = service.load_statement(running_in(app).settings)


def _told(view: View) -> View:
    """Answers what the verbs of this room refuse: with a notice where it is so already, else the present state."""

    @wraps(view)
    def answer() -> ResponseReturnValue:
        try:
            return view()
        except AlreadyHolds as error:
            notice(str(error), kind="info")
            return see_other(_SHOW)
        except AlreadyDone:
            notice(_already_created(_read()[0]), kind="warning")
            return see_other(_SHOW)
        except WrongState as error:
            return _present(409, told="statement" if isinstance(error, StatementChanged) else "state")
        except WrongValue:
            return _present(422, told="form")

    return answer


@blueprint.route("/account/api-access", methods=["GET", "POST"])
@owner_only
@_told
def show() -> ResponseReturnValue:
    if request.method != "POST":
        return _present()
    form = _complete(SwitchForm())
    seen = form.version.data or ""
    if not form.enabled.data:
        service.refuse_disabling(_read()[0], seen=seen)
        return see_other("api_access.disable")
    actor = current_actor()
    transaction(lambda session: service.enable(session, actor, seen=seen, now=utc_now()))
    notice("API access is on.")
    return see_other(_SHOW)


@blueprint.post("/account/api-access/agree")
@owner_only
@_told
def agree() -> ResponseReturnValue:
    consent, actor, prefix = _consent(_complete(AgreeForm()), "api_access.agree"), current_actor(), _prefix()

    def work(session: Session) -> Page:
        return _shown_once(session, service.agree(session, actor, consent=consent, prefix=prefix, now=utc_now()))

    return transaction(work)


@blueprint.route("/account/api-access/rotate", methods=["GET", "POST"])
@owner_only
@_told
def rotate() -> ResponseReturnValue:
    if request.method != "POST":
        return _ask_to_rotate()
    form = RotateForm()
    if not form.validate():
        form.nonce.data = make_nonce()
        return _ask_to_rotate(422, form=form)
    consent, actor, prefix = _consent(form, "api_access.rotate"), current_actor(), _prefix()
    overlap = timedelta(seconds=int(form.overlap.data))

    def work(session: Session) -> Page:
        now = utc_now()
        issued = service.rotate(session, actor, consent=consent, overlap=overlap, prefix=prefix, now=now)
        return _shown_once(session, issued)

    try:
        return transaction(work)
    except StatementChanged:
        return _ask_to_rotate(409, told="statement", overlap=form.overlap.data)


@blueprint.route("/account/api-access/disable", methods=["GET", "POST"])
@owner_only
@_told
def disable() -> ResponseReturnValue:
    if request.method != "POST":
        return _ask_to_disable()
    form, actor = _complete(DisableForm()), current_actor()
    seen = form.version.data or ""
    try:
        transaction(lambda session: service.disable(session, actor, seen=seen, now=utc_now()))
    except WrongState:
        # Whoever turns it off in a hurry gets the same button again, for what is there now.
        return _ask_to_disable(409, told="state")
    notice("API access is off. From now on every call with its token is refused.")
    return see_other(_SHOW)


@blueprint.post("/account/api-access/stop-old")
@owner_only
@_told
def stop_old() -> ResponseReturnValue:
    form, actor = _complete(StopOldForm()), current_actor()
    seen = form.version.data or ""
    stopped = transaction(lambda session: service.stop_old(session, actor, seen=seen, now=utc_now()))
    notice(f"The old token {stopped.hint} has stopped. From now on every call with it is refused.")
    return see_other(_SHOW)


def _present(status: int = 200, *, told: str = "") -> Page:
    """The page as it stands now. `told` names what went wrong: `state`, `statement`, `form`."""
    state, change = _read(with_change=bool(told))
    return page(
        "api_access/show.html",
        status=status,
        told=told,
        state=state,
        change=change,
        statement=_statement(),
        switch_form=SwitchForm(formdata=None, version=state.version, enabled=state.is_on),
        agree_form=AgreeForm(formdata=None, **_shown(state)),
        stop_old_form=StopOldForm(formdata=None, version=state.version),
    )


def _ask_to_rotate(
    status: int = 200, *, told: str = "", form: RotateForm | None = None, overlap: str | None = None
) -> ResponseReturnValue:
    state, change = _read(with_change=bool(told))
    if state.token is None:
        notice("There is no token to rotate.", kind="info")
        return see_other(_SHOW)
    if form is None:
        form = RotateForm(formdata=None, **_shown(state), **({"overlap": overlap} if overlap else {}))
    context = {"told": told, "state": state, "change": change, "form": form, "statement": _statement()}
    return page("api_access/rotate.html", status=status, **context)


def _ask_to_disable(status: int = 200, *, told: str = "") -> ResponseReturnValue:
    state, change = _read(with_change=bool(told))
    service.refuse_disabling(state, seen=state.version)
    form = DisableForm(formdata=None, version=state.version)
    return page("api_access/disable.html", status=status, told=told, state=state, change=change, form=form)


def _shown_once(session: Session, issued: Issued) -> Page:
    """Rendered in the transaction: a fault in the page leaves no token that nobody saw."""
    old = overlapping_predecessor(session, issued.token, now=issued.token.created_at)
    secret, api_url = issued.secret.reveal(), running().settings.public_url
    return page("api_access/created.html", secret=secret, api_url=api_url, token=issued.token, old=old)


def _read(*, with_change: bool = False) -> tuple[State, AuditEvent | None]:
    """The state, and the last change where the page tells of it; looking for that is slower."""
    account_id = current_person().account_id
    with reading() as session:
        state = service.read_state(session, account_id=account_id, now=utc_now())
        if not with_change and not (state.awaits_agreement and state.newest):
            return state, None
        return state, service.last_change(session, account_id=account_id)


def _complete(form: Form) -> Form:
    """A form of hidden fields is wrong only when somebody made it up."""
    if not form.validate():
        raise WrongValue("form", "This form is incomplete.")
    return form


def _consent(form: AgreeForm, action: str) -> Consent:
    return Consent(
        statement=_statement(),
        seen_statement=form.statement.data or "",
        seen_state=form.version.data or "",
        once=FormOnce(action, form.nonce.data or ""),
    )


def _shown(state: State) -> dict[str, str]:
    return {"version": state.version, "statement": _statement().version, "nonce": make_nonce()}


def _statement() -> Statement:
    return cast(Statement, current_app.extensions[_STATEMENT])


def _prefix() -> str:
    return running().settings.account_token_prefix[0]


def _already_created(state: State) -> str:
    way = "rotate it and copy the new one" if state.token else "make a new one on this page"
    return f"The token was already created, it cannot be shown again. If you did not copy it, {way}."
