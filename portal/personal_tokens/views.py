"""A person's own tokens."""

from flask import Blueprint

blueprint = Blueprint("personal_tokens", __name__)
