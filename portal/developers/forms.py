"""The form that builds a link to the page for a new token. It asks for nothing that such a link cannot say."""

from urllib.parse import quote, urlencode

from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectMultipleField
from wtforms.validators import ValidationError

from portal.names import clean_name
from portal.personal_tokens.forms import LONGEST_LIFE_DAYS, USUAL_LIFE
from portal.tokens.scopes import Scopes
from portal.web.forms import TextField
from portal.written import LONGEST_SCOPE


def _name(text: str) -> str:
    return clean_name(text) if text.strip() else ""


class LinkForm(Form):
    """What a link fills in. It is sent in the address and changes nothing, so it has no CSRF token."""

    name = TextField("Name", fit=_name)
    scopes = SelectMultipleField("Scopes", validate_choice=False)
    expires_in = TextField("Expires in", fit=str.strip, default=USUAL_LIFE)

    def __init__(self, sent: MultiDict[str, str], known: Scopes) -> None:
        """`sent` is the query of the request, which may be about something else."""
        self.is_sent = not {"name", "scopes", "expires_in"}.isdisjoint(sent)
        super().__init__(sent if self.is_sent else None)
        self.known = known
        self.scopes.choices = [(scope, scope) for scope in known.sentences]

    def validate_scopes(self, field: SelectMultipleField) -> None:
        """Raises `ValidationError` for a scope that does not exist here."""
        unknown = [scope for scope in field.data or () if scope not in self.known]
        if unknown:
            raise ValidationError(f"There is no scope “{unknown[0][:LONGEST_SCOPE]}” here. Choose from this list.")

    def validate_expires_in(self, field: TextField) -> None:
        """Raises `ValidationError` for what is no number of days that a link may ask for."""
        days = field.kept
        if days and not (
            days.isascii() and days.isdecimal() and len(days) <= 4 and 1 <= int(days) <= LONGEST_LIFE_DAYS
        ):
            raise ValidationError(f"Enter whole days from 1 to {LONGEST_LIFE_DAYS}. A link cannot choose “Never”.")

    def query(self) -> str:
        """The part of the address after the question mark; ask a valid form only."""
        filled = {
            "name": self.name.kept,
            "scopes": ",".join(self.known.in_order(tuple(self.scopes.data or ()))),
            "expires_in": self.expires_in.kept,
        }
        return urlencode({name: text for name, text in filled.items() if text}, safe=":,", quote_via=quote)
