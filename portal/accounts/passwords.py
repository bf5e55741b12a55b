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
# NFC shortens a text to a quarter at most, so what is longer than this is too long without being normalised,
# which for some texts takes time that grows with the square of their length.
_LONGEST_TYPED = 4 * LONGEST_PASSWORD

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_SLOTS = threading.BoundedSemaphore(AT_ONCE)
# A hash of nothing anybody knows: unknown people cost the same work as known ones.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$GMXzQfF5LejfLZKTpb7dAQ$6AV3ov0j8oyelX7ZKH0mxmWT81OSpU5JNCHkfER8P9Y"
# What is left of a password without the words an attacker tries first must still be this long.
_OWN_PART = 8
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb")
_PADDING = "0123456789 .,-_!?@#$*+"


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
        if _is_too_long(password):
            return False
        try:
            return _HASHER.verify(password_hash or _NOBODY, _normal(password)) and password_hash is not None
        except (Argon2Error, InvalidHashError, UnicodeEncodeError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def check_password(password: str, *, context: Iterable[str] = ()) -> None:
    """Raises `UnfitPassword` when the password may not be chosen. `context`: name, e-mail address, account name.

    Length is in code points after NFC; there are no rules on what it is composed of (NIST SP 800-63B-4 §3.1.1.2).
    """
    if _is_too_long(password):
        raise UnfitPassword(f"Use at most {LONGEST_PASSWORD} characters.")
    normal = _normal(password)
    if len(normal) < SHORTEST_PASSWORD:
        raise UnfitPassword(f"Use at least {SHORTEST_PASSWORD} characters. A few words in a row are fine.")
    if any(unicodedata.category(character) == "Cs" for character in normal):
        raise UnfitPassword("Part of that cannot be read as text. Choose a different one.")
    text = name_key(normal)
    if _is_guessed_first(text):
        raise UnfitPassword("That password is on the lists attackers try first. Choose a different one.")
    if _is_mostly(text, _words(context)):
        raise UnfitPassword("That password is mostly your name, email address or account. Choose a different one.")


def _normal(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def _is_too_long(password: str) -> bool:
    return len(password) > _LONGEST_TYPED or len(_normal(password)) > LONGEST_PASSWORD


def _is_mostly(text: str, words: set[str]) -> bool:
    rest = text
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != text and len(rest.strip(_PADDING)) < _OWN_PART


def _is_guessed_first(text: str) -> bool:
    unit = _repeated_unit(text)
    return len(unit) < _OWN_PART or _is_run(text) or _is_common(text) or unit in _common_passwords()


def _repeated_unit(text: str) -> str:
    """The shortest beginning that gives the whole text when it is repeated; the text itself when nothing repeats."""
    sizes = range(1, len(text) + 1)
    return next((text[:size] for size in sizes if text == (text[:size] * len(text))[: len(text)]), "")


def _is_run(text: str) -> bool:
    signs = re.sub(r"[\W_]+", "", text)
    rest = [sign for sign in text if not sign.isalnum() and sign not in _PADDING]
    return len(rest) < _OWN_PART and any(signs in run * 6 or signs in run[::-1] * 6 for run in _RUNS)


def _is_common(text: str) -> bool:
    """Whether it is a common password, or one with padding that would not be long enough by itself."""
    common = _common_passwords()
    letters = re.sub(r"[\W\d_]+", "", text)
    core = text.strip(_PADDING)
    cores = {core: core, letters: letters, _repeated_unit(letters): letters}
    return text in common or any(
        word in common and len(text) - len(whole) < SHORTEST_PASSWORD for word, whole in cores.items()
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
