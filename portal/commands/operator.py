"""The operator's commands: `portal run`, `portal gateway`, the schema, and those of the rooms beside this one."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence

from portal import logs
from portal.accounts.passwords import UnfitPassword
from portal.app import create_app
from portal.commands import people, services
from portal.commands.console import add_command, closing, opened, say
from portal.database import Database
from portal.errors import PortalError
from portal.gateway_server import GatewayServer
from portal.members import service as members
from portal.migrations import HEAD
from portal.migrations.run import migrate
from portal.names import UnfitName
from portal.server import WebServer, listen
from portal.settings import LOOPBACK_NAMES, Settings, load_settings, unknown_settings

HOST = "127.0.0.1"
PORT = 8000
GATEWAY_OFFSET = 2
MOST_WORKERS = 64
OTHERS = "For people with a token: portal token --help"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code, as `portal.cli` tells them."""
    options = _parser().parse_args(arguments)
    try:
        for warning in unknown_settings():
            say(f"Warning: {warning}", to_stderr=True)
        options.command(options)
    except (PortalError, UnfitName, UnfitPassword) as refusal:
        say(str(refusal), to_stderr=True)
        return 1
    return 0


def _run(options: Namespace) -> None:
    settings = load_settings(port=options.port)
    # Only to see what it refuses; each worker makes its own.
    create_app(settings)
    with listen(options.host, options.port) as listener:
        with opened(settings) as database:
            greeting = _greeting(settings, options, database)
        logs.install()
        workers = options.workers or settings.workers
        WebServer(settings, listener, workers=workers, greet=lambda: say(greeting, to_stderr=True)).run()


def _gateway(options: Namespace) -> None:
    # Links lead to the web server, which by default listens two ports below.
    settings = load_settings(port=max(1, options.port - GATEWAY_OFFSET))
    with listen(options.host, options.port) as listener:
        with opened(settings):
            pass
        logs.install()
        greeting = f"The gateway answers /verify on {options.host}, port {options.port}."
        workers = options.workers or settings.workers
        GatewayServer(settings, listener, workers=workers, greet=lambda: say(greeting, to_stderr=True)).run()


def _greeting(settings: Settings, options: Namespace, database: Database) -> str:
    lines = [f"The portal is at {settings.public_url} (listening on {options.host}, port {options.port})."]
    if options.host not in LOOPBACK_NAMES and settings.public_host in LOOPBACK_NAMES:
        lines.append("Other machines are refused until PORTAL_PUBLIC_URL names the address they use.")
    with database.reading() as session:
        if not members.has_users(session):
            code = members.setup_code(settings.secret_key, members.read_setup_id(session))
            lines += [f"Nobody has an account yet. Open {settings.public_url}/setup", f"Code: {code}"]
    return "\n".join(lines)


def _migrate(_options: Namespace) -> None:
    database = Database(load_settings().database_url)
    with closing(database):
        before = migrate(database)
    if before == HEAD:
        say(f"The schema is at {HEAD} already.")
    else:
        say(f"The schema is at {HEAD} now; before, {f'it was at {before}' if before else 'the database was empty'}.")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="portal", description="An account portal for API tokens.", epilog=OTHERS)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = add_command(commands, "run", _run, "serve the portal; on SQLite, bring the schema up to date first")
    _add_address(run, port=PORT)
    run.add_argument("--only", choices=["web"], help="serve this part alone")
    gateway = add_command(commands, "gateway", _gateway, "answer /verify alone, for gateways that ask on every call")
    _add_address(gateway, port=PORT + GATEWAY_OFFSET)
    add_command(commands, "migrate", _migrate, "bring the database to the newest schema")
    people.add_commands(commands)
    services.add_commands(commands)
    return parser


def _add_address(parser: ArgumentParser, *, port: int) -> None:
    parser.add_argument("--host", default=HOST, help=f"address to listen on ({HOST})")
    parser.add_argument("--port", type=_whole(1, 65535), default=port, help=f"port to listen on ({port})")
    parser.add_argument("--workers", type=_whole(1, MOST_WORKERS), help="processes (PORTAL_WORKERS)")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if text.isascii() and text.isdecimal() and least <= int(text) <= most:
            return int(text)
        raise ArgumentTypeError(f"write a whole number from {least} to {most}")

    return parse
