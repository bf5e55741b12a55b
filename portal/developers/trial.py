"""What the form that tries a call is drawn from, beside the call itself. No Flask."""

from dataclasses import dataclass
from http import HTTPStatus

# What a link fills into the form for a new token. One that was made to look around needs no longer than a day.
NAME = "Trying the API"
LIFE_DAYS = 1
# What an answer is called where the browser is not told (HTTP/2).
WORDS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Trial:
    """`secret_pattern` is what tokens look like; `make_one_url` leads to the form that makes one for this call."""

    secret_pattern: str
    make_one_url: str
    words: dict[int, str]
