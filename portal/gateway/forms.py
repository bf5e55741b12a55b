"""The one form that these calls take (RFC 7662 §2.1, RFC 7009 §2.1): a token, and a hint that is not needed here."""

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from portal.errors import PortalError

FORM = "application/x-www-form-urlencoded"


class MalformedForm(PortalError):
    """The form has no field `token`, an empty one, or several, or was cut off."""

    code = "malformed_form"
    sentence = "Send the form field token, once, and not empty."


class WrongMediaType(PortalError):
    """The body is no form."""

    code = "unsupported_media_type"
    sentence = f"Send a form, with the header Content-Type: {FORM}."


def read_token() -> str:
    """The token that the form of this request holds; one in the address is not read.

    Raises `RequestEntityTooLarge`, `WrongMediaType`, `MalformedForm`.
    """
    _refuse_unfit_body()
    if request.mimetype != FORM:
        raise WrongMediaType
    tokens = request.form.getlist("token")
    # RFC 6749 §3.1: a field without a value counts as left out, and none may stand twice.
    if len(tokens) != 1 or not tokens[0]:
        raise MalformedForm
    return tokens[0]


def _refuse_unfit_body() -> None:
    largest = request.max_content_length or 0
    # A body of unknown length is cut off at the limit without a word; one byte more tells it from one that fits.
    request.max_content_length = largest + 1
    body = request.get_data(parse_form_data=False)
    if len(body) > largest:
        raise RequestEntityTooLarge
    if len(body) < (request.content_length or 0):
        raise MalformedForm
