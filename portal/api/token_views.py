"""A person's tokens, managed by one of them: make, list, read, rename, rotate, revoke."""

from datetime import datetime, timedelta

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from portal.api.answers import empty_answer, json_answer
from portal.api.bodies import call_once, read_body
from portal.api.callers import expiry_to_hand_on, lock_caller, refuse_beyond, scopes_to_hand_on
from portal.api.ids import read_id
from portal.api.payloads import IssuedTokenJson, TokenJson, TokensJson, issued_json, token_json
from portal.api.queries import TOKEN_CURSORS, TokensQuery, all_active, read_query
from portal.api.wanted import SHORTEST_OWN_OVERLAP_SECONDS, NameWanted, OwnRotationWanted, RotationWanted, TokenWanted
from portal.audit import Actor
from portal.authentication.decorator import bearer_required
from portal.authentication.described import OWN_TOKEN, TOKENS, described
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

_PERSONAL = (Kind.PERSONAL,)
_JUST_MADE = {"last_used_at": None}
_MADE_LEADS_TO = ("getToken", "renameToken", "rotateToken", "revokeToken")

blueprint = Blueprint("api_tokens", __name__, url_prefix="/api/v1/tokens")


@blueprint.post("")
@described(
    "createToken",
    tag=TOKENS,
    summary="Make a token",
    status=201,
    body=TokenWanted,
    answer=IssuedTokenJson,
    errors=("forbidden", "insufficient_scope", "name_taken", "limit_reached", "already_done"),
    once=True,
    example=_JUST_MADE,
    leads_to=_MADE_LEADS_TO,
)
@bearer_required(scope=TOKENS_WRITE, kinds=_PERSONAL, limit=CREATE)
def create(caller: Principal, *, status: int = 201) -> ResponseReturnValue:
    """Makes a token of the same person. Its secret is in this answer and nowhere else, ever.

    No token makes more than itself: the new one reaches no further and lives no longer than the one that calls.
    """
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
@described(
    "listTokens",
    tag=TOKENS,
    summary="List your tokens",
    query=TokensQuery,
    answer=TokensJson,
    errors=(),
    leads_to=("getToken",),
)
@bearer_required(scope=TOKENS_READ, kinds=_PERSONAL)
def index(caller: Principal, *, in_one_page: bool = False) -> ResponseReturnValue:
    """Your own personal access tokens, newest first, never a secret."""
    page = all_active() if in_one_page else read_query(TokensQuery)
    with reading() as session:
        found = service.list_own(
            session,
            user_id=caller.person_id,
            now=utc_now(),
            status=page.status,
            before_id=page.cursor,
            most=page.limit + 1,
        )
    items, next_cursor = TOKEN_CURSORS.page([token_json(token) for token in found], page.limit)
    told: TokensJson = {"items": items, "next_cursor": next_cursor}
    return json_answer(told)


@blueprint.get("/<reference>")
@described("getToken", tag=TOKENS, summary="See one token", answer=TokenJson, errors=())
@bearer_required(scope=TOKENS_READ, kinds=_PERSONAL)
def show(caller: Principal, reference: str) -> ResponseReturnValue:
    """One of your own tokens, a revoked one too."""
    return _shown(caller, read_id(reference))


@blueprint.patch("/<reference>")
@described(
    "renameToken",
    tag=TOKENS,
    summary="Rename a token",
    body=NameWanted,
    answer=TokenJson,
    errors=("name_taken",),
)
@bearer_required(scope=TOKENS_WRITE, kinds=_PERSONAL)
def rename(caller: Principal, reference: str) -> ResponseReturnValue:
    """Gives a living token of yours another name. Its secret stays the same."""
    wanted = read_body(NameWanted)
    return _renamed(caller, wanted, read_id(reference))


@blueprint.delete("/<reference>")
@described("revokeToken", tag=TOKENS, summary="Revoke a token", status=204, answer=None, errors=())
@bearer_required(scope=TOKENS_WRITE, kinds=_PERSONAL)
def revoke(caller: Principal, reference: str) -> ResponseReturnValue:
    """Stops a token of yours at once and for good; one that it is replacing stops with it."""
    token_id, now = read_id(reference), utc_now()

    def work(session: Session) -> Response:
        service.revoke(session, _acting(session, caller, now), token_id, now=now)
        return empty_answer()

    return transaction(work)


