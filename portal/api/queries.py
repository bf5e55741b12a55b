"""What calls ask for in the address: one model per call, the words for what cannot be taken, the cursor of a list."""

import re
from typing import Annotated, TypeVar

from flask import request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from portal.errors import WrongValue
from portal.tokens.models import Status

DEFAULT_LIMIT = 50
MOST = 100
ALL = "all"

_ID_DIGITS = 16
# Every one of them is a cursor and each has one spelling, so that the document can say exactly what is taken.
_CURSOR = f"^[0-7][0-9a-f]{{{_ID_DIGITS - 1}}}$"

Query = TypeVar("Query", bound="AddressQuery")


def read_query(model: type[Query]) -> Query:
    """The query of this request. Raises `WrongValue` for an unknown field or value, or one that is sent twice."""
    sent, fields = request.args, model.model_fields
    for field in sent:
        if field not in fields:
            raise WrongValue(field, f"There is no such field in the address. There are: {', '.join(fields)}.")
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


def cursor_after(row_id: int) -> str:
    """The cursor to what follows that row. It only says where to go on; whose rows they are, the query says."""
    return f"{row_id:0{_ID_DIGITS}x}"


def _row_id(cursor: object) -> int:
    if not isinstance(cursor, str) or not re.fullmatch(_CURSOR, cursor):
        raise ValueError("Use the next_cursor of an earlier answer, as it was.")
    return int(cursor, 16)


def _status(word: object) -> Status | None:
    if word == ALL:
        return None
    try:
        return Status(str(word))
    except ValueError as error:
        raise ValueError(f"Use one of: {', '.join(Status)}, {ALL}.") from error


def _told(error: ErrorDetails) -> str:
    return str(error["ctx"]["error"]) if error["type"] == "value_error" else error["msg"]


Limit = Annotated[
    int,
    Field(ge=1, le=MOST, description="How many at most, on one page.", examples=[20]),
    whole_number(1, MOST),
]
Cursor = Annotated[
    int | None,
    BeforeValidator(_row_id),
    WithJsonSchema({"type": "string", "pattern": _CURSOR}),
    Field(
        description="Where to go on: `next_cursor` of the page before, as it was.", examples=[cursor_after(1_000_000)]
    ),
]
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
    cursor: Cursor = None
