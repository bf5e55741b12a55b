"""What the pages say of the settings this portal runs with: how its tokens look, how many calls it takes."""

from dataclasses import dataclass

from portal.settings import Settings
from portal.tokens import secret


@dataclass(frozen=True, slots=True)
class Kind:
    """How the tokens of one kind begin, the new ones as the first of `prefixes`, and how long they are."""

    label: str
    prefixes: tuple[str, ...]

    @property
    def lengths(self) -> str:
        lengths = sorted({len(prefix) + 1 + secret.BODY_LENGTH for prefix in self.prefixes})
        return f"{' or '.join(map(str, lengths))} characters"


def token_format(settings: Settings) -> dict[str, object]:
    """What the page about the format of tokens is made of."""
    return {
        "kinds": (
            Kind("Personal", settings.personal_token_prefix),
            Kind("Account", settings.account_token_prefix),
            Kind("Service", settings.service_token_prefix),
        ),
        "pattern": secret.scanner_pattern(settings.token_prefixes),
        "body_length": secret.BODY_LENGTH,
        "random_length": secret.RANDOM_LENGTH,
        "checksum_length": secret.CHECKSUM_LENGTH,
        "hint_length": secret.HINT_LENGTH,
        "checksum_of_portal": secret.checksum_of(b"portal"),
    }


def rates(settings: Settings) -> dict[str, str]:
    """The limits by name, in words."""
    return {name: _rate(count, seconds) for name, (count, seconds) in settings.limits.items()}


def _rate(count: int, seconds: int) -> str:
    return f"{count:,} in {seconds:,} second{'' if seconds == 1 else 's'}" if count else "Not limited"
