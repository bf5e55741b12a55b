"""Lists in pages: what the query asks for, and the cursor to the page after."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from portal.api.ids import read_id
from portal.errors import NotFound, WrongValue
from portal.tokens.models import Status

DEFAULT_LIMIT = 50
MOST = 100
ALL = "all"
LIST = "/api/v1/tokens"

_FIELDS = ("status", "limit", "cursor")


@dataclass(frozen=True, slots=True)
class PageWanted:
    """One page of a list, newest first: `status` None is all; `limit` None is everything that is left; `before_id` None
    is the first page."""

    status: Status | None
    limit: int | None
    before_id: int | None


def page_wanted(query: MultiDict[str, str]) -> PageWanted:
    """What the query asks for. Raises `WrongValue` for an unknown field or value, or one that is sent twice."""
    for field in query:
        if field not in _FIELDS:
            raise WrongValue(field, f"There is no such field in the address. There are: {', '.join(_FIELDS)}.")
        if len(query.getlist(field)) > 1:
            raise WrongValue(field, "Send one value only.")
    return PageWanted(_status(query.get("status")), _limit(query.get("limit")), _before_id(query.get("cursor")))


def all_living_wanted(query: MultiDict[str, str]) -> PageWanted:
    """All active ones in one page, for clients that know of no pages. Raises `WrongValue` for any field: one that is
    ignored would seem to have been obeyed."""
    for field in query:
        raise WrongValue(field, f"This address takes no fields. {LIST} takes {', '.join(_FIELDS)}.")
    return PageWanted(Status.ACTIVE, None, None)


def cursor_after(token_id: int) -> str:
    """The cursor to what follows that row. It only says where to go on; whose rows they are, the query says."""
    return urlsafe_b64encode(f"before:{token_id}".encode()).decode().rstrip("=")


def _status(word: str | None) -> Status | None:
    if word is None:
        return Status.ACTIVE
    if word == ALL:
        return None
    try:
        return Status(word)
    except ValueError as error:
        raise WrongValue("status", f"Use one of: {', '.join(Status)}, {ALL}.") from error


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST):
        raise WrongValue("limit", f"Use a whole number from 1 to {MOST}.")
    return int(text)


def _before_id(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    try:
        before_id = read_id(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().removeprefix("before:"))
    except (ValueError, NotFound):
        before_id = 0
    # Only what was handed out is taken: there is one spelling of each cursor.
    if cursor != cursor_after(before_id):
        raise WrongValue("cursor", "Use the next_cursor of an earlier answer, as it was.")
    return before_id
