"""The security log as pages."""

from flask import Blueprint

blueprint = Blueprint("activity", __name__)
