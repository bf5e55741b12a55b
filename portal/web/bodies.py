"""The body of a request as bytes: whole, or refused. What is in it is the business of those who read it."""

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from portal.errors import PortalError


def whole_body(*, cut_off: type[PortalError]) -> bytes:
    """The body of this request. Raises `RequestEntityTooLarge`, or `cut_off` when less came than was announced."""
    largest = request.max_content_length or 0
    # A body of unknown length is cut off at the limit without a word; one byte more tells it from one that fits.
    request.max_content_length = largest + 1
    body = request.get_data()
    if len(body) > largest:
        raise RequestEntityTooLarge
    if len(body) < (request.content_length or 0):
        raise cut_off
    return body
