"""`portal token whoami|list|create|rotate|revoke`: what is typed, and what is asked of the portal.

Exit codes: 0 done, 1 refused or not reached, 2 called in a wrong way.
"""

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from portal.client import calls, shown
from portal.client.access import TOKEN, URL, Access, read_access, refuse_secrets
from portal.client.calls import SELF
from portal.client.errors import CommandError
from portal.client.sentences import LOOK

LONGEST_LIFE_DAYS = 3650
LONGEST_OVERLAP_SECONDS = 7 * 24 * 3600
DEFAULT_OVERLAP_SECONDS = 3600
STATUSES = ("active", "expired", "revoked", "all")
_LONGEST_ID = 19

_ABOUT = (
    f"Asks the portal at {URL} with the token in {TOKEN}; both are read from the environment alone. What was asked for "
    "goes to standard output, everything else to standard error."
)


def main(arguments: Sequence[str]) -> int:
    """Runs one command and returns its exit code."""
    as_json = "--json" in arguments
    try:
        refuse_secrets(arguments)
        options = _parser().parse_args(arguments)
        options.command(read_access(os.environ), options)
    except CommandError as error:
        shown.say_why(error, as_json=as_json)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read the answer (`| head`) has had enough.
        return 1
    except OSError as error:
        shown.say(f"The answer could not be written ({error.strerror}).")
        return 1
    except KeyboardInterrupt:
        shown.say(f"Stopped. What was sent may have been carried out. Look: {LOOK}")
        return 1
    return 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="portal token", description=_ABOUT)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (command, what) in _COMMANDS.items():
        one = commands.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}. {_ABOUT}")
        one.set_defaults(command=command)
        _add_arguments(name, one)
        one.add_argument("--json", action="store_true", help="print what the API answers")
    return parser


def _add_arguments(name: str, one: ArgumentParser) -> None:
    if name == "list":
        one.add_argument("--status", choices=STATUSES, default=STATUSES[0], help=f"which of them ({STATUSES[0]})")
    if name == "create":
        one.add_argument("name", metavar="NAME", help="what will use it")
        one.add_argument("--scopes", type=_scopes, help="comma list; without it, those of the calling token")
    if name == "rotate":
        overlap, default = _whole(0, LONGEST_OVERLAP_SECONDS), DEFAULT_OVERLAP_SECONDS
        one.add_argument("token", metavar="ID", nargs="?", type=_reference, default=SELF, help="its id, or self (self)")
        how_long = f"how long the old one works on ({default}; self: at least 60)"
        one.add_argument("--overlap-seconds", type=overlap, default=default, metavar="N", help=how_long)
    if name == "revoke":
        one.add_argument("token", metavar="ID", type=_reference, help="its id, or self")
    if name in {"create", "rotate"}:
        _add_end(one)


def _add_end(parser: ArgumentParser) -> None:
    end = parser.add_mutually_exclusive_group()
    days = _whole(1, LONGEST_LIFE_DAYS)
    end.add_argument("--expires-in", type=days, metavar="DAYS", help="without it, it ends with the calling token")
    end.add_argument("--never", action="store_true", help="let it live until it is revoked")


def _whoami(access: Access, options: Namespace) -> None:
    found = calls.whoami(access)
    if options.json:
        shown.put_json(found)
        return
    token = found["token"]
    for line in (
        _who(found),
        f"token    {token['name']} ({token['token_prefix']}), {token['kind']}, id {token['id']}",
        f"scopes   {shown.scopes_of(token)}",
        f"expires  {token['expires_at'] or shown.NEVER}",
    ):
        shown.put(access.clean(line))


def _who(found: dict[str, Any]) -> str:
    account, user = found["account"], found["user"]
    if account is None:
        return "A service of the operator"
    return f"{user['name']} <{user['email']}>, {found['role']} of {account['name']}" if user else str(account["name"])


def _list(access: Access, options: Namespace) -> None:
    found = calls.list_all(access, status=options.status)
    if options.json:
        shown.put_json({"items": found})
    elif found:
        shown.put_table([shown.HEADING, *(shown.token_cells(access, token) for token in found)])
    else:
        shown.say("There are none.")


def _create(access: Access, options: Namespace) -> None:
    wanted = {"name": options.name, **_end(options)}
    if options.scopes is not None:
        wanted["scopes"] = options.scopes
    made = calls.create(access, wanted)
    _hand_over(access, made, as_json=options.json)


def _rotate(access: Access, options: Namespace) -> None:
    wanted = {"overlap_seconds": options.overlap_seconds, **_end(options)}
    made = calls.rotate(access, options.token, wanted)
    _hand_over(access, made, as_json=options.json)
    if options.token == SELF:
        shown.say(f"Put it into {TOKEN}: the old one works on for {options.overlap_seconds} seconds at most.")


def _revoke(access: Access, options: Namespace) -> None:
    calls.revoke(access, options.token)
    which = "This token" if options.token == SELF else f"Token {options.token}"
    shown.say(f"{which} is revoked; calls with it are refused from now on.")


def _hand_over(access: Access, made: dict[str, Any], *, as_json: bool) -> None:
    """The secret alone on standard output, so that it can be piped to where it is kept."""
    about = f"{made['name']} ({made['token_prefix']}), id {made['id']}, ends: {shown.end_of(made)}"
    shown.say(access.clean(f"{about}. Store its secret now, it is shown only once."))
    try:
        if as_json:
            shown.put_json(made)
        else:
            shown.put(made["token"])
    except OSError:
        raise CommandError(f"Nobody took the secret, and it is stored nowhere. {calls.way_back(made['id'])}") from None


def _end(options: Namespace) -> dict[str, Any]:
    if options.never:
        return {"expires_at": None}
    if options.expires_in is None:
        return {}
    end = datetime.now(UTC) + timedelta(days=options.expires_in)
    return {"expires_at": end.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _scopes(text: str) -> list[str]:
    return [scope.strip() for scope in text.split(",") if scope.strip()]


def _reference(text: str) -> str:
    if text == SELF or (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID):
        return text
    raise ArgumentTypeError(f"write an id, as `portal token list` shows it, or {SELF}")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID and least <= int(text) <= most:
            return int(text)
        raise ArgumentTypeError(f"write a whole number from {least} to {most}")

    return parse


_COMMANDS: dict[str, tuple[Callable[[Access, Namespace], None], str]] = {
    "whoami": (_whoami, "say whom the token acts for, and what it may do"),
    "list": (_list, "list your personal tokens, newest first"),
    "create": (_create, "make a personal token; its secret alone is printed"),
    "rotate": (_rotate, "replace a token; the new secret alone is printed"),
    "revoke": (_revoke, "kill a token; nothing is asked again"),
}
