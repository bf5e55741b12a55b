"""One socket from the handshake to its end: let in, told `ready`, kept until somebody closes it."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Executor
from http import HTTPStatus
from time import monotonic

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from portal.addresses import Networks, address_of
from portal.events.closing import Closing, Code
from portal.events.credentials import SUBPROTOCOL, secret_in_handshake, secret_in_message
from portal.events.door import Door, Entry
from portal.events.listeners import LARGEST_BACKLOG, Listener, Listeners, close
from portal.events.log import log_request, log_socket, where_of
from portal.written import EVENTS_PATH

READY = Frame(Opcode.TEXT, b'{"type":"ready"}').serialize(mask=False)
# From the handshake to the first message.
SILENT_SECONDS = 5.0
# How long the database may take over the token.
DOOR_SECONDS = 10.0
# Request line and headers together: a token, the cookies of a browser, and no more.
LARGEST_HEAD = 16 * 1024
# What may wait for one who reads slowly is less by far. More comes of pings alone: whoever sends so many and reads no
# answer is cut off.
MOST_WAITING = 16 * LARGEST_BACKLOG
# Said of every handshake that failed, whatever was wrong with it.
NO_SOCKET = b"There are WebSockets here alone, and this was no handshake for one.\n"


class Socket(ServerConnection):
    """A connection of `websockets` that takes no more into memory than it needs. `most_open` may be there at once."""

    most_open: int
    _head = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # Beyond what is refused politely: descriptors are needed for refusing, too.
        if len(self.server.handler_tasks) > self.most_open:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.request is None:
            self._head += len(data)
            if self._head > LARGEST_HEAD:
                self.transport.abort()
                return
        super().data_received(data)
        # The library's own stopping and starting of the reading ends the one below before its time.
        if self.transport.get_write_buffer_size() > MOST_WAITING:
            self.transport.abort()

    def pause_writing(self) -> None:
        super().pause_writing()
        # Pings are answered by themselves: one who sends them and reads nothing would fill the memory.
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.transport.resume_reading()


def socket_for(most: int) -> type[Socket]:
    """The class of the sockets of one server, of which `most` may be open at once."""

    class OneOfMany(Socket):
        most_open = most

    return OneOfMany


class Hall:
    """Where sockets come in. `most` may be here at once."""

    def __init__(
        self, door: Door, listeners: Listeners, executor: Executor, *, most: int, trusted_proxies: Networks
    ) -> None:
        self._door = door
        self._listeners = listeners
        self._executor = executor
        self._most = most
        self._trusted_proxies = trusted_proxies

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """What everything but a socket is answered; None lets the handshake go on."""
        path = _path_of(request)
        if path == EVENTS_PATH:
            return None
        if path == "/healthz":
            return connection.respond(HTTPStatus.OK, "alive\n")
        return connection.respond(HTTPStatus.NOT_FOUND, "")

    def note(self, connection: ServerConnection, request: Request, response: Response) -> None:
        """Logs what did not become a socket."""
        response.headers["Cache-Control"] = "no-store"
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            _say_less(request, response)
            log_request(request.path, method=request.method, status=response.status_code, peer=_peer_of(connection))

    async def receive(self, connection: ServerConnection) -> None:
        """One socket, from after its handshake until it is closed."""
        began = monotonic()
        request = connection.request or Request(EVENTS_PATH, Headers())
        address, where = self._address_of(connection, request), where_of(request.path)
        connection.response = None
        listener = None
        try:
            listener = await self._let_in(connection, request, address)
            listener.send(READY)
            # Nothing is to be said any more, so whatever comes is one message too many.
            await _next_message(connection)
            raise Closing(Code.BAD_MESSAGE, "validation_failed")
        except Closing as closing:
            await close(connection, closing)
        except ConnectionClosed:
            pass
        finally:
            if listener is not None:
                self._listeners.remove(listener)
            log_socket(where, connection, listener, address=address, seconds=monotonic() - began)

    async def _let_in(self, connection: ServerConnection, request: Request, address: str | None) -> Listener:
        loop = asyncio.get_running_loop()
        if len(connection.server.handler_tasks) > self._most:
            raise Closing(Code.TOO_MANY, "too_many_sockets")
        secret = secret_in_handshake(request.path, _offered_in(request))
        _forget(request)
        if secret is None:
            secret = await _first_message(connection)
        now = loop.time()
        entry = await self._entry(secret, address)
        return self._listeners.add(connection, entry, now=now)

    async def _entry(self, secret: str, address: str | None) -> Entry:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(DOOR_SECONDS):
                return await loop.run_in_executor(self._executor, self._door.let_in, secret, address)
        except TimeoutError as error:
            raise Closing(Code.CANNOT_KNOW, "unavailable") from error

    def _address_of(self, connection: ServerConnection, request: Request) -> str | None:
        forwarded_for = ",".join(request.headers.get_all("X-Forwarded-For"))
        return address_of(_peer_of(connection), forwarded_for or None, trusted=self._trusted_proxies)


def _say_less(request: Request, response: Response) -> None:
    # The library tells what it could not read, and that may be a secret.
    if response.status_code >= HTTPStatus.BAD_REQUEST and response.body:
        response.body = NO_SOCKET
        del response.headers["Content-Length"]
        response.headers["Content-Length"] = str(len(NO_SOCKET))
    if request.method == "HEAD":
        response.body = b""


def choose_subprotocol(_connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Echoes `bearer`, which stands beside a secret, and never the secret."""
    return Subprotocol(SUBPROTOCOL) if SUBPROTOCOL in offered else None


async def _first_message(connection: ServerConnection) -> str:
    try:
        async with asyncio.timeout(SILENT_SECONDS):
            return secret_in_message(await _next_message(connection))
    except TimeoutError as error:
        raise Closing(Code.NOT_AUTHENTICATED, "token_missing") from error


async def _next_message(connection: ServerConnection) -> str:
    message = await connection.recv()
    if isinstance(message, bytes):
        raise Closing(Code.BINARY, "binary")
    return message


def _forget(request: Request) -> None:
    # There is a secret in it, and cookies of a browser. It is emptied, since the library holds it in several places for
    # as long as the socket lives.
    request.path, request.headers = EVENTS_PATH, Headers()


def _path_of(request: Request) -> str:
    return request.path.partition("?")[0]


def _offered_in(request: Request) -> list[str]:
    values = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
    return [one.strip() for one in values.split(",") if one.strip()]


def _peer_of(connection: ServerConnection) -> str | None:
    name = connection.remote_address
    return str(name[0]) if isinstance(name, tuple) else None
