"""Which portal, and which token to show it: from the environment alone.

Not from an argument, which everybody on the machine reads in the list of processes. Not from a file `.env` either:
whoever wrote the folder that one stands in could name an address of their own, and the token would go there.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from portal.client.errors import Misused

URL = "PORTAL_URL"
TOKEN = "PORTAL_TOKEN"
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

_SECRET_SHAPE = re.compile(r"[a-z0-9]{2,10}_[0-9A-Za-z]{43}")
_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:]+", re.IGNORECASE)
_VISIBLE = re.compile(r"[!-~]+")
_SCHEME = "bearer"
_IN_ARGUMENTS = (
    "A token does not belong into the arguments: everybody on this machine can read them while the command runs, and "
    f"they stay in the history of your shell. Put it into {TOKEN}. If this one was good, rotate it: it has been shown."
)


class Access(NamedTuple):
    """One portal and one token. A tuple, since a dataclass would take longer to load than all else here."""

    scheme: str
    host: str
    port: int
    secret: str

    def __repr__(self) -> str:
        return f"Access({self.url})"

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        is_usual = self.port == _PORTS[self.scheme]
        return f"{self.scheme}://{host}" if is_usual else f"{self.scheme}://{host}:{self.port}"

    def clean(self, text: object) -> str:
        """What an answer says, for a terminal: in one line, without the token, without characters that a terminal
        would act on."""
        without = str(text).replace(self.secret, "[token]")
        return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in without)


_PORTS = {"https": 443, "http": 80}


def refuse_secrets(arguments: Sequence[str]) -> None:
    """Raises `Misused` when a token is among the arguments, without saying it again."""
    if any(argument.startswith("--token") or _SECRET_SHAPE.search(argument) for argument in arguments):
        raise Misused(_IN_ARGUMENTS)


def read_access(environment: Mapping[str, str]) -> Access:
    """The portal and the token that the environment names. Raises `Misused`."""
    address, secret = (_given(environment, name) for name in (URL, TOKEN))
    scheme, host, port = _parts(address)
    word, _, rest = secret.partition(" ")
    if word.lower() == _SCHEME:
        # Copied with the word, as some tools want it.
        secret = rest.strip()
    if not _VISIBLE.fullmatch(secret):
        raise Misused(f"{TOKEN} holds blanks or characters that no token has. Copy it again, whole and alone.")
    return Access(scheme, host, port, secret)


def _given(environment: Mapping[str, str], name: str) -> str:
    given = environment.get(name, "").strip()
    if not given:
        what = "the address of the portal, like https://portal.example.com" if name == URL else "your token"
        raise Misused(f"{name} is not set. Put {what} into the environment variable {name}.")
    return given


def _parts(address: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Misused(f"{URL} is no address. Write it like https://portal.example.com.") from None
    if parts.scheme not in _PORTS or not _HOST_NAME.fullmatch(host) or port == 0:
        raise Misused(f"{URL} is no address. Write it like https://portal.example.com.")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        raise Misused(f"{URL}: write the scheme and the host alone, like https://portal.example.com.")
    if parts.scheme == "http" and host not in LOOPBACK_NAMES:
        raise Misused(f"{URL}: use https. Over http everybody on the way can read the token; it was not sent.")
    return parts.scheme, host, port or _PORTS[parts.scheme]
