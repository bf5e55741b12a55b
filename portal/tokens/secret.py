"""The secret of a token: made, recognised and digested here and nowhere else. Pure; knows no database.

`<prefix>_<43 characters>`: 37 random ones of 62 (220 bits), then the CRC-32 of everything before them in base 62,
six digits. The checksum lets a mistyped or truncated secret be refused without asking the database, and lets
secret scanners tell a real one from a look-alike.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from zlib import crc32

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH = 37
CHECKSUM_LENGTH = 6
BODY_LENGTH = RANDOM_LENGTH + CHECKSUM_LENGTH
HINT_LENGTH = 8


class MalformedSecret(ValueError):
    """The text has not the shape of a secret, or its checksum is wrong. Never holds the text."""

    def __init__(self) -> None:
        super().__init__("this is not the shape of a token")


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A secret in memory. Printing it shows nothing; only `reveal` gives the text."""

    _text: str

    def __repr__(self) -> str:
        return "Secret(…)"

    def reveal(self) -> str:
        """The text itself, for the one answer that shows it."""
        return self._text

    @property
    def digest(self) -> str:
        """SHA-256 of the text, hex: all of it that is stored. 220 random bits need no slow hash."""
        return digest_of(self._text)

    @property
    def hint(self) -> str:
        """What lists show: prefix, `_`, 8 characters and an ellipsis."""
        prefix, _, body = self._text.partition("_")
        return f"{prefix}_{body[:HINT_LENGTH]}…"


def make_secret(prefix: str) -> Secret:
    """A new secret that starts with `prefix` and an underscore."""
    start = f"{prefix}_" + "".join(secrets.choice(DIGITS) for _ in range(RANDOM_LENGTH))
    return Secret(start + checksum_of(start.encode("ascii")))


def digest_of(text: str) -> str:
    """SHA-256 of a secret's text, 64 hex digits."""
    return sha256(text.encode()).hexdigest()


class SecretReader:
    """Recognises secrets that start with one of `prefixes`."""

    def __init__(self, prefixes: Iterable[str]) -> None:
        self._match = re.compile(pattern_for(prefixes)).fullmatch

    def read(self, text: str) -> Secret:
        """The secret in `text`. Raises `MalformedSecret` when its shape or checksum is wrong."""
        self.digest(text)
        return Secret(text)

    def digest(self, text: str) -> str:
        """The digest of the secret in `text`, for the check of every call. Raises `MalformedSecret`."""
        if not self._match(text):
            raise MalformedSecret
        encoded = text.encode("ascii")
        if checksum_of(encoded[:-CHECKSUM_LENGTH]) != text[-CHECKSUM_LENGTH:]:
            raise MalformedSecret
        return sha256(encoded).hexdigest()


def scanner_pattern(prefixes: Iterable[str]) -> str:
    """The published regular expression of a secret, for secret scanners: it finds one in any text around it."""
    return rf"\b{pattern_for(prefixes)}\b"


def pattern_for(prefixes: Iterable[str]) -> str:
    """The regular expression of a secret and nothing else."""
    return f"(?:{'|'.join(re.escape(prefix) for prefix in prefixes)})_[0-9A-Za-z]{{{BODY_LENGTH}}}"


def checksum_of(start: bytes) -> str:
    """The checksum of an ASCII text: what a secret ends with, when the text is all that stands before."""
    rest, last = divmod(crc32(start), _PAIRS_COUNT)
    first, second = divmod(rest, _PAIRS_COUNT)
    return _PAIRS[first] + _PAIRS[second] + _PAIRS[last]


# Two digits at a time: every call is checked by it.
_PAIRS = [one + other for one in DIGITS for other in DIGITS]
_PAIRS_COUNT = len(_PAIRS)
