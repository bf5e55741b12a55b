"""What every command does alike: it opens the database at today's schema, speaks in sentences, reads a parser."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from portal.database import Database
from portal.errors import DatabaseUnavailable, OutcomeUnknown, PortalError
from portal.migrations.run import migrate, require_current_schema
from portal.settings import Settings, load_settings

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Commands = _SubParsersAction[ArgumentParser]


class Refused(PortalError):
    """What was asked cannot be done; the text says why and what to do."""


def change(work: Callable[[Session], object]) -> None:
    """Runs `work` in one transaction of the database that the settings name."""
    with opened(load_settings()) as database:
        database.transaction(work)


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database at today's schema: SQLite is brought there, PostgreSQL is refused when it is not."""
    database = Database(settings.database_url)
    with closing(database):
        if database.is_sqlite:
            migrate(database)
        else:
            require_current_schema(database)
        yield database


@contextmanager
def closing(database: Database) -> Iterator[None]:
    """Closes the database at the end, and says in a sentence when it was away."""
    try:
        yield
    except OutcomeUnknown:
        raise
    except DatabaseUnavailable as error:
        address = database.url.render_as_string(hide_password=True)
        raise Refused(f"The database {address} cannot answer, nothing was changed. Check that it runs.") from error
    finally:
        database.close()


def say(sentence: str, *, to_stderr: bool = False) -> None:
    """Prints one sentence."""
    stream = sys.stderr if to_stderr else sys.stdout
    stream.write(f"{sentence}\n")
    stream.flush()


def add_command(commands: "Commands", name: str, command: Callable[[Namespace], None], what: str) -> ArgumentParser:
    """Makes `command` what `portal NAME` does; the parser of its arguments."""
    parser = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    parser.set_defaults(command=command)
    return parser
