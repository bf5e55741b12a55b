"""What the form that tries a call is drawn from, beside the call itself. No Flask."""

from dataclasses import dataclass
from http import HTTPStatus

from portal.developers.reference import Operation
from portal.tokens.scopes import ACCOUNT_READ

NAME = "Trying the API"
# A link cannot ask for less than a day; a token that was made to look around needs no longer.
LIFE_DAYS = "1"
# What an answer is called where the browser is not told (HTTP/2).
WORDS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Trial:
    """`secret_pattern` is what tokens look like; `make_one_url` leads to the form that makes one for this call."""

    secret_pattern: str
    make_one_url: str
    words: dict[int, str]


def link_of(operation: Operation) -> dict[str, str]:
    """What a link fills into the form for a new token: enough for this call, and not for long."""
    return {"name": NAME, "scopes": operation.scope or ACCOUNT_READ, "expires_in": LIFE_DAYS}
