"""Pages for those who program against the portal."""

from flask import Blueprint

blueprint = Blueprint("developers", __name__)
