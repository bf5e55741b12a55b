"""Own paths: where a person may be sent after signing in."""

import re

LONGEST_PATH = 2000

# What our own addresses are made of, and nothing else: no second slash and no dot segment, which some readers take
# for another host, no backslash, which browsers read as a slash, nothing encoded before the query.
_OWN_PATH = re.compile(r"(?:/|(?:/(?!\.{1,2}(?:/|\?|$))[A-Za-z0-9._~-]+)+/?)(?:\?[!-\[\]-~]*)?")


def own_path(target: str | None, *, default: str) -> str:
    """`target` when it is a path on this very portal, with or without a query, else `default`."""
    if target is None or len(target) > LONGEST_PATH or not _OWN_PATH.fullmatch(target):
        return default
    return target
