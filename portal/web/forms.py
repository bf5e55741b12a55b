"""Form fields and the base of all forms. Shape only: what is taken or due is the business of services."""

from collections.abc import Callable
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, SelectMultipleField, StringField
from wtforms.validators import ValidationError

from portal.names import UnfitName, clean_email, clean_name

# Longer than any honest value; a field beyond it is answered with an error, not with its text.
LONGEST_TYPED = 1000


class PortalForm(FlaskForm):
    """A form with a CSRF token. Refused, it keeps what was typed, passwords aside."""

    def validate(self, extra_validators: Any = None) -> bool:
        fits = super().validate(extra_validators)
        for field in self:
            if len(request.form.getlist(field.name)) > 1 and not isinstance(field, SelectMultipleField):
                put_error(field, "Send one value only.")
                fits = False
        return fits


class NonceForm(PortalForm):
    """A form that makes something once; the view fills `nonce` when it shows the form."""

    nonce = HiddenField()


def put_error(field: Field, sentence: str) -> None:
    """Adds an error to a field after its own validation, as services find them."""
    field.errors = [*field.errors, sentence]


class TextField(StringField):
    """One line of text, as it was typed. `fit` raises `ValueError` or returns the value as it is kept."""

    def __init__(self, label: str, fit: Callable[[str], str] = clean_name, **options: Any) -> None:
        super().__init__(label, **options)
        self._fit = fit
        self.kept = ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Takes what was sent. A field that was not sent is empty, never what the form was filled with."""
        self.data = valuelist[0] if valuelist else ""

    def pre_validate(self, form: Any) -> None:
        """Sets `kept`, the value to store; `data` stays what was typed."""
        typed = self.data or ""
        if len(typed) > LONGEST_TYPED:
            self.data = typed[:LONGEST_TYPED]
        try:
            self.kept = self._fit(typed)
        except UnfitName as error:
            raise ValidationError(str(error)) from error


class EmailField(TextField):
    """An e-mail address."""

    def __init__(self, label: str = "Email address", **options: Any) -> None:
        super().__init__(label, fit=clean_email, **options)


class SecretField(PasswordField):
    """A password: never sent back to the browser, never trimmed."""

    def pre_validate(self, form: Any) -> None:
        if not self.data:
            raise ValidationError(f"Enter the {self.label.text.lower()}.")
