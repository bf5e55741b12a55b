"""What the forms of API access ask. Each carries the version of the state that it was shown for."""

from wtforms import BooleanField, HiddenField, RadioField
from wtforms.validators import AnyOf, InputRequired

from portal.web.forms import NonceForm, PortalForm

# Seconds that the old token works on → the words for it.
OVERLAPS = {"0": "Now", "3600": "In 1 hour", "86400": "In 24 hours", "604800": "In 7 days"}
_CHOOSE = "Choose when the old token stops."


class SwitchForm(PortalForm):
    """The switch itself. Hidden fields have ids of their own, since several forms share a page."""

    version = HiddenField(id="switch-version")
    enabled = BooleanField("Enable API access")


class StopOldForm(PortalForm):
    """Ends an overlap early."""

    version = HiddenField(id="stop-old-version")


class DisableForm(PortalForm):
    """The last word before API access is off."""

    version = HiddenField(id="disable-version")


class AgreeForm(NonceForm):
    """The agreement. `statement` is the version of the text above the button."""

    version = HiddenField(id="agree-version")
    statement = HiddenField(id="agree-statement")


class RotateForm(AgreeForm):
    """The agreement that comes with a new token for an old one."""

    overlap = RadioField(
        "Stop the old token",
        choices=OVERLAPS,
        default="3600",
        validate_choice=False,
        validators=[InputRequired(_CHOOSE), AnyOf(list(OVERLAPS), message=_CHOOSE)],
    )
