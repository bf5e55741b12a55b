"""The commands of the operator: `portal run`, `portal gateway`, the schema, and verbs on people without a page.

Exit codes: 0 done, 1 refused with one sentence on stderr, 2 called in a wrong way.
"""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from portal import create_app, logs
from portal.accounts.models import Role
from portal.accounts.passwords import UnfitPassword, check_password, hash_password
from portal.audit import OPERATOR
from portal.clock import utc_now
from portal.database import Database
from portal.errors import DatabaseUnavailable, OutcomeUnknown, PortalError
from portal.gateway_server import GatewayServer
from portal.members import service as members
from portal.migrations import HEAD
from portal.migrations.run import migrate, require_current_schema
from portal.names import UnfitName, clean_email, clean_name
from portal.server import WebServer, listen
from portal.settings import LOOPBACK_NAMES, Settings, load_settings, unknown_settings
from portal.sign_in import service as sign_in

if TYPE_CHECKING:
    from argparse import _SubParsersAction

Command = Callable[[Namespace], None]

HOST = "127.0.0.1"
PORT = 8000
GATEWAY_OFFSET = 2
MOST_WORKERS = 64
# Far more than any password; what is piped in by mistake must not fill the memory.
LONGEST_INPUT = 10_000


class Refused(PortalError):
    """What was asked cannot be done; the text says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        for warning in unknown_settings():
            _say(f"Warning: {warning}", to_stderr=True)
        options.command(options)
    except (PortalError, UnfitName, UnfitPassword) as refusal:
        _say(str(refusal), to_stderr=True)
        return 1
    return 0


def _run(options: Namespace) -> None:
    settings = load_settings(port=options.port)
    # Only to see what it refuses; each worker makes its own.
    create_app(settings)
    with listen(options.host, options.port) as listener:
        with _opened(settings) as database:
            greeting = _greeting(settings, options, database)
        logs.install()
        workers = options.workers or settings.workers
        WebServer(settings, listener, workers=workers, greet=lambda: _say(greeting, to_stderr=True)).run()


def _gateway(options: Namespace) -> None:
    # Links lead to the web server, which by default listens two ports below.
    settings = load_settings(port=max(1, options.port - GATEWAY_OFFSET))
    with listen(options.host, options.port) as listener:
        with _opened(settings):
            pass
        logs.install()
        greeting = f"The gateway answers /verify on {options.host}, port {options.port}."
        workers = options.workers or settings.workers
        GatewayServer(settings, listener, workers=workers, greet=lambda: _say(greeting, to_stderr=True)).run()


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
    with _closing(database):
        before = migrate(database)
    if before == HEAD:
        _say(f"The schema is at {HEAD} already.")
    else:
        _say(f"The schema is at {HEAD} now; before, {f'it was at {before}' if before else 'the database was empty'}.")


def _create_owner(options: Namespace) -> None:
    account = clean_name(options.account)
    email, name, password_hash = _new_person(options, account)
    _change(lambda session: members.add_owner(
        session, account_name=account, email=email, name=name, password_hash=password_hash, now=utc_now()
    ))  # fmt: skip
    _say(f"{email} is an owner of {account}.")


def _create_user(options: Namespace) -> None:
    account, role = clean_name(options.account), Role(options.role)
    email, name, password_hash = _new_person(options, account)
    _change(lambda session: members.add_user(
        session, account_name=account, email=email, name=name, role=role, password_hash=password_hash, now=utc_now()
    ))  # fmt: skip
    _say(f"{email} is {'a' if role is Role.MEMBER else 'an'} {role} of {account}.")


def _deactivate_user(options: Namespace) -> None:
    email = clean_email(options.email)
    _change(lambda session: members.deactivate(session, OPERATOR, email=email, now=utc_now()))
    _say(f"{email} is deactivated; their sessions and personal tokens are dead.")


def _reactivate_user(options: Namespace) -> None:
    email = clean_email(options.email)
    _change(lambda session: members.reactivate(session, OPERATOR, email=email, now=utc_now()))
    _say(f"{email} can sign in again; their former sessions and tokens stay dead.")


def _set_password(options: Namespace) -> None:
    email = clean_email(options.email)
    password_hash = _hash_of_new_password(email)
    _change(lambda session: sign_in.set_password(
        session, OPERATOR, email=email, password_hash=password_hash, now=utc_now()
    ))  # fmt: skip
    _say(f"The password of {email} is changed; they are signed out everywhere.")


def _new_person(options: Namespace, account: str) -> tuple[str, str, str]:
    """E-mail address, name and password hash of who is to be added."""
    email = clean_email(options.email)
    name = clean_name(options.name if options.name is not None else email.partition("@")[0])
    return email, name, _hash_of_new_password(email, name, account)


def _hash_of_new_password(*context: str) -> str:
    typed = sys.stdin.buffer.read(LONGEST_INPUT)
    try:
        password = typed.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise Refused("The password on standard input is not UTF-8 text.") from error
    if not password:
        raise Refused("There is no password on standard input.")
    check_password(password, context=context)
    return hash_password(password)


def _change(work: Callable[[Session], object]) -> None:
    with _opened(load_settings()) as database:
        database.transaction(work)


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    """The database at today's schema: SQLite is brought there, PostgreSQL is refused when it is not."""
    database = Database(settings.database_url)
    with _closing(database):
        if database.is_sqlite:
            migrate(database)
        else:
            require_current_schema(database)
        yield database


