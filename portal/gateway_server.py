"""`portal gateway`: `/verify` alone, on granian, which is several times faster than the web server.

Granian is trusted with nothing but calls without a body: it is thin, and what it lets through is met here. It
joins a header that is sent twice with a comma, which the carriers refuse; it cannot tell `X_Api_Token` from
`X-Api-Token`, so the proxy in front must drop names with underscores, as nginx does by itself.
"""

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any

from granian._granian import SocketHolder
from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from portal.authentication.authenticator import Authenticator
from portal.database import Database
from portal.gateway.verify import Verify, is_verify
from portal.recorder import Recorder
from portal.server import BACKLOG
from portal.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# SQLite answers in microseconds, and threads would only wait for each other; PostgreSQL is waited for, by all of them
# together.
SQLITE_THREADS = 1
POSTGRES_THREADS = 16
# What a thousand tokens that are called in turn need, where a million are stored.
KEPT_KIB = 16_000
# A worker that does not end by itself is killed; calls take milliseconds.
STOP_SECONDS = 20
# Request line and headers together: a token, a cookie of the caller's and a long path, and no more.
LARGEST_HEAD = 16 * 1024
HEAD_SECONDS = 10

_LOG = {"_granian": {"handlers": [], "level": "WARNING", "propagate": True}}
_STOPPING = (signal.SIGINT, signal.SIGTERM)
_ALIVE = b'{"status":"alive"}'
_JSON = ("Content-Type", "application/json")
_NO_STORE = ("Cache-Control", "no-store")


class Alone:
    """`/verify` and what a load balancer asks; nothing else is here."""

    def __init__(self, verify: Verify) -> None:
        self._verify = verify

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if is_verify(path):
            return self._verify(environ, start_response)
        body = _ALIVE if path == "/healthz" else b""
        status = "200 OK" if body else "404 Not Found"
        start_response(status, [_JSON, ("Content-Length", str(len(body))), _NO_STORE])
        return [body]


class GatewayServer(MPServer):
    """Granian on a socket that listens already, which all its workers share. Each puts its own parts together."""

    def __init__(self, settings: Settings, listener: socket.socket, *, workers: int, greet: Callable[[], None]) -> None:
        super().__init__(
            "portal",
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=SQLITE_THREADS if settings.database_url.startswith("sqlite") else POSTGRES_THREADS,
            loop=Loops.asyncio,
            websockets=False,
            http1_settings=HTTP1Settings(header_read_timeout=HEAD_SECONDS * 1000, max_buffer_size=LARGEST_HEAD),
            log_level=LogLevels.warning,
            log_dictconfig={"loggers": _LOG},
            respawn_failed_workers=True,
            respawn_interval=1,
            workers_kill_timeout=STOP_SECONDS,
        )
        logging.getLogger("_granian").addFilter(_is_news)
        self._settings = settings
        self._listener = listener
        self.on_startup(greet)

    def run(self) -> None:
        """Serves until SIGTERM or Ctrl-C. Exits with 1 when workers keep dying."""
        # What a worker runs is this very object, which no other way of starting one could hand over.
        multiprocessing.set_start_method("fork", force=True)
        self.serve(spawn_target=self._work, target_loader=self._load, wrap_loader=False)

    def _init_shared_socket(self) -> None:
        # Granian's own lets a second gateway listen on the same port, and take half of the calls.
        descriptor = self._listener.detach()
        held: Callable[..., SocketHolder] = SocketHolder
        vars(self).update(
            _shd=held(descriptor, uds=False, backlog=BACKLOG), _sfd=descriptor, _sso=socket.socket(fileno=descriptor)
        )

    def _load(self) -> "WSGIApplication":
        """The callable of one worker, called there."""
        _keep_environment_out_of_requests()
        _finish_one_thing_before_another()
        _stop_once()
        _end_with_the_parent()
        self._database = Database(self._settings.database_url, kept_kib=KEPT_KIB)
        self._recorder = Recorder(self._database)
        return Alone(Verify(Authenticator(self._settings, self._database, self._recorder), self._settings))

    def _work(self, *given: Any) -> None:
        """One worker, until it is told to stop; then what it noted and has not written yet is written."""
        self._spawn_wsgi_worker(*given)
        self._recorder.stop()
        self._database.close()


def _is_news(record: logging.LogRecord) -> bool:
    """Not that there are more threads than two for each core, which granian warns of: ours wait for PostgreSQL."""
    return "Python threads" not in record.getMessage()


def _keep_environment_out_of_requests() -> None:
    """Granian copies `os.environ` into every request: a variable `HTTP_AUTHORIZATION` would let everybody in.

    The process keeps its variables, since libpq has settings of its own there; only Python sees them no more.
    """
    for name, value in list(os.environ.items()):
        del os.environ[name]
        os.putenv(name, value)


def _finish_one_thing_before_another() -> None:
    """Lets the thread that answers go on when the one that writes to the network is woken.

    They would else take turns at every single call, which costs a third of it. What is started from here does as this
    thread does. ADR 10 weighs it, and why the web server does without.
    """
    if sys.platform == "linux":
        # A machine that forbids it is slower, no more.
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _stop_once() -> None:
    """Hands the first signal to stop on to granian, and no later one: told twice, it waits for ever.

    A terminal and some supervisors signal every process, and then the parent does so once more.
    """
    for number in _STOPPING:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGUSR1, _hand_on)
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    serving = threading.get_ident()

    def wait() -> None:
        signal.sigwait(_STOPPING)
        signal.pthread_kill(serving, signal.SIGUSR1)

    threading.Thread(target=wait, name="signals", daemon=True).start()


def _hand_on(_number: int, frame: FrameType | None) -> None:
    granians = signal.getsignal(signal.SIGTERM)
    if not callable(granians):
        # It does not serve yet.
        sys.exit(0)
    granians(signal.SIGTERM, frame)


def _end_with_the_parent() -> None:
    """A worker whose parent was killed would hold the port for ever."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
