"""Why a socket is closed: the codes of the contract, each with the word that goes along."""

from enum import IntEnum

from portal.errors import PortalError


class Code(IntEnum):
    """Close codes; those from 4400 on are HTTP's statuses of the same meaning."""

    BINARY = 1003
    SLOW_READER = 1008
    STOPPING = 1012
    # Not in the contract's list, since it is about us: nobody can know whether the token is good.
    CANNOT_KNOW = 1013
    BAD_MESSAGE = 4400
    NOT_AUTHENTICATED = 4401
    NOT_ALLOWED = 4403
    TOO_MANY = 4429


class Closing(Exception):
    """The socket is to be closed. `reason` is a word for programs; where it fits, a code of the error catalogue."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


_CODES = {
    "ambiguous_credentials": Code.BAD_MESSAGE,
    "forbidden": Code.NOT_ALLOWED,
    "insufficient_scope": Code.NOT_ALLOWED,
    "rate_limited": Code.TOO_MANY,
    "unavailable": Code.CANNOT_KNOW,
}


def closing_for(error: PortalError) -> Closing:
    """How a socket is told of that refusal."""
    return Closing(_CODES.get(error.code, Code.NOT_AUTHENTICATED), error.code)
