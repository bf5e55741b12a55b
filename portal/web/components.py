"""`/_components`: every part of a page in every state, to look at while developing. It exists in debug mode only."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, DateField, PasswordField, RadioField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length

from portal.accounts.guards import public
from portal.clock import utc_now
from portal.web.forms import PortalForm
from portal.web.pages import page

# The shape of a secret with a checksum that does not fit: it opens nothing, anywhere.
EXAMPLE = "pat_" + "0123456789abcdefghijABCDEFGHIJ0123456" + "000000"

blueprint = Blueprint("components", __name__)


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
    now = utc_now()
    days = [now.date() - timedelta(days=29 - number) for number in range(30)]
    month = [Bar(day, (day.toordinal() * 37) % 211 if day.weekday() < 5 else 0) for day in days]
    times = {"now": now, "past": now - timedelta(minutes=3), "ahead": now + timedelta(days=6, hours=1)}
    is_refused = form.is_submitted() and not form.validate()
    return page(
        "web/components.html",
        form=form,
        example=EXAMPLE,
        times=times,
        month=month,
        quiet_month=[Bar(day, 0) for day in days],
        status=422 if is_refused else 200,
    )
