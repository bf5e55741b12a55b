"""Ids in addresses: numbers the database can hold, in one spelling."""

from portal.errors import NotFound

_LARGEST = 2**63 - 1
_MOST_DIGITS = 19


def read_id(text: str) -> int:
    """The id that `text` writes. Raises `NotFound` for what no row can have: signs, zeros in front, 65 bits."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and text[0] != "0"):
        raise NotFound
    number = int(text)
    if number > _LARGEST:
        raise NotFound
    return number
