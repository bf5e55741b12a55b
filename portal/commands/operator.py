"""The operator's commands: the schema, and those of the rooms beside this one, which serve or are about rows."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from portal.accounts.passwords import UnfitPassword
from portal.commands import people, services, serving
from portal.commands.console import add_command, closing, say
from portal.database import Database
from portal.errors import PortalError
from portal.migrations import HEAD
from portal.migrations.run import migrate
from portal.names import UnfitName
from portal.settings import load_settings, unknown_settings

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
    serving.add_commands(commands)
    add_command(commands, "migrate", _migrate, "bring the database to the newest schema")
    people.add_commands(commands)
    services.add_commands(commands)
    return parser
