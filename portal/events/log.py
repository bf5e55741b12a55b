"""The lines of the access log about sockets: one when a socket has ended, one for what did not become a socket.

The secret may stand in the address, so no address is logged but by the cleaning of everybody's access log.
"""

import orjson
from websockets.asyncio.server import ServerConnection

from portal.access_log import clean_query, loggable, without_secrets
from portal.clock import utc_now
from portal.events.listeners import Listener
from portal.lines import STDOUT

# No close frame was sent: the other side vanished, or was cut off.
_ABNORMAL = 1006


Where = dict[str, str | None]


def where_of(path: str) -> Where:
    """What a line says of the address: the path and the query, without what may be a secret."""
    own, _, query = path.partition("?")
    return {"path": loggable(without_secrets(own)), "query": loggable(clean_query(query)) if query else None}


def log_socket(
    where: Where, connection: ServerConnection, listener: Listener | None, *, address: str | None, seconds: float
) -> None:
    """How that socket ended: with which code, after how long, having been sent how many events."""
    ended = connection.protocol.close_sent
    _log(
        "socket",
        where,
        code=ended.code if ended else _ABNORMAL,
        reason=loggable(ended.reason) if ended else "",
        seconds=round(seconds, 2),
        sent=listener.sent if listener else 0,
        peer=address,
        caller=f"token:{listener.token_id}" if listener else None,
    )


def log_request(path: str, *, method: str, status: int, peer: str | None) -> None:
    """A request that was none for a socket, or one that could not be made."""
    _log("request", where_of(path), method=loggable(method), status=status, peer=peer)


def _log(event: str, where: Where, **more: object) -> None:
    entry = {"at": utc_now(), "event": event, **where, **more}
    STDOUT.write(orjson.dumps(entry, option=orjson.OPT_UTC_Z))
