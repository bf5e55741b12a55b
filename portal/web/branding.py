"""The operator's brand on every page: its name, and what is served for it, the logo and a style sheet of the accent.

Both are files beside our own, made at the start. They are kept by browsers; their address changes with them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from flask import Flask
from werkzeug.wrappers import Response

from portal.accounts.guards import public
from portal.brand import Brand, accent_sheet

_FOLDER = "/static/brand"
_KEPT = "public, max-age=31536000, immutable"
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}
# Pages show a logo as a picture, in which no script runs. Opened by itself an SVG is a document, which may do nothing.
_PICTURE_ONLY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Dress:
    """What templates know of the brand, as `brand`. An address is empty where there is nothing of the operator's."""

    name: str
    logo_url: str = ""
    sheet_url: str = ""


def install(app: Flask, brand: Brand) -> None:
    """Gives every template of `app` the brand, the error pages' too, and serves its files."""
    logo_url = sheet_url = ""
    if brand.logo is not None:
        logo_url = f"{_FOLDER}/{brand.logo.digest}.{brand.logo.suffix}"
        _serve(app, logo_url, brand.logo.content, _TYPES[brand.logo.suffix])
    if brand.hue is not None:
        sheet = accent_sheet(brand.hue).encode()
        sheet_url = f"{_FOLDER}/{sha256(sheet).hexdigest()[:12]}.css"
        _serve(app, sheet_url, sheet, "text/css; charset=utf-8")
    app.jinja_env.globals["brand"] = Dress(brand.name, logo_url, sheet_url)


def _serve(app: Flask, path: str, content: bytes, content_type: str) -> None:
    app.add_url_rule(path, endpoint=f"brand_{content_type[:4]}", view_func=public(_file(content, content_type)))


def _file(content: bytes, content_type: str) -> Callable[[], Response]:
    def send() -> Response:
        response = Response(content, content_type=content_type)
        response.headers["Cache-Control"] = _KEPT
        if content_type.startswith("image/"):
            response.headers["Content-Security-Policy"] = _PICTURE_ONLY
        return response

    return send
