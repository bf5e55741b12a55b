"""Own paths: where a person may be sent after signing in."""

from urllib.parse import urlsplit

LONGEST_PATH = 2000


def own_path(target: str | None, *, default: str) -> str:
    """`target` when it is a path on this very portal, else `default`.

    It is decoded no further than the request was: what a browser could read as another host is refused, such as
    `//host`, `/\\host`, a scheme, or control characters that a browser drops.
    """
    if not target or len(target) > LONGEST_PATH or not target.startswith("/"):
        return default
    if (
        target.startswith("//")
        or "\\" in target
        or any(ord(character) <= 32 or ord(character) == 127 for character in target)
    ):
        return default
    try:
        parts = urlsplit(target)
    except ValueError:
        return default
    first = parts.path.lower()
    if parts.scheme or parts.netloc or first.startswith(("/%2f", "/%5c", "/%09", "/%0a", "/%0d", "/%25")):
        return default
    return target
