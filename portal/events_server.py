"""`portal events`: the event stream, in one process, whose one loop holds every socket.

Put together here from the parts that the web server has, too. Stopping closes every socket with 1012, which tells
clients to come again.
"""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import FrameType

from websockets.asyncio.server import Server, serve

from portal.authentication.authenticator import Authenticator
from portal.database import Database
from portal.events.closing import Closing, Code
from portal.events.descriptors import SPARE, room_for
from portal.events.door import Door
from portal.events.listeners import CLOSE_SECONDS, LARGEST_BACKLOG, Listeners, close
from portal.events.poller import Poller
from portal.events.reading import Reading
from portal.events.sockets import Hall, choose_subprotocol, socket_for
from portal.limits import limits_for
from portal.recorder import Recorder
from portal.server import BACKLOG
from portal.settings import Settings
from portal.tokens.scopes import Scopes

LOG = logging.getLogger(__name__)

LARGEST_MESSAGE = 4 * 1024
HANDSHAKE_SECONDS = 5.0
# Proxies close what is silent for a minute.
PING_SECONDS = 20.0
STOP_SECONDS = 15.0
# What the system keeps for one who does not read. Left alone it would be megabytes, and a slow reader noticed late.
_KERNEL_BACKLOG = 64 * 1024
# More of them would only take the interpreter from the loop.
_DOORKEEPERS = 2
_PARENT_SECONDS = 1.0


class EventServer:
    """The stream on a socket that listens already. `parent` is the process that it ends with, if there is one."""

    def __init__(
        self, settings: Settings, listener: socket.socket, *, greet: Callable[[], None], parent: int | None = None
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._greet = greet
        self._parent = parent
        self._database = Database(settings.database_url)
        self._recorder = Recorder(self._database)
        self._limits = limits_for(settings)
        self.listeners = Listeners()
        # Those who are let in must not wait for what is read for all the others, nor the other way round.
        self._doorkeepers = ThreadPoolExecutor(_DOORKEEPERS, thread_name_prefix="door")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="reading")

    def run(self) -> None:
        """Serves until SIGTERM or Ctrl-C, or until the parent is gone."""
        asyncio.run(self._until_signalled())
        self.close()

    async def _until_signalled(self) -> None:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()

        def stop(_number: int, _frame: FrameType | None) -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(stopping.set)

        # Not the loop's own, which go with it: a second signal, as terminals and supervisors send it, would cut off
        # the writing of what was noted.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        await self.serve(stopping)

    async def serve(self, stopping: asyncio.Event) -> None:
        """Serves until `stopping` is set; then every socket is told so, and closed."""
        server = await self._started()
        poller = Poller(self._reading(), self.listeners, self._reader)
        beside = [asyncio.create_task(work) for work in (poller.run(), poller.watch(), self._look_after(stopping))]
        self._greet()
        await stopping.wait()
        for task in beside:
            task.cancel()
        await _stop(server)

    def close(self) -> None:
        """Writes what was noted and is not written yet, and lets everything go. Called once, at the end."""
        for threads in (self._doorkeepers, self._reader):
            threads.shutdown(cancel_futures=True)
        self._recorder.stop()
        self._limits.close()
        self._database.close()

    def _reading(self) -> Reading:
        return Reading(self._database, account_scopes=Scopes(self._settings.scopes).of_account_token)

    async def _started(self) -> Server:
        most = room_for(self._settings.events_sockets)
        if most < self._settings.events_sockets:
            LOG.warning("fewer sockets than PORTAL_EVENTS_SOCKETS: raise the limit of open files", extra={"most": most})
        authenticator = Authenticator(self._settings, self._database, self._recorder)
        hall = Hall(
            Door(self._database, authenticator, self._limits),
            self.listeners,
            self._doorkeepers,
            most=most,
            trusted_proxies=self._settings.trusted_proxies,
        )
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BACKLOG)
        return await serve(
            hall.receive,
            sock=self._listener,
            backlog=BACKLOG,
            create_connection=socket_for(most + SPARE // 2),
            process_request=hall.answer,
            process_response=hall.note,
            select_subprotocol=choose_subprotocol,
            # Secrets beside what others choose can be guessed from the length; and it takes memory.
            compression=None,
            server_header=None,
            open_timeout=HANDSHAKE_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            close_timeout=CLOSE_SECONDS,
            max_size=LARGEST_MESSAGE,
            max_queue=1,
            write_limit=LARGEST_BACKLOG,
            logger=_quiet_log(),
        )

    async def _look_after(self, stopping: asyncio.Event) -> None:
        """A part whose parent was killed would hold the port for ever."""
        while self._parent is None or os.getppid() == self._parent:
            await asyncio.sleep(_PARENT_SECONDS)
        stopping.set()


def _quiet_log() -> logging.Logger:
    """The library's log; its finest level holds whole requests, and with them tokens, whatever others are set to."""
    log = logging.getLogger("portal.events.websockets")
    log.setLevel(logging.WARNING)
    return log


async def _stop(server: Server) -> None:
    server.close(close_connections=False)
    # From the next step of the loop on nobody new is let in.
    await asyncio.sleep(0)
    stopping = Closing(Code.STOPPING, "stopping")
    await asyncio.gather(*(close(connection, stopping) for connection in server.connections))
    with suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await server.wait_closed()
