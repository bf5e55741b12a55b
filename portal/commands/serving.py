"""The commands that serve: the whole portal, or one part of it. What is wrong is said before anything starts."""

import socket
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from portal import logs
from portal.app import create_app
from portal.commands.console import Refused, add_command, opened, say
from portal.database import Database
from portal.members import service as members
from portal.server import WebServer, listen
from portal.settings import LOOPBACK_NAMES, Settings, load_settings
from portal.supervisor import Part, Start, Supervisor
from portal.written import EVENTS_OFFSET

if TYPE_CHECKING:
    from portal.commands.console import Commands

HOST = "127.0.0.1"
PORT = 8000
GATEWAY_OFFSET = 2
LARGEST_PORT = 65535
MOST_WORKERS = 64


def add_commands(commands: "Commands") -> None:
    """Adds `run`, `events` and `gateway` to the commands of `portal`."""
    run = add_command(commands, "run", _run, "serve the portal; on SQLite, bring the schema up to date first")
    _add_address(run, port=PORT)
    _add_workers(run)
    run.add_argument("--only", choices=["web"], help="serve this part alone")
    events = add_command(commands, "events", _events, "serve the event stream alone")
    _add_address(events, port=PORT + EVENTS_OFFSET)
    gateway = add_command(commands, "gateway", _gateway, "answer /verify alone, for gateways that ask on every call")
    _add_address(gateway, port=PORT + GATEWAY_OFFSET)
    _add_workers(gateway)


def _run(options: Namespace) -> None:
    settings = load_settings(port=options.port)
    # Only to see what it refuses; each worker makes its own.
    create_app(settings)
    with ExitStack() as held:
        web = held.enter_context(listen(options.host, options.port))
        stream = None if options.only else held.enter_context(listen(options.host, _events_port(options.port)))
        with opened(settings) as database:
            greeting = _greeting(settings, options, database)
        logs.install()
        serve_web = partial(_serve_web, settings, web, options.workers or settings.workers, greeting)
        if stream is None:
            serve_web(None)
        else:
            parts = [Part("web", web, serve_web), Part("events", stream, partial(_serve_events, settings, stream, ""))]
            Supervisor(parts).run()


def _serve_web(settings: Settings, listener: socket.socket, workers: int, greeting: str, start: Start | None) -> None:
    ready, parent = (start.ready, start.parent) if start else (None, None)
    WebServer(settings, listener, workers=workers, greet=_greeter(greeting, start), ready=ready, parent=parent).run()


def _serve_events(settings: Settings, listener: socket.socket, greeting: str, start: Start | None) -> None:
    # Late: what it needs takes a quarter of a second, for which no other command waits, nor the web server beside it.
    from portal.events_server import EventServer

    greet, parent = (start.ready, start.parent) if start else (_greeter(greeting, None), None)
    EventServer(settings, listener, greet=greet, parent=parent).run()


def _greeter(greeting: str, start: Start | None) -> Callable[[], None]:
    """Says it once, however often a part is started."""

    def greet() -> None:
        if greeting and (start is None or start.is_first):
            say(greeting, to_stderr=True)

    return greet


def _events(options: Namespace) -> None:
    with _alone(options, EVENTS_OFFSET) as (settings, listener):
        greeting = f"The event stream is at {settings.events_url} (listening on {options.host}, port {options.port})."
        _serve_events(settings, listener, greeting, None)


def _events_port(web: int) -> int:
    if web == LARGEST_PORT:
        raise Refused(f"Port {web} leaves none for the event stream. Choose a lower one, or add --only web.")
    return web + EVENTS_OFFSET


def _gateway(options: Namespace) -> None:
    # Late: no other command needs granian.
    from portal.gateway_server import GatewayServer

    with _alone(options, GATEWAY_OFFSET) as (settings, listener):
        greeting = f"The gateway answers /verify on {options.host}, port {options.port}."
        workers = options.workers or settings.workers
        GatewayServer(settings, listener, workers=workers, greet=lambda: say(greeting, to_stderr=True)).run()


@contextmanager
def _alone(options: Namespace, offset: int) -> Iterator[tuple[Settings, socket.socket]]:
    """What a part is served with that runs without the others, on a database that is there at today's schema."""
    # Links lead to the web server, which by default listens so many ports below.
    settings = load_settings(port=max(1, options.port - offset))
    with listen(options.host, options.port) as listener:
        with opened(settings):
            pass
        logs.install()
        yield settings, listener


def _greeting(settings: Settings, options: Namespace, database: Database) -> str:
    lines = [f"The portal is at {settings.public_url} (listening on {options.host}, port {options.port})."]
    if options.host not in LOOPBACK_NAMES and settings.public_host in LOOPBACK_NAMES:
        lines.append("Other machines are refused until PORTAL_PUBLIC_URL names the address they use.")
    with database.reading() as session:
        if not members.has_users(session):
            code = members.setup_code(settings.secret_key, members.read_setup_id(session))
            lines += [f"Nobody has an account yet. Open {settings.public_url}/setup", f"Code: {code}"]
    return "\n".join(lines)


def _add_address(parser: ArgumentParser, *, port: int) -> None:
    parser.add_argument("--host", default=HOST, help=f"address to listen on ({HOST})")
    parser.add_argument("--port", type=_whole(1, LARGEST_PORT), default=port, help=f"port to listen on ({port})")


def _add_workers(parser: ArgumentParser) -> None:
    parser.add_argument("--workers", type=_whole(1, MOST_WORKERS), help="processes (PORTAL_WORKERS)")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if text.isascii() and text.isdecimal() and least <= int(text) <= most:
            return int(text)
        raise ArgumentTypeError(f"write a whole number from {least} to {most}")

    return parse
