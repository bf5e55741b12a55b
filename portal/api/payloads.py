"""The JSON of the API's answers: its shape, and what a row becomes. The document is made from these types, and its
examples from theirs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field, WithJsonSchema
from typing_extensions import TypedDict

from portal.accounts.models import Role, User
from portal.activity.service import EventJson
from portal.authentication.described import SHOWN_AHEAD
from portal.clock import as_iso
from portal.tokens.models import Kind, Token
from portal.tokens.service import Issued

ACTIVE, DEACTIVATED = "active", "deactivated"

_DATE_TIME = {"type": "string", "format": "date-time"}

Ident = Annotated[int, Field(ge=1, examples=[17])]
Instant = Annotated[str, WithJsonSchema(_DATE_TIME), Field(examples=["2026-11-22T10:00:00Z"])]
Later = Annotated[str, WithJsonSchema({**_DATE_TIME, SHOWN_AHEAD: True})]
End = Annotated[
    Later | None, Field(description="When it ends by itself; null: never. One that is replaced may stop earlier.")
]
Hint = Annotated[str, Field(description="How the secret begins, to tell tokens apart.", examples=["pat_aB3xYz9W…"])]
HeldScopes = Annotated[
    Sequence[str] | None,
    Field(description="What the token may do; null: all that its person's role allows.", examples=[["tokens:read"]]),
]
Cursor = Annotated[
    str | None,
    Field(description="Send it as `cursor` for the page after; null: this is the last one.", examples=[None]),
]


class AccountNamed(TypedDict):
    """An account, by name."""

    id: Annotated[Ident, Field(examples=[1])]
    name: Annotated[str, Field(examples=["Acme"])]


class PersonNamed(TypedDict):
    """A person, by name."""

    id: Annotated[Ident, Field(examples=[3])]
    name: Annotated[str, Field(examples=["Alice"])]
    email: Annotated[str, Field(examples=["alice@acme.example"])]


class CallingTokenJson(TypedDict):
    """The token of the call."""

    id: Ident
    kind: Annotated[str, WithJsonSchema({"type": "string", "enum": [*Kind]}), Field(examples=[Kind.PERSONAL.value])]
    name: Annotated[str, Field(examples=["Zapier: badge issuing"])]
    token_prefix: Hint
    scopes: HeldScopes
    expires_at: End


class MeJson(TypedDict):
    """Who a call acts as. A service token has neither account nor person, an account token no person."""

    account: AccountNamed | None
    user: PersonNamed | None
    role: Annotated[
        str,
        WithJsonSchema({"type": "string", "enum": [*Role, "account", "service"]}),
        Field(description="What the caller is in the account, today.", examples=[Role.OWNER.value]),
    ]
    token: CallingTokenJson


class Switch(TypedDict):
    """Whether something is on."""

    enabled: Annotated[bool, Field(examples=[True])]


class AccountJson(TypedDict):
    """The account of the calling token."""

    id: Annotated[Ident, Field(examples=[1])]
    name: Annotated[str, Field(examples=["Acme"])]
    api_access: Switch


class TokenJson(TypedDict):
    """A token, never its secret."""

    id: Annotated[Ident, Field(description="Never used again.")]
    name: Annotated[str, Field(description="What uses it.", examples=["Zapier: badge issuing"])]
    token_prefix: Hint
    scopes: HeldScopes
    created_at: Annotated[Instant, Field(description="When it was made.")]
    expires_at: End
    last_used_at: Annotated[Instant | None, Field(description="Null: never.", examples=["2026-11-23T08:30:00Z"])]
    stops_at: Annotated[
        Instant | None, Field(description="When it stops, if a newer token is replacing it.", examples=[None])
    ]
    revoked_at: Annotated[Instant | None, Field(description="Since when it is dead.", examples=[None])]


class IssuedTokenJson(TokenJson):
    """A token that was just made, with its secret: the one answer that holds it."""

    token: Annotated[
        str,
        Field(
            description="The secret. It is shown here once and stored nowhere: keep it now.",
            # Nothing in the shape of a secret, which would set off those who scan for secrets.
            examples=["YOUR_TOKEN"],
        ),
    ]


class TokensJson(TypedDict):
    """One page of tokens, newest first."""

    items: list[TokenJson]
    next_cursor: Cursor


class MemberJson(PersonNamed):
    """A person of the account."""

    role: Annotated[str, WithJsonSchema({"type": "string", "enum": [*Role]}), Field(examples=[Role.MEMBER.value])]
    status: Annotated[
        str,
        WithJsonSchema({"type": "string", "enum": [ACTIVE, DEACTIVATED]}),
        Field(description="Who is deactivated can do nothing, and neither can their tokens.", examples=[ACTIVE]),
    ]


class MembersJson(TypedDict):
    """One page of people, newest first."""

    items: list[MemberJson]
    next_cursor: Cursor


class AccountTokenJson(TokenJson):
    """A token and the person it belongs to, never its secret."""

    user: PersonNamed


class AccountTokensJson(TypedDict):
    """One page of everybody's tokens, newest first."""

    items: list[AccountTokenJson]
    next_cursor: Cursor


class EventsJson(TypedDict):
    """One page of the security log, newest first."""

    items: list[EventJson]
    next_cursor: Cursor


class DayOfUseJson(TypedDict):
    """How much one token was used on one day."""

    date: Annotated[str, WithJsonSchema({"type": "string", "format": "date"}), Field(examples=["2026-11-22"])]
    token_id: Ident
    calls: Annotated[int, Field(ge=0, description="Calls that were let in.", examples=[170])]


class UsageJson(TypedDict):
    """How much tokens were used, oldest day first."""

    items: list[DayOfUseJson]


def token_json(token: Token) -> TokenJson:
    """A token as the API shows it, never its secret."""
    return {
        "id": token.id,
        "name": token.name,
        "token_prefix": token.hint,
        "scopes": token.scopes,
        "created_at": as_iso(token.created_at),
        "expires_at": iso_or_null(token.expires_at),
        "last_used_at": iso_or_null(token.last_used_at),
        "stops_at": iso_or_null(token.stops_at),
        "revoked_at": iso_or_null(token.revoked_at),
    }


def owned_token_json(token: Token, user: User) -> AccountTokenJson:
    """A token with the person it belongs to, never its secret."""
    return {**token_json(token), "user": {"id": user.id, "name": user.name, "email": user.email}}


def member_json(user: User) -> MemberJson:
    """A person as the API shows them."""
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "role": user.role.value,
        "status": ACTIVE if user.is_active else DEACTIVATED,
    }


def issued_json(issued: Issued) -> IssuedTokenJson:
    """A token that was just made, with its secret: the one answer that holds it."""
    return {**token_json(issued.token), "token": issued.secret.reveal()}


def iso_or_null(at: datetime | None) -> str | None:
    """`at` as the API writes times; None stays null."""
    return None if at is None else as_iso(at)
