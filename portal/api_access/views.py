"""The account's switch: statement, enable, agree, rotate, disable."""

from flask import Blueprint

blueprint = Blueprint("api_access", __name__)
