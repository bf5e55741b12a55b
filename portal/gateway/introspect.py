"""`POST /introspect` (RFC 7662): what a token is worth, told to a service of the operator's.

For everything that is not a living token of a person or an account the answer is one and the same, whatever the
reason: it says nothing about tokens that are none, or no longer.
"""

from datetime import datetime
from typing import Annotated, NotRequired

import orjson
from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from portal.accounts.models import Role
from portal.authentication.answers import HEADERS
from portal.authentication.decorator import authenticator, bearer_required
from portal.authentication.described import SERVICES, described
from portal.authentication.principal import ACCOUNT_ROLE, Principal
from portal.authentication.refused import Refused
from portal.gateway.forms import TokenForm, read_token
from portal.tokens.models import Kind
from portal.tokens.scopes import FULL_ACCESS

INACTIVE = b'{"active":false}'

blueprint = Blueprint("introspect", __name__)


class IntrospectionJson(TypedDict):
    """What a token is worth. `active` alone, and false, for everything that is not a living token."""

    active: Annotated[bool, Field(examples=[True])]
    scope: NotRequired[Annotated[str, Field(description="Blanks between; `*` is all.", examples=["tokens:read"])]]
    sub: NotRequired[Annotated[str, Field(description="`user:` or `account:` and an id.", examples=["user:3"])]]
    username: NotRequired[Annotated[str | None, Field(examples=["alice@acme.example"])]]
    iat: NotRequired[Annotated[int, Field(description="When it was made, Unix time.", examples=[1795341600])]]
    exp: NotRequired[
        Annotated[int, Field(description="When it ends; left out when it never does.", examples=[1830297599])]
    ]
    token_type: NotRequired[Annotated[str, Field(examples=["Bearer"])]]
    account_id: NotRequired[Annotated[int | None, Field(examples=[1])]]
    role: NotRequired[
        Annotated[
            str,
            WithJsonSchema({"type": "string", "enum": [*Role, ACCOUNT_ROLE]}),
            Field(description="Of its person, today.", examples=[Role.OWNER.value]),
        ]
    ]


@blueprint.post("/introspect")
@described(
    "introspect",
    tag=SERVICES,
    summary="Ask what a token is worth",
    body=TokenForm,
    is_form=True,
    answer=IntrospectionJson,
    errors=(),
)
@bearer_required(kinds=(Kind.SERVICE,))
def introspect(_caller: Principal) -> ResponseReturnValue:
    """For services of the operator's, with a service token (RFC 7662). Counts as a use of the token asked about, since
    somebody has just presented it."""
    secret = read_token()
    try:
        # Where its holder called from is not known here; the address of this call is the service's.
        principal = authenticator().authenticate(secret, address=None)
    except Refused:
        return _answer(INACTIVE)
    if principal.kind is Kind.SERVICE:
        return _answer(INACTIVE)
    return _answer(orjson.dumps(_told(principal, made_at=authenticator().made_at(secret))))


def _told(principal: Principal, *, made_at: datetime) -> IntrospectionJson:
    is_person = principal.user_id is not None
    told: IntrospectionJson = {
        "active": True,
        "scope": FULL_ACCESS if principal.scopes is None else " ".join(principal.scopes),
        # By ids, which are never reused; an address or a name may become somebody else's.
        "sub": f"user:{principal.user_id}" if is_person else f"account:{principal.account_id}",
        "username": principal.named.email if is_person else principal.named.account,
        "iat": int(made_at.timestamp()),
        "token_type": "Bearer",
        "account_id": principal.account_id,
        "role": principal.role,
    }
    # Left out where it never ends: to some readers, null is a wrong number.
    if principal.ends_at is not None:
        told["exp"] = int(principal.ends_at.timestamp())
    return told


def _answer(body: bytes) -> Response:
    return Response(body, 200, [("Content-Type", "application/json"), *HEADERS])
