"""What commands print: the answer on standard output, everything else on standard error.

With `--json` the answer is what the API said, and a refusal one line of JSON, for scripts.
"""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from portal.client.access import Access
from portal.client.errors import CommandError

FULL_ACCESS = "full access"
NEVER = "never"
HEADING = ("id", "name", "token", "scopes", "created", "ends", "last used")


def say(sentence: str) -> None:
    """One line for the person who typed the command."""
    _write(sys.stderr, sentence)


def put(text: str) -> None:
    """One line of the answer. Raises `OSError` when nobody takes it."""
    try:
        _write(sys.stdout, text)
    except OSError:
        # What is left in the buffer would be tried once more at the end, with a complaint.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def put_json(answer: object) -> None:
    """The answer as JSON; all but ASCII is escaped, so that nothing in it acts on a terminal."""
    put(json.dumps(answer, indent=2))


def say_why(error: CommandError, *, as_json: bool) -> None:
    """Why the command did not do what was asked."""
    say(json.dumps({"code": error.code, "message": str(error)}) if as_json else str(error))


def put_table(rows: Sequence[Sequence[str]]) -> None:
    """Rows under a heading, in columns."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        put("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def token_cells(access: Access, token: dict[str, Any]) -> tuple[str, ...]:
    """A line of the list, under `HEADING`."""
    told = (token["id"], token["name"], token["token_prefix"], scopes_of(token), token["created_at"], end_of(token))
    return tuple(access.clean(cell) for cell in (*told, token["last_used_at"] or NEVER))


def scopes_of(token: dict[str, Any]) -> str:
    scopes: Iterable[object] | None = token["scopes"]
    return FULL_ACCESS if scopes is None else " ".join(map(str, scopes)) or "none"


def end_of(token: dict[str, Any]) -> str:
    """When it ends or ended, and by what."""
    if token["revoked_at"]:
        return f"revoked {token['revoked_at']}"
    if token["stops_at"]:
        return f"replaced, stops {token['stops_at']}"
    return str(token["expires_at"] or NEVER)


def _write(stream: TextIO, line: str) -> None:
    # A terminal of another alphabet shows an escape in place of a letter that it has not.
    stream.write(line.encode(stream.encoding, "backslashreplace").decode(stream.encoding) + "\n")
    stream.flush()
