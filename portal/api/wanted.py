"""The bodies that calls send, checked field by field. The document is made from these models."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
)
from typing_extensions import TypeAliasType

from portal.authentication.described import MUST_BE_AHEAD
from portal.names import NAME_PATTERN, clean_name
from portal.tokens.scopes import Scopes

LONGEST_OVERLAP_SECONDS = 7 * 24 * 3600
DEFAULT_OVERLAP_SECONDS = 3600
# A caller that replaces itself must be able to read the answer and store the new secret.
SHORTEST_OWN_OVERLAP_SECONDS = 60

# RFC 3339 §5.6; the zone is demanded, since a time without one means something else to each reader.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _moment(value: object) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("Write a time with its zone, like 2026-11-22T10:00:00Z.")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("There is no such time.") from error


def _whole(number: object) -> object:
    # To JSON, 60.0 is as whole a number as 60.
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _known(scope: str, info: ValidationInfo[Scopes]) -> str:
    if scope not in info.context:
        raise ValueError(f"There is no such scope. There are: {', '.join(info.context.sentences)}.")
    return scope


def _some(scopes: list[str]) -> list[str]:
    if not scopes:
        raise ValueError("Name at least one scope, or send null for full access.")
    return scopes


Name = Annotated[
    str,
    AfterValidator(clean_name),
    WithJsonSchema({"type": "string", "pattern": NAME_PATTERN}),
    Field(
        description="What uses the token, in 1 to 100 characters. No two of your living tokens have the same.",
        examples=["Zapier: badge issuing"],
    ),
]
Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time", MUST_BE_AHEAD: True})
]
Expiry = Annotated[
    Moment | None,
    Field(
        description="When the new token ends, with its zone; null: never. Left out: when the calling token ends. Never "
        "later."
    ),
]
# Named, so that the document can list the scopes of this very portal.
Scope = TypeAliasType("Scope", Annotated[str, AfterValidator(_known)])
WantedScopes = Annotated[list[Scope], AfterValidator(_some), Field(min_length=1)]


WholeNumber = Annotated[int, BeforeValidator(_whole)]


class Payload(BaseModel):
    """A body, validated in the context of the portal's `Scopes`. Unknown fields are refused: one that is ignored would
    seem to have been obeyed."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    def has(self, field: str) -> bool:
        """Whether the field was sent, null included."""
        return field in self.model_fields_set


class TokenWanted(Payload):
    """A token to make. Left out, `expires_at` and `scopes` are those of the calling token; null is no limit."""

    name: Name
    expires_at: Expiry = None
    scopes: Annotated[
        WantedScopes | None,
        Field(
            description="What the token may do; null: all that your role allows. Left out: as the calling token. Never "
            "more than that one may.",
            examples=[["tokens:read"]],
        ),
    ] = None


class NameWanted(Payload):
    """Another name for a token."""

    name: Name


class RotationWanted(Payload):
    """How a token is replaced: how long the old one works on, and when the new one ends."""

    overlap_seconds: WholeNumber = Field(
        default=DEFAULT_OVERLAP_SECONDS,
        ge=0,
        le=LONGEST_OVERLAP_SECONDS,
        description="How long the old secret still works.",
        examples=[DEFAULT_OVERLAP_SECONDS],
    )
    expires_at: Expiry = None


class OwnRotationWanted(RotationWanted):
    """How the calling token replaces itself: it must live to read the answer and store the new secret."""

    overlap_seconds: WholeNumber = Field(
        default=DEFAULT_OVERLAP_SECONDS,
        ge=SHORTEST_OWN_OVERLAP_SECONDS,
        le=LONGEST_OVERLAP_SECONDS,
        description="How long the calling secret still works.",
        examples=[DEFAULT_OVERLAP_SECONDS],
    )
