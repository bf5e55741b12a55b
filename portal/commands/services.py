"""Service tokens: made, listed, revoked."""

from argparse import Namespace
from typing import TYPE_CHECKING

from portal.audit import OPERATOR
from portal.clock import as_iso, utc_now
from portal.commands.console import add_command, change, opened, say
from portal.names import clean_name
from portal.settings import load_settings
from portal.tokens import services
from portal.tokens.models import ServiceToken

if TYPE_CHECKING:
    from portal.commands.console import Commands


def add_commands(commands: "Commands") -> None:
    """Adds the commands on service tokens to those of `portal`."""
    add_command(commands, "services", _services, "list the service tokens, revoked ones too")
    for name, command, what in _WITH_A_NAME:
        add_command(commands, name, command, what).add_argument("name", metavar="NAME", help="what the token is called")


def _create_service(options: Namespace) -> None:
    name, settings = clean_name(options.name), load_settings()
    prefix = settings.service_token_prefix[0]
    with opened(settings) as database:
        issued = database.transaction(
            lambda session: services.create(session, OPERATOR, name=name, prefix=prefix, now=utc_now())
        )
    say(f"This is the token of {name}. Store it now, it is shown only once.", to_stderr=True)
    # Alone on stdout, so that it can be piped to where it is kept.
    say(issued.secret.reveal())


def _services(_options: Namespace) -> None:
    with opened(load_settings()) as database, database.reading() as session:
        found = services.list_all(session)
    if not found:
        say("There are no service tokens yet. Make one: portal create-service NAME", to_stderr=True)
        return
    rows = [("name", "hint", "created", "last used", "revoked"), *(_cells(service) for service in found)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _cells(service: ServiceToken) -> tuple[str, ...]:
    used, revoked = (as_iso(at) if at else "never" for at in (service.last_used_at, service.revoked_at))
    return (service.name, service.hint, as_iso(service.created_at), used, revoked)


def _revoke_service(options: Namespace) -> None:
    name = clean_name(options.name)
    change(lambda session: services.revoke(session, OPERATOR, name=name, now=utc_now()))
    say(f"The token of {name} is revoked; calls with it are refused from now on.")


_WITH_A_NAME = (
    ("create-service", _create_service, "make a token by which a gateway or back end asks about other tokens"),
    ("revoke-service", _revoke_service, "kill a service token"),
)
