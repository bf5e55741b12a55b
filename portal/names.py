"""Names that people give: what may stand in them, and when two of them are the same.

One normalisation for all places (NFC for the text that is shown, NFC and casefold for the key that is
compared), made in Python because SQLite's `lower` knows ASCII only.
"""

import unicodedata

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

# Addresses inside an organisation (alice@intranet.local, root@localhost) are as good as public ones here, and the
# list is the library's own switch for that.
SPECIAL_USE_DOMAIN_NAMES.clear()

LONGEST_NAME = 100
LONGEST_EMAIL = 254

# Characters that turn the reading direction around, and such as cannot be seen at all: two names that look
# alike must not differ by them. The joiners U+200C and U+200D stay, scripts and emoji need them.
_UNSEEN = frozenset("\u061c\u180e\u200b\u200e\u200f\u2060\ufeff\u00ad") | frozenset(
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
)

_UNFIT = r"\x00-\x1f\x7f-\x9f\u2028\u2029" + "".join(f"\\u{ord(one):04x}" for one in sorted(_UNSEEN))
# What `clean_name` takes, for those who describe it: blanks of any kind around the name, which do not count.
NAME_PATTERN = rf"^\s*[^\s{_UNFIT}]([^{_UNFIT}]{{0,{LONGEST_NAME - 2}}}[^\s{_UNFIT}])?\s*$"


class UnfitName(ValueError):
    """A name that cannot be taken; the text says what to do."""


def clean_name(text: str, *, longest: int = LONGEST_NAME) -> str:
    """`text` trimmed and in NFC. Raises `UnfitName` when it is empty, longer than `longest` code points,
    or holds characters that control the line, turn the direction or cannot be seen."""
    text = text.strip()
    if not text:
        raise UnfitName("Enter a name.")
    # NFC shortens a text to a quarter at most, and for some its time grows with the square of their length.
    if len(text) > 4 * longest:
        raise UnfitName(f"Use at most {longest} characters. This has {len(text)}.")
    name = unicodedata.normalize("NFC", text)
    if len(name) > longest:
        raise UnfitName(f"Use at most {longest} characters. This has {len(name)}.")
    if any(character in _UNSEEN or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in name):
        raise UnfitName("Remove the invisible or control characters. Letters, digits and signs of any script are fine.")
    return name


def name_key(name: str) -> str:
    """What two names are compared by: NFC and casefolded, so `Straße` and `STRASSE` are one."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


def clean_email(text: str) -> str:
    """An address as it is stored and shown. Raises `UnfitName` when it is no e-mail address."""
    address = text.strip()
    if not address:
        raise UnfitName("Enter an email address.")
    if len(address) > LONGEST_EMAIL:
        raise UnfitName(f"Use at most {LONGEST_EMAIL} characters.")
    try:
        valid = validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise UnfitName("Enter an email address like name@example.com.") from error
    return valid.normalized


def email_key(address: str) -> str:
    """What two addresses are compared by: NFKC and casefolded, unique over all accounts."""
    return unicodedata.normalize("NFKC", address.strip()).casefold()
