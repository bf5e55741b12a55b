"""`portal run`: gunicorn with threads, in the very process that was started.

Everything that can be wrong is found before the first worker starts, and said in one sentence. Restarting a
worker that died is gunicorn's business; what a worker noted and has not written yet is written when it ends.
"""

import errno
import os
import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import ThreadWorker

from portal.app import Portal, create_app
from portal.current import running_in
from portal.errors import PortalError
from portal.metrics import Counts, fresh_folder, note_end
from portal.settings import Settings

GRACEFUL_SECONDS = 30
# Longer than proxies keep an idle connection (nginx: 60 s): the one who closes it must not be us.
KEEPALIVE_SECONDS = 75
BACKLOG = 2048
# Heartbeats are files; on a disk, writing one may block a worker.
_MEMORY = Path("/dev") / "shm"


class CannotListen(PortalError):
    """The address to listen on is taken, not ours, or not there."""


class ServerLog(Logger):
    """Gunicorn's own log, handed to the handlers of everybody's (`portal.logs`)."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.propagate = True


class WebWorker(ThreadWorker):
    """Gunicorn's worker with threads, but for how it stops."""

    def set_accept_enabled(self, enabled: object) -> None:
        super().set_accept_enabled(bool(enabled))
        # Gunicorn holds the socket until the last request is answered; whoever connects meanwhile would wait for that
        # and then be cut off, instead of being refused and trying elsewhere.
        if not self.alive:
            for listener in self.sockets:
                listener.close()

    def handle_quit(self, sig: int, frame: object) -> None:
        _ignore_signals()
        # Not the one of `ThreadWorker`: it waits for a lock that the thread it interrupts may hold, and hangs.
        Worker.handle_quit(self, sig, frame)


class WebArbiter(Arbiter):
    """Gunicorn's master, which stops in order when the process that it ends with is gone."""

    app: "WebServer"

    def murder_workers(self) -> None:
        if self.app.parent not in {None, os.getppid()}:
            raise StopIteration
        super().murder_workers()


class WebServer(BaseApplication):
    """Gunicorn on a socket that listens already. Each worker puts its own portal together, and then calls `ready`.

    `parent` is the process that it ends with, if there is one.
    """

    def __init__(
        self,
        settings: Settings,
        listener: socket.socket,
        *,
        workers: int,
        greet: Callable[[], None],
        ready: Callable[[], None] | None = None,
        parent: int | None = None,
    ) -> None:
        self._settings = settings
        self.parent = parent
        self._shared = fresh_folder(settings.instance_dir, "-".join(str(part) for part in listener.getsockname()[:2]))
        self._options = {
            **_options(settings),
            # Gunicorn closes the descriptor when it stops listening, so nobody else may hold the socket.
            "bind": f"fd://{listener.detach()}",
            "workers": workers,
            "when_ready": lambda _arbiter: greet(),
            **({"post_worker_init": lambda _worker: ready()} if ready else {}),
            "child_exit": lambda _arbiter, worker: note_end(self._shared, worker.pid),
        }
        super().__init__()

    def run(self) -> None:
        WebArbiter(self).run()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Portal:
        return create_app(self._settings, counts=Counts(self._shared))


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises `CannotListen`."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with ExitStack() as undone:
            listener = undone.enter_context(socket.socket(family, kind))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
            undone.pop_all()
            return listener
    except UnicodeError as error:
        raise CannotListen(f"{host!r} is not the name of a host. Choose another address with --host.") from error
    except OSError as error:
        raise CannotListen(_why_not(error, host, port)) from error


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken. Stop what listens there, or choose another one with --port."
    if error.errno == errno.EACCES:
        return f"Port {port} needs rights that this user has not. Choose one above 1023 with --port."
    return f"This machine cannot listen on {host} ({error.strerror}). Choose another address with --host."


def _options(settings: Settings) -> dict[str, object]:
    return {
        "worker_class": WebWorker,
        "threads": settings.threads,
        "graceful_timeout": GRACEFUL_SECONDS,
        "keepalive": KEEPALIVE_SECONDS,
        "worker_tmp_dir": str(_MEMORY) if os.access(_MEMORY, os.W_OK) else None,
        "control_socket_disable": True,
        # Request lines and headers: what fits a token, a cookie and a long `next`, and no more.
        "limit_request_line": 4094,
        "limit_request_fields": 100,
        "limit_request_field_size": 8190,
        # `X_Api_Token` must never be taken for `X-Api-Token`, and no peer may set SCRIPT_NAME or the scheme.
        "header_map": "drop",
        "forwarder_headers": "",
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        # Requests are logged by `portal.access_log`, the rest by `portal.logs`.
        "accesslog": None,
        "errorlog": None,
        "loglevel": "warning",
        "logger_class": ServerLog,
        "worker_exit": _write_what_is_left,
    }


def _write_what_is_left(_server: object, worker: Worker) -> None:
    app = worker.app.callable
    if not isinstance(app, Portal):
        return
    _ignore_signals()
    running_in(app).recorder.stop()
    running_in(app).limits.close()
    running_in(app).database.close()


def _ignore_signals() -> None:
    # Ctrl-C reaches a worker twice, from the terminal and from gunicorn; the second must not cut its end short.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        # Not SIG_IGN: one that is on its way at this very moment would be told as an error.
        signal.signal(number, _told_before)


def _told_before(_number: int, _frame: object) -> None:
    """Once is enough."""
