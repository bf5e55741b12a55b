"""`POST /introspect` (RFC 7662): what a token is worth, told to a service of the operator's.

For everything that is not a living token of a person or an account the answer is one and the same, whatever the
reason: it says nothing about tokens that are none, or no longer.
"""

from datetime import datetime
from typing import Any

import orjson
from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from portal.authentication.answers import HEADERS
from portal.authentication.decorator import authenticator, bearer_required
from portal.authentication.principal import Principal
from portal.authentication.refused import Refused
from portal.gateway.forms import read_token
from portal.tokens.models import Kind
from portal.tokens.scopes import FULL_ACCESS

INACTIVE = b'{"active":false}'

blueprint = Blueprint("introspect", __name__)


@blueprint.post("/introspect")
@bearer_required(kinds=(Kind.SERVICE,))
def introspect(_caller: Principal) -> ResponseReturnValue:
    """Counts as a use of the token, since somebody has just presented it to the service that asks."""
    secret = read_token()
    try:
        # Where its holder called from is not known here; the address of this call is the service's.
        principal = authenticator().authenticate(secret, address=None)
    except Refused:
        return _answer(INACTIVE)
    if principal.kind is Kind.SERVICE:
        return _answer(INACTIVE)
    return _answer(orjson.dumps(_told(principal, made_at=authenticator().made_at(secret))))


def _told(principal: Principal, *, made_at: datetime) -> dict[str, Any]:
    is_person = principal.user_id is not None
    told = {
        "active": True,
        "scope": FULL_ACCESS if principal.scopes is None else " ".join(principal.scopes),
        # By ids, which are never reused; an address or a name may become somebody else's.
        "sub": f"user:{principal.user_id}" if is_person else f"account:{principal.account_id}",
        "username": principal.user_email if is_person else principal.account_name,
        "iat": int(made_at.timestamp()),
        "token_type": "Bearer",
        "account_id": principal.account_id,
        "role": principal.role,
    }
    # Left out where it never ends: to some readers, null is a wrong number.
    return told if principal.ends_at is None else {**told, "exp": int(principal.ends_at.timestamp())}


def _answer(body: bytes) -> Response:
    return Response(body, 200, [("Content-Type", "application/json"), *HEADERS])
