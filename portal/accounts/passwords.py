"""Passwords: hashing, checking, and which ones may be chosen.

Hashing takes memory and time on purpose (OWASP: Argon2id, 19 MiB, t=2, p=1), so only two run at once in a
process and it never happens inside a transaction.
"""

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from portal.names import name_key

SHORTEST_PASSWORD = 15
LONGEST_PASSWORD = 128
AT_ONCE = 2

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_SLOTS = threading.BoundedSemaphore(AT_ONCE)
# A hash of nothing anybody knows: unknown people cost the same work as known ones.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$GMXzQfF5LejfLZKTpb7dAQ$6AV3ov0j8oyelX7ZKH0mxmWT81OSpU5JNCHkfER8P9Y"
# What is left of a password without the words an attacker tries first must still be this long.
_OWN_PART = 8
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb")


class UnfitPassword(ValueError):
    """A password that may not be chosen; the text says what to do."""


def hash_password(password: str) -> str:
    """The Argon2id hash string of `password` (after NFC, the only change made to it)."""
    with _SLOTS:
        return _HASHER.hash(_normal(password))


def verify_password(password_hash: str | None, password: str, *, before: Callable[[], None] | None = None) -> bool:
    """Whether `password` is the one behind `password_hash`; None costs the same work and is never right.

    `before` runs once a slot is free and may raise: a limit asked there cannot be overrun by calls that wait.
    """
    with _SLOTS:
        if before:
            before()
        if len(password) > LONGEST_PASSWORD:
            return False
        try:
            return _HASHER.verify(password_hash or _NOBODY, _normal(password)) and password_hash is not None
        except (Argon2Error, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def check_password(password: str, *, context: Iterable[str] = ()) -> None:
    """Raises `UnfitPassword` when the password may not be chosen. `context`: name, e-mail address, account name.

    Length is in code points; there are no rules on what it is composed of (NIST SP 800-63B-4 §3.1.1.2).
    """
    if len(password) < SHORTEST_PASSWORD:
        raise UnfitPassword(f"Use at least {SHORTEST_PASSWORD} characters. A few words in a row are fine.")
    if len(password) > LONGEST_PASSWORD:
        raise UnfitPassword(f"Use at most {LONGEST_PASSWORD} characters.")
    text = name_key(password)
    if _repeats(text) or _is_run(text) or _is_common(text):
        raise UnfitPassword("That password is on the lists attackers try first. Choose a different one.")
    rest = text
    for word in sorted(_words(context), key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest.strip("0123456789 .-_!@")) < _OWN_PART and rest != text:
        raise UnfitPassword("That password is mostly your name, email address or account. Choose a different one.")


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def _repeats(text: str) -> bool:
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, 6))


def _is_run(text: str) -> bool:
    return any(text in (run * 6) or text in (run[::-1] * 6) for run in _RUNS)


def _is_common(text: str) -> bool:
    common = _common_passwords()
    core = re.sub(r"[^a-z]+", "", text)
    halves = (core[: len(core) // 2], core[len(core) // 2 :])
    return (
        text in common
        or core in common
        or text.strip("0123456789!?.") in common
        or (halves[0] == halves[1] and halves[0] in common)
    )


def _common_passwords() -> frozenset[str]:
    with _LOADING:
        if not _COMMON:
            # 30,000 passwords from leaks take 5 MB and 20 ms, and only a process in which one is set needs them.
            from zxcvbn.frequency_lists import FREQUENCY_LISTS

            _COMMON.append(frozenset(FREQUENCY_LISTS["passwords"]))
    return _COMMON[0]


_COMMON: list[frozenset[str]] = []
_LOADING = threading.Lock()


def _words(context: Iterable[str]) -> set[str]:
    parts = (part for text in (*context, "portal") for part in re.split(r"[^\w]+", name_key(text)))
    return {part for part in parts if len(part) >= 3}