@contextmanager
def _closing(database: Database) -> Iterator[None]:
    try:
        yield
    except OutcomeUnknown:
        raise
    except DatabaseUnavailable as error:
        address = database.url.render_as_string(hide_password=True)
        raise Refused(f"The database {address} cannot answer, nothing was changed. Check that it runs.") from error
    finally:
        database.close()


def _say(sentence: str, *, to_stderr: bool = False) -> None:
    stream = sys.stderr if to_stderr else sys.stdout
    stream.write(f"{sentence}\n")
    stream.flush()


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="portal", description="An account portal for API tokens.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = _command(commands, "run", _run, "serve the portal; on SQLite, bring the schema up to date first")
    _add_address(run, port=PORT)
    run.add_argument("--only", choices=["web"], help="serve this part alone")
    gateway = _command(commands, "gateway", _gateway, "answer /verify alone, for gateways that ask on every call")
    _add_address(gateway, port=PORT + GATEWAY_OFFSET)
    _command(commands, "migrate", _migrate, "bring the database to the newest schema")
    for name, command, what in _ON_PEOPLE:
        one = _command(commands, name, command, what)
        if name.startswith("create-"):
            one.add_argument("--account", required=True, metavar="NAME")
            one.add_argument("--name", help="the person's name; by default the part of the address before the @")
        one.add_argument("--email", required=True)
        if name == "create-user":
            one.add_argument("--role", required=True, choices=[role.value for role in Role])
        if command not in {_deactivate_user, _reactivate_user}:
            one.add_argument("--password-stdin", action="store_true", required=True, help="read it there")
    return parser


def _add_address(parser: ArgumentParser, *, port: int) -> None:
    parser.add_argument("--host", default=HOST, help=f"address to listen on ({HOST})")
    parser.add_argument("--port", type=_whole(1, 65535), default=port, help=f"port to listen on ({port})")
    parser.add_argument("--workers", type=_whole(1, MOST_WORKERS), help="processes (PORTAL_WORKERS)")


_ON_PEOPLE = (
    ("create-owner", _create_owner, "add an owner, and the account if there is none of that name"),
    ("create-user", _create_user, "add a person to an account"),
    ("deactivate-user", _deactivate_user, "end a person's sessions and tokens, and let them in no more"),
    ("reactivate-user", _reactivate_user, "let a deactivated person sign in again"),
    ("set-password", _set_password, "give a person a new password"),
)


def _command(
    commands: "_SubParsersAction[ArgumentParser]", name: str, command: Callable[[Namespace], None], what: str
) -> ArgumentParser:
    parser = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    parser.set_defaults(command=command)
    return parser


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if text.isascii() and text.isdecimal() and least <= int(text) <= most:
            return int(text)
        raise ArgumentTypeError(f"write a whole number from {least} to {most}")

    return parse


if __name__ == "__main__":
    sys.exit(main())
