"""A person's tokens, managed by one of them: make, list, read, rename, rotate, revoke."""

from datetime import datetime, timedelta

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from portal.api.answers import empty_answer, json_answer
from portal.api.bodies import call_once, read_body
from portal.api.callers import expiry_to_hand_on, lock_caller, refuse_beyond, scopes_to_hand_on
from portal.api.ids import read_id
from portal.api.lists import all_living_wanted, cursor_after, page_wanted
from portal.api.payloads import NameWanted, RotationWanted, TokenWanted, issued_json, token_json
from portal.audit import Actor
from portal.authentication.decorator import bearer_required
from portal.authentication.principal import Principal
from portal.clock import utc_now
from portal.current import client_address, reading, running, transaction
from portal.errors import WrongValue
from portal.limits import CREATE
from portal.personal_tokens import service
from portal.tokens import service as tokens
from portal.tokens.models import Kind
from portal.tokens.scopes import TOKENS_READ, TOKENS_WRITE
from portal.tokens.service import Issued

SELF = "self"
# A caller that replaces itself must be able to read the answer and store the new secret.
SHORTEST_OWN_OVERLAP_SECONDS = 60
_PERSONAL = (Kind.PERSONAL,)

blueprint = Blueprint("api_tokens", __name__, url_prefix="/api/v1/tokens")


@blueprint.post("")
@bearer_required(scope=TOKENS_WRITE, kinds=_PERSONAL, limit=CREATE)
def create(caller: Principal, *, status: int = 201) -> ResponseReturnValue:
    wanted, now = read_body(TokenWanted), utc_now()
    scopes = scopes_to_hand_on(caller, wanted)
    expires_at = expiry_to_hand_on(caller, wanted)
    settings, once = running().settings, call_once(request.path)

    def work(session: Session) -> Response:
        issued = service.create(
            session,
            _acting(session, caller, now),
            name=wanted.name,
            scopes=scopes,
            expires_at=expires_at,
            prefix=settings.personal_token_prefix[0],
            most=settings.tokens_per_user,
            once=once,
            now=now,
        )
        return _made(issued, status=status)

    return transaction(work)


@blueprint.get("")
@bearer_required(scope=TOKENS_READ, kinds=_PERSONAL)
def index(caller: Principal, *, in_one_page: bool = False) -> ResponseReturnValue:
    page = all_living_wanted(request.args) if in_one_page else page_wanted(request.args)
    with reading() as session:
        found = service.list_own(
            session,
            user_id=caller.person_id,
            now=utc_now(),
            status=page.status,
            before_id=page.before_id,
            most=None if page.limit is None else page.limit + 1,
        )
    shown = found[: page.limit]
    next_cursor = cursor_after(shown[-1].id) if len(found) > len(shown) else None
    return json_answer({"items": [token_json(token) for token in shown], "next_cursor": next_cursor})


@blueprint.get("/<reference>")
@bearer_required(scope=TOKENS_READ, kinds=_PERSONAL)
def show(caller: Principal, reference: str) -> ResponseReturnValue:
    token_id = _token_id(caller, reference)
    with reading() as session:
        token = tokens.find_own(session, user_id=caller.person_id, token_id=token_id)
    return json_answer(token_json(token))


@blueprint.patch("/<reference>")
@bearer_required(scope=TOKENS_WRITE, kinds=_PERSONAL)
def rename(caller: Principal, reference: str) -> ResponseReturnValue:
    wanted, now = read_body(NameWanted), utc_now()
    token_id = _token_id(caller, reference)

    def work(session: Session) -> Response:
        actor = _acting(session, caller, now)
        return json_answer(token_json(service.rename(session, actor, token_id, name=wanted.name, now=now)))

    return transaction(work)


@blueprint.post("/<reference>/rotate")
@bearer_required(scope=TOKENS_WRITE, kinds=_PERSONAL)
def rotate(caller: Principal, reference: str) -> ResponseReturnValue:
    wanted, now = read_body(RotationWanted, may_be_empty=True), utc_now()
    expires_at = expiry_to_hand_on(caller, wanted)
    token_id = _token_id(caller, reference)
    _refuse_short_overlap(wanted, is_own=token_id == caller.token_id)
    settings, once = running().settings, call_once(f"{blueprint.url_prefix}/{token_id}/rotate")

    def work(session: Session) -> Response:
        issued = service.rotate(
            session,
            _acting(session, caller, now),
            token_id,
            overlap=timedelta(seconds=wanted.overlap_seconds),
            expires_at=lambda old: expires_at,
            prefix=settings.personal_token_prefix[0],
            once=once,
            now=now,
            most=settings.tokens_per_user,
            may=lambda old: refuse_beyond(caller, old.scopes),
        )
        return _made(issued)

    return transaction(work)


@blueprint.delete("/self")
@bearer_required()
def revoke_self(caller: Principal) -> ResponseReturnValue:
    """Whoever holds a token can kill it, whatever its kind and scopes."""
    now = utc_now()

    def work(session: Session) -> Response:
        actor, token = lock_caller(session, caller, address=client_address(), now=now)
        tokens.revoke(session, actor, token, now=now)
        return empty_answer()

    return transaction(work)


@blueprint.delete("/<reference>")
@bearer_required(scope=TOKENS_WRITE, kinds=_PERSONAL)
def revoke(caller: Principal, reference: str) -> ResponseReturnValue:
    token_id, now = _token_id(caller, reference), utc_now()

    def work(session: Session) -> Response:
        service.revoke(session, _acting(session, caller, now), token_id, now=now)
        return empty_answer()

    return transaction(work)


def _acting(session: Session, caller: Principal, now: datetime) -> Actor:
    actor, _ = lock_caller(session, caller, address=client_address(), now=now)
    return actor


def _token_id(caller: Principal, reference: str) -> int:
    return caller.token_id if reference == SELF else read_id(reference)


def _refuse_short_overlap(wanted: RotationWanted, *, is_own: bool) -> None:
    if is_own and wanted.overlap_seconds < SHORTEST_OWN_OVERLAP_SECONDS:
        raise WrongValue(
            "overlap_seconds", f"A token that replaces itself needs at least {SHORTEST_OWN_OVERLAP_SECONDS}."
        )


def _made(issued: Issued, *, status: int = 201) -> Response:
    """Written before the commit and sent after it, so that a fault here leaves no living token that nobody saw."""
    response = json_answer(issued_json(issued), status)
    response.headers["Location"] = url_for("api_tokens.show", reference=issued.token.id)
    return response
