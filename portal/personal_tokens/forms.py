"""What the pages of a person's own tokens ask for, and what a link may fill in. Shape only: whether a name is free
or a token can still be rotated is the service's business."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

from wtforms import RadioField, SelectMultipleField
from wtforms.validators import InputRequired, ValidationError

from portal.tokens.scopes import Scopes
from portal.web.forms import LONGEST_TYPED, NonceForm, PortalForm, TextField
from portal.written import LONGEST_SCOPE

LONGEST_LIFE_DAYS = 3650
USUAL_LIFE = "90"
ON_A_DATE, NEVER, KEEP = "date", "never", "keep"
FULL, CHOSEN = "full", "chosen"
MOST_NAMED = 5

# Value → label; a life is in days.
LIVES = {
    "30": "30 days",
    "60": "60 days",
    USUAL_LIFE: "90 days",
    "365": "1 year",
    ON_A_DATE: "On a date",
    NEVER: "Never",
}
# In seconds.
OVERLAPS = {"0": "Now", "3600": "In 1 hour", "86400": "In 24 hours", "604800": "In 7 days"}
ACCESSES = {FULL: "Full access", CHOSEN: "Chosen scopes"}
_PICK = "Choose one of these."


def _choice(label: str, choices: dict[str, str], usual: str) -> RadioField:
    # Our own sentence for a value that is not on the list, hence not the field's own check.
    return RadioField(label, choices=choices, default=usual, validate_choice=False, validators=[InputRequired(_PICK)])


def _refuse_unlisted(field: RadioField) -> None:
    if field.data not in {option.data for option in field}:
        raise ValidationError(_PICK)


class LifeForm(NonceForm):
    """A form that makes a token and asks how long it shall live; `now` is when it was opened or sent."""

    expires: RadioField
    date: TextField

    def __init__(self, now: datetime, **given: Any) -> None:
        super().__init__(**given)
        self._now = now

    def validate_expires(self, field: RadioField) -> None:
        _refuse_unlisted(field)

    def validate_date(self, field: TextField) -> None:
        if self.expires.data != ON_A_DATE:
            return
        day, today = _day(field.kept), self._now.date()
        if day < today:
            raise ValidationError("This day is over. Choose today or a later one.")
        if day > today + timedelta(days=LONGEST_LIFE_DAYS):
            raise ValidationError(f"Choose a day at most {LONGEST_LIFE_DAYS} days ahead.")

    def ends_at(self) -> datetime | None:
        """When the chosen life is over, None being never. Ask a valid form only."""
        if self.expires.data == NEVER:
            return None
        if self.expires.data == ON_A_DATE:
            return datetime.combine(_day(self.date.kept), time.max, UTC)
        return self._now + timedelta(days=int(self.expires.data))


class NewTokenForm(LifeForm):
    """What a new token is called, how long it lives and what it may do."""

    name = TextField("Name")
    expires = _choice("Expires", LIVES, USUAL_LIFE)
    date = TextField("Date", fit=str.strip)
    access = _choice("Access", ACCESSES, FULL)
    scopes = SelectMultipleField("Scopes", validate_choice=False)

    def __init__(self, now: datetime, known: Scopes, **given: Any) -> None:
        super().__init__(now, **given)
        self.known = known
        self.scopes.choices = [(scope, scope) for scope in known.sentences]

    def validate_access(self, field: RadioField) -> None:
        _refuse_unlisted(field)

    def validate_scopes(self, field: SelectMultipleField) -> None:
        if self.access.data == CHOSEN and not field.data:
            raise ValidationError("Choose at least one scope.")
        if not set(field.data or ()) <= set(self.known.sentences):
            raise ValidationError("Choose from this list.")

    def chosen_scopes(self) -> tuple[str, ...] | None:
        """The scopes of the new token; None is full access."""
        return None if self.access.data == FULL else self.known.in_order(tuple(self.scopes.data or ()))


class RotateForm(LifeForm):
    """When the old token stops, and how long the new one lives. An expired token's end cannot be kept."""

    overlap = RadioField("Stop the old token", choices=OVERLAPS, default="3600", validate_choice=False)
    expires = _choice("Expires", {KEEP: "Keep as it is", **LIVES}, KEEP)
    date = TextField("Date", fit=str.strip)

    def __init__(self, now: datetime, *, may_keep: bool) -> None:
        super().__init__(now, data={"expires": KEEP if may_keep else USUAL_LIFE})
        if not may_keep:
            self.expires.choices = LIVES

    def validate_overlap(self, field: RadioField) -> None:
        _refuse_unlisted(field)

    def overlap_length(self) -> timedelta:
        """How long the old token works on."""
        return timedelta(seconds=int(self.overlap.data))

    def ends_instead_of(self, former: datetime | None) -> datetime | None:
        """When the new token's life is over; `former` is the old one's end."""
        return former if self.expires.data == KEEP else self.ends_at()


class RenameForm(PortalForm):
    """Another name."""

    name = TextField("Name")


@dataclass(frozen=True, slots=True)
class Link:
    """What a link to the form asks for. It never gets more than chosen scopes and a limited life."""

    values: dict[str, object]
    unknown_scopes: tuple[str, ...]
    unfit_life: bool

    @property
    def named_scopes(self) -> tuple[str, ...]:
        """The unknown ones that the page may say again: whoever made the link must not speak on it in sentences."""
        words = (scope for scope in self.unknown_scopes if len(scope) <= LONGEST_SCOPE and " " not in scope)
        return tuple(islice((word for word in words if word.isprintable()), MOST_NAMED))


def read_link(arguments: Mapping[str, str], now: datetime, *, known: Scopes) -> Link | None:
    """What `?name=…&scopes=a,b&expires_in=90` fills in; None when there is nothing of it."""
    if not {"name", "scopes", "expires_in"} & set(arguments):
        return None
    wanted = tuple(scope.strip() for scope in arguments.get("scopes", "").split(",") if scope.strip())
    life = _linked_life(arguments["expires_in"], now) if "expires_in" in arguments else {}
    values: dict[str, object] = {"access": CHOSEN, "scopes": list(known.in_order(wanted)), **(life or {})}
    if "name" in arguments:
        values["name"] = arguments["name"][:LONGEST_TYPED]
    unknown = tuple(dict.fromkeys(scope for scope in wanted if scope not in known))
    return Link(values=values, unknown_scopes=unknown, unfit_life=life is None)


def _linked_life(text: str, now: datetime) -> dict[str, str] | None:
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= LONGEST_LIFE_DAYS):
        return None
    days = str(int(text))
    if days in LIVES:
        return {"expires": days}
    return {"expires": ON_A_DATE, "date": (now + timedelta(days=int(text))).date().isoformat()}


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise ValidationError("Enter a day like 2027-03-31: year, month, day.") from error
