"""The forms of signing in and of the password: shape only."""

from collections.abc import Iterable
from typing import Any

from wtforms import BooleanField
from wtforms.validators import ValidationError

from portal.accounts.passwords import UnfitPassword, check_password
from portal.web.forms import EmailField, PortalForm, SecretField


class SignInForm(PortalForm):
    """Who somebody says to be, and the proof."""

    email = EmailField()
    password = SecretField("Password")


class PasswordForm(PortalForm):
    """The password and the next one. `context`: words that a password must not mostly consist of."""

    current_password = SecretField("Current password")
    new_password = SecretField("New password")
    revoke_tokens = BooleanField("Revoke my personal tokens too")

    def __init__(self, *, context: Iterable[str], **given: Any) -> None:
        super().__init__(**given)
        self._context = tuple(context)

    def validate_new_password(self, field: SecretField) -> None:
        """Holds the new password against the rules."""
        if not field.data:
            return
        try:
            check_password(field.data, context=self._context)
        except UnfitPassword as error:
            raise ValidationError(str(error)) from error
