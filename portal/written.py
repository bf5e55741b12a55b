"""How operators write settings of several values in one line, and what is read out of it.

Apart from `portal.settings`, which says what each setting is for: this is about commas, slashes and equals signs
alone. Each reader raises `ValueError` with half a sentence that says how to write it.
"""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

SCOPE = re.compile(r"[a-z][a-z0-9_-]*:[a-z][a-z0-9_-]*")
RATE = re.compile(r"([0-9]{1,9})/([0-9]{1,9})s")
EVENTS_PATH = "/ws/events"
# The event stream listens on the port after the web server's.
EVENTS_OFFSET = 1
LONGEST_SCOPE, LONGEST_SENTENCE = 50, 100
LIMIT_DEFAULTS = {
    "address": "5/2s",
    "token": "30/2s",
    "create": "10/60s",
    "signin": "10/900s",
    "signin_address": "50/900s",
}
# Every window remembers as many times.
MOST_IN_A_WINDOW = 10_000
LONGEST_WINDOW = 30 * 24 * 60 * 60

Prefixes = tuple[str, ...]
Networks = tuple[IPv4Network | IPv6Network, ...]
Limits = dict[str, tuple[int, int]]


def read_prefixes(value: object) -> Prefixes:
    """`pat,old` as what tokens of one kind may start with."""
    prefixes = tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value
    if isinstance(prefixes, tuple) and all(_is_prefix(prefix) for prefix in prefixes):
        return prefixes
    raise ValueError("write 2 to 10 lower-case letters or digits, several with commas between")


def read_networks(text: str) -> Networks:
    """`10.0.0.0/8,::1/128` as networks."""
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ValueError("write networks like 10.0.0.0/8, several with commas between") from error


def read_limits(text: str) -> Limits:
    """`signin=10/900s,create=0` as name → (count, seconds); one left out keeps its default."""
    parts = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    unknown = [name for name, _, _ in parts if name not in LIMIT_DEFAULTS]
    if unknown:
        raise ValueError(f"there is no limit named {unknown[0]}; there are {', '.join(LIMIT_DEFAULTS)}")
    written = {**LIMIT_DEFAULTS, **{name: text for name, _, text in parts}}
    return {name: _rate(name, text) for name, text in written.items()}


def read_scopes(text: str) -> dict[str, str]:
    """`badges:issue=Issue badges` as scope → the sentence that the form shows."""
    parts = [_declared(part) for part in text.split(",") if part.strip()]
    declared = dict(parts)
    if len(declared) < len(parts):
        raise ValueError("each scope may be declared once")
    return declared


def events_url_beside(public_url: str) -> str:
    """Where the event stream is when nobody says so: at the same host behind a proxy, else at the port after."""
    parts = urlsplit(public_url)
    if parts.scheme == "https" or parts.port is None:
        return f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}{EVENTS_PATH}"
    host = parts.netloc.rpartition(":")[0]
    return f"ws://{host}:{parts.port + EVENTS_OFFSET}{EVENTS_PATH}"


def _is_prefix(text: object) -> bool:
    return isinstance(text, str) and 2 <= len(text) <= 10 and text.isascii() and text.isalnum() and text == text.lower()


def _declared(part: str) -> tuple[str, str]:
    scope, _, sentence = (text.strip() for text in part.partition("="))
    if len(scope) > LONGEST_SCOPE or not SCOPE.fullmatch(scope):
        raise ValueError("write badges:issue=Issue badges: two lower-case words with a colon, and what they allow")
    if not sentence or len(sentence) > LONGEST_SENTENCE or not sentence.isprintable():
        raise ValueError(f"say what {scope} allows, in 1 to {LONGEST_SENTENCE} characters: {scope}=Issue badges")
    return scope, sentence


def _rate(name: str, text: str) -> tuple[int, int]:
    if text == "0":
        return (0, 1)
    found = RATE.fullmatch(text)
    count, seconds = (int(number) for number in found.groups()) if found else (0, 0)
    if not seconds:
        raise ValueError(f"write {name}=10/900s (10 in 900 seconds), or {name}=0 to switch it off")
    if count > MOST_IN_A_WINDOW:
        raise ValueError(f"{name} takes at most {MOST_IN_A_WINDOW}; write a shorter time instead")
    if seconds > LONGEST_WINDOW:
        raise ValueError(f"{name} looks back {LONGEST_WINDOW} seconds (30 days) at most")
    return (count, seconds)
