"""The JSON of the API's tokens, both ways: what may be sent, and what a row becomes."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from portal.clock import as_iso
from portal.names import clean_name
from portal.tokens.models import Token
from portal.tokens.scopes import Scopes
from portal.tokens.service import Issued

LONGEST_OVERLAP_SECONDS = 7 * 24 * 3600
DEFAULT_OVERLAP_SECONDS = 3600

# RFC 3339 §5.6; the zone is demanded, since a time without one means something else to each reader.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _moment(value: object) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("Write a time with its zone, like 2026-11-22T10:00:00Z.")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("There is no such time.") from error


def _known(scope: str, info: ValidationInfo[Scopes]) -> str:
    if scope not in info.context:
        raise ValueError(f"There is no such scope. There are: {', '.join(info.context.sentences)}.")
    return scope


def _some(scopes: list[str]) -> list[str]:
    if not scopes:
        raise ValueError("Name at least one scope, or send null for full access.")
    return scopes


Name = Annotated[str, AfterValidator(clean_name)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
WantedScopes = Annotated[list[Annotated[str, AfterValidator(_known)]], AfterValidator(_some)]


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
    expires_at: Moment | None = None
    scopes: WantedScopes | None = None


class NameWanted(Payload):
    """Another name for a token."""

    name: Name


class RotationWanted(Payload):
    """How a token is replaced: how long the old one works on, and when the new one ends."""

    overlap_seconds: int = Field(default=DEFAULT_OVERLAP_SECONDS, ge=0, le=LONGEST_OVERLAP_SECONDS)
    expires_at: Moment | None = None


def token_json(token: Token) -> dict[str, Any]:
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


def issued_json(issued: Issued) -> dict[str, Any]:
    """A token that was just made, with its secret: the one answer that holds it."""
    return {**token_json(issued.token), "token": issued.secret.reveal()}


def iso_or_null(at: datetime | None) -> str | None:
    """`at` as the API writes times; None stays null."""
    return None if at is None else as_iso(at)
