"""`/_components`: every part of a page in every state, to look at while developing. It exists in debug mode only."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, DateField, PasswordField, RadioField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from portal.accounts.guards import public
from portal.clock import utc_now
from portal.web.forms import PortalForm, put_error
from portal.web.pages import page

# The shape of a secret with a checksum that does not fit: it opens nothing, anywhere.
EXAMPLE = "pat_" + "0123456789abcdefghijABCDEFGHIJ0123456" + "000000"

blueprint = Blueprint("components", __name__)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log."""

    sentence: str
    at: datetime
    is_refused: bool = False
    count: int = 1
    remark: str | None = None
    address: str | None = None
    token_hint: str | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of a chart."""

    day: date
    calls: int


class EveryField(PortalForm):
    """One field of each kind."""

    name = StringField("Name", [InputRequired("Enter a name."), Length(max=20, message="Use at most 20 characters.")])
    password = PasswordField("Password", [InputRequired("Enter the password.")])
    expires = RadioField(
        "Expires",
        [InputRequired("Choose how long it shall live.")],
        choices={
            "30": "30 days",
            "90": "90 days",
            "date": "On a date",
            "never": "Never",
        },
    )
    date = DateField("Date")
    access = RadioField("Access", choices={"full": "Full access", "chosen": "Chosen scopes"}, default="full")
    scopes = SelectMultipleField(
        "Scopes",
        choices={"tokens:read": "tokens:read", "account:read": "account:read"},
        default=["tokens:read"],
    )
    tokens_too = BooleanField("Revoke my tokens too")
    enabled = BooleanField("Enable API access")


def install(app: Flask) -> None:
    """Adds the page to `app` while it runs in debug mode."""
    if app.debug:
        app.register_blueprint(blueprint)


@blueprint.route("/_components", methods=["GET", "POST"])
@public
def show() -> ResponseReturnValue:
    form = EveryField()
    is_refused = form.is_submitted() and not form.validate()
    now = utc_now()
    return page(
        "web/components.html",
        status=422 if is_refused else 200,
        form=form,
        wrong=None if form.is_submitted() else _wrong(),
        example=EXAMPLE,
        times={"now": now, "past": now - timedelta(minutes=3), "ahead": now + timedelta(days=6, hours=1)},
        lines=_lines(now),
        **_months(now.date()),
    )


def _wrong() -> EveryField:
    """The form with an error on each of its fields; it is shown beside the other one, hence the prefix."""
    form = EveryField(formdata=None, prefix="wrong-")
    for field in form:
        if field.type not in {"CSRFTokenField", "HiddenField"}:
            put_error(field, "This is what is wrong, and what to do.")
    return form


def _lines(now: datetime) -> list[Line]:
    before = now - timedelta(minutes=3)
    hint = "pat_aB3xYz9W…"
    return [
        Line("Alice signed in", now, address="203.0.113.7"),
        Line("Alice made a call that was refused", before, is_refused=True, count=12, remark="The token has expired."),
        Line("Alice revoked the personal access token “Moodle plugin”", before, address="2001:db8::7", token_hint=hint),
    ]


def _months(today: date) -> dict[str, list[Bar]]:
    days = [today - timedelta(days=29 - number) for number in range(30)]
    busy = [Bar(day, (day.toordinal() * 37) % 211 if day.weekday() < 5 else 0) for day in days]
    return {"month": busy, "quiet_month": [Bar(day, 0) for day in days]}
