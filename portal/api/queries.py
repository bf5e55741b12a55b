"""What calls ask for in the address: one model per call, and the words for what cannot be taken."""

from typing import Annotated, TypeVar

from flask import request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from portal.api.cursors import Cursors
from portal.audit import Action
from portal.errors import WrongValue
from portal.tokens.models import Status
from portal.tokens.usage_days import CHART_DAYS

DEFAULT_LIMIT = 50
MOST = 100
ALL = "all"
# More than a person may have.
_NO_LIMIT = 1_000_000

# The answer is made in memory, so that it must not grow without an end.
LONGEST_USAGE_DAYS = 90

TOKEN_CURSORS = Cursors("t")
ACCOUNT_TOKEN_CURSORS = Cursors("a")
MEMBER_CURSORS = Cursors("m")
EVENT_CURSORS = Cursors("e")

Query = TypeVar("Query", bound="AddressQuery")


def read_query(model: type[Query]) -> Query:
    """The query of this request. Raises `WrongValue` for an unknown field or value, or one that is sent twice."""
    sent, fields = request.args, model.model_fields
    for field in sent:
        if field not in fields:
            raise WrongValue(field, f"There is no such field in the address. There are: {', '.join(fields) or 'none'}.")
        if len(sent.getlist(field)) > 1:
            raise WrongValue(field, "Send one value only.")
    try:
        return model.model_validate(sent.to_dict())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise WrongValue(str(first["loc"][0]), _told(first)) from None


def whole_number(least: int, most: int) -> BeforeValidator:
    """Of a field of a query: a whole number from `least` to `most`, in plain digits."""

    def read(text: object) -> int:
        is_number = isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= len(str(most))
        if not (is_number and least <= int(str(text)) <= most):
            raise ValueError(f"Use a whole number from {least} to {most}.")
        return int(str(text))

    return BeforeValidator(read)


def _status(word: object) -> Status | None:
    if word == ALL:
        return None
    try:
        return Status(str(word))
    except ValueError as error:
        raise ValueError(f"Use one of: {', '.join(Status)}, {ALL}.") from error


def _action(word: object) -> Action:
    try:
        return Action(str(word))
    except ValueError as error:
        raise ValueError(f"Use one of: {', '.join(Action)}.") from error


def _told(error: ErrorDetails) -> str:
    return str(error["ctx"]["error"]) if error["type"] == "value_error" else error["msg"]


Limit = Annotated[
    int,
    Field(ge=1, le=MOST, description="How many at most, on one page.", examples=[20]),
    whole_number(1, MOST),
]
_GO_ON = "Where to go on: `next_cursor` of the page before, as it was."
StatusWanted = Annotated[
    Status | None,
    BeforeValidator(_status),
    WithJsonSchema({"type": "string", "enum": [*Status, ALL]}),
    Field(description="Which tokens: only those that are this now, or `all`.", examples=[ALL]),
]


class AddressQuery(BaseModel):
    """The fields of an address that a call takes. Those left out have their default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TokensQuery(AddressQuery):
    """One page of tokens, newest first. `status` None is all; `cursor` is the id that the page before ended with."""

    status: StatusWanted = Status.ACTIVE
    limit: Limit = DEFAULT_LIMIT
    cursor: Annotated[int | None, TOKEN_CURSORS, Field(description=_GO_ON, examples=[TOKEN_CURSORS.after(17)])] = None


class AccountTokensQuery(AddressQuery):
    """One page of everybody's tokens, as `TokensQuery`."""

    status: StatusWanted = Status.ACTIVE
    limit: Limit = DEFAULT_LIMIT
    cursor: Annotated[
        int | None, ACCOUNT_TOKEN_CURSORS, Field(description=_GO_ON, examples=[ACCOUNT_TOKEN_CURSORS.after(17)])
    ] = None


class MembersQuery(AddressQuery):
    """One page of people, newest first."""

    limit: Limit = DEFAULT_LIMIT
    cursor: Annotated[int | None, MEMBER_CURSORS, Field(description=_GO_ON, examples=[MEMBER_CURSORS.after(17)])] = None


class EventsQuery(AddressQuery):
    """One page of the security log, newest first. `action` None is all of it."""

    limit: Limit = DEFAULT_LIMIT
    cursor: Annotated[
        int | None, EVENT_CURSORS, Field(description=_GO_ON, examples=[EVENT_CURSORS.after(1_000_000)])
    ] = None
    action: Annotated[
        Action | None,
        BeforeValidator(_action),
        WithJsonSchema({"type": "string", "enum": [*Action]}),
        Field(description="Only events of this kind.", examples=[Action.TOKEN_CREATED.value]),
    ] = None


class UsageQuery(AddressQuery):
    """How many days back, today included."""

    days: Annotated[
        int,
        Field(ge=1, le=LONGEST_USAGE_DAYS, description="How many days, today (UTC) included.", examples=[7]),
        whole_number(1, LONGEST_USAGE_DAYS),
    ] = CHART_DAYS


class NoQuery(AddressQuery):
    """A call that takes no fields. One that is ignored would seem to have been obeyed."""


def all_active() -> TokensQuery:
    """All active tokens in one page, for clients that know of no pages. Raises `WrongValue` for any field."""
    read_query(NoQuery)
    return TokensQuery.model_construct(limit=_NO_LIMIT)
