"""The JSON API: `/api/v1`."""

from flask import Flask


def install(app: Flask) -> None:
    """Adds the JSON API to `app`."""
