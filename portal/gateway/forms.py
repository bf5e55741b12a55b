"""The one form that these calls take (RFC 7662 §2.1, RFC 7009 §2.1): a token, and a hint that is not needed here."""

from typing import Annotated

from flask import request
from pydantic import BaseModel, Field

from portal.errors import PortalError
from portal.web.bodies import whole_body

FORM = "application/x-www-form-urlencoded"


class TokenForm(BaseModel):
    """A token that somebody presented or holds. Other fields are ignored (RFC 7662 §2.1, RFC 7009 §2.1)."""

    token: Annotated[
        str,
        Field(
            min_length=1,
            description="The secret, without the word Bearer.",
            examples=["YOUR_TOKEN"],
        ),
    ]


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
    whole_body(cut_off=MalformedForm)
    if request.mimetype != FORM:
        raise WrongMediaType
    tokens = request.form.getlist("token")
    # RFC 6749 §3.1: a field without a value counts as left out, and none may stand twice.
    if len(tokens) != 1 or not tokens[0]:
        raise MalformedForm
    return tokens[0]
