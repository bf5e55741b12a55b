"""The forms of set-up and the profile: shape only."""

from wtforms.validators import ValidationError

from portal.accounts.passwords import UnfitPassword, check_password
from portal.names import UnfitName, clean_name
from portal.web.forms import EmailField, PortalForm, SecretField, TextField


def _given(text: str) -> str:
    if not text.strip():
        raise UnfitName("Enter the code that the server printed when it started.")
    return clean_name(text)


class SetupForm(PortalForm):
    """The first account and its owner."""

    code = TextField("Code", fit=_given)
    account_name = TextField("Account name")
    name = TextField("Your name")
    email = EmailField()
    password = SecretField("Password")

    def validate_password(self, field: SecretField) -> None:
        """Holds the password against the rules, with what else was typed as words to stay away from."""
        if not field.data:
            return
        try:
            check_password(field.data, context=(self.account_name.kept, self.name.kept, self.email.kept))
        except UnfitPassword as error:
            raise ValidationError(str(error)) from error


class ProfileForm(PortalForm):
    """What a person says about themselves."""

    name = TextField("Your name")