@blueprint.post("/<reference>/rotate")
@described(
    "rotateToken",
    tag=TOKENS,
    summary="Rotate a token",
    status=201,
    body=RotationWanted,
    answer=IssuedTokenJson,
    errors=("forbidden", "insufficient_scope", "conflict", "limit_reached", "already_done", "name_taken"),
    may_be_empty=True,
    once=True,
    example=_JUST_MADE,
    leads_to=_MADE_LEADS_TO,
)
@bearer_required(scope=TOKENS_WRITE, kinds=_PERSONAL)
def rotate(caller: Principal, reference: str) -> ResponseReturnValue:
    """Replaces a token of yours by a new one of the same name and scopes. The old secret works on for a while, so that
    there is time to store the new one where the old one was."""
    wanted = read_body(RotationWanted, may_be_empty=True)
    expires_at = expiry_to_hand_on(caller, wanted)
    token_id = read_id(reference)
    _refuse_short_overlap(wanted, is_own=token_id == caller.token_id)
    return _rotated(caller, wanted, token_id, expires_at=expires_at)


@blueprint.get("/self")
@described("getSelf", tag=OWN_TOKEN, summary="See the calling token", answer=TokenJson, errors=())
@bearer_required(scope=TOKENS_READ, kinds=_PERSONAL)
def show_self(caller: Principal) -> ResponseReturnValue:
    """The token of the call, without asking for its id first."""
    return _shown(caller, caller.token_id)


@blueprint.patch("/self")
@described(
    "renameSelf",
    tag=OWN_TOKEN,
    summary="Rename the calling token",
    body=NameWanted,
    answer=TokenJson,
    errors=("name_taken",),
)
@bearer_required(scope=TOKENS_WRITE, kinds=_PERSONAL)
def rename_self(caller: Principal) -> ResponseReturnValue:
    """Gives the token of the call another name. Its secret stays the same."""
    return _renamed(caller, read_body(NameWanted), caller.token_id)


@blueprint.delete("/self")
@described("revokeSelf", tag=OWN_TOKEN, summary="Revoke the calling token", status=204, answer=None, errors=())
@bearer_required()
def revoke_self(caller: Principal) -> ResponseReturnValue:
    """Whoever holds a token can kill it, whatever its kind and scopes. It is dead when this is answered."""
    now = utc_now()

    def work(session: Session) -> Response:
        actor, token = lock_caller(session, caller, address=client_address(), now=now)
        tokens.revoke(session, actor, token, now=now)
        return empty_answer()

    return transaction(work)


@blueprint.post("/self/rotate")
@described(
    "rotateSelf",
    tag=OWN_TOKEN,
    summary="Rotate the calling token",
    status=201,
    body=OwnRotationWanted,
    answer=IssuedTokenJson,
    errors=("forbidden", "conflict", "limit_reached", "already_done", "name_taken"),
    may_be_empty=True,
    once=True,
    example=_JUST_MADE,
    leads_to=_MADE_LEADS_TO,
)
@bearer_required(scope=TOKENS_WRITE, kinds=_PERSONAL)
def rotate_self(caller: Principal) -> ResponseReturnValue:
    """Replaces the token of the call by a new one, which this answer holds. The old secret works on for a while, at
    least a minute, so that the new one can be stored first."""
    wanted = read_body(OwnRotationWanted, may_be_empty=True)
    return _rotated(caller, wanted, caller.token_id, expires_at=expiry_to_hand_on(caller, wanted))


def _shown(caller: Principal, token_id: int) -> ResponseReturnValue:
    with reading() as session:
        token = tokens.find_own(session, user_id=caller.person_id, token_id=token_id)
    return json_answer(token_json(token))


def _renamed(caller: Principal, wanted: NameWanted, token_id: int) -> ResponseReturnValue:
    now = utc_now()

    def work(session: Session) -> Response:
        actor = _acting(session, caller, now)
        return json_answer(token_json(service.rename(session, actor, token_id, name=wanted.name, now=now)))

    return transaction(work)


def _rotated(
    caller: Principal, wanted: RotationWanted, token_id: int, *, expires_at: datetime | None
) -> ResponseReturnValue:
    settings, now = running().settings, utc_now()
    once = call_once(f"{blueprint.url_prefix}/{token_id}/rotate")

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


def _acting(session: Session, caller: Principal, now: datetime) -> Actor:
    actor, _ = lock_caller(session, caller, address=client_address(), now=now)
    return actor


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
