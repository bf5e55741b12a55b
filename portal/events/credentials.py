"""Where a listener says its secret: in the address, as a subprotocol, or in its first message. Exactly one of them.

Browsers can set no header on a WebSocket, so the carriers of the JSON API are of no use here, and are not read; nor
are cookies, so that a page from anywhere may connect and gets nothing without a token.
"""

from collections.abc import Sequence
from urllib.parse import parse_qsl

import orjson

from portal.events.closing import Closing, Code

FIELD = "api_token"
SUBPROTOCOL = "bearer"


def secret_in_handshake(path: str, offered: Sequence[str]) -> str | None:
    """The secret in the address or among the subprotocols; None when it is to come in the first message.

    Raises `Closing` for more than one, and for a subprotocol `bearer` without one.
    """
    fields = parse_qsl(path.partition("?")[2], keep_blank_values=True)
    found = [value for name, value in fields if name == FIELD]
    if SUBPROTOCOL in offered:
        others = [one for one in offered if one != SUBPROTOCOL]
        if not others:
            raise Closing(Code.NOT_AUTHENTICATED, "token_missing")
        found += others
    if len(found) > 1:
        raise Closing(Code.BAD_MESSAGE, "ambiguous_credentials")
    return found[0] if found else None


def secret_in_message(message: str) -> str:
    """The secret in `{"type": "auth", "api_token": "…"}`. Raises `Closing` for anything else."""
    try:
        said = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        raise Closing(Code.BAD_MESSAGE, "malformed_json") from error
    if not isinstance(said, dict) or said.keys() != {"type", FIELD} or said["type"] != "auth":
        raise Closing(Code.BAD_MESSAGE, "validation_failed")
    secret = said[FIELD]
    if not isinstance(secret, str):
        raise Closing(Code.BAD_MESSAGE, "validation_failed")
    return secret
