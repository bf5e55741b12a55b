"""What every page's answer carries: who may frame it, what it may load, that nobody keeps it."""

from flask import Flask, Response, request

from portal.accounts.guards import PROGRAMS
from portal.current import running

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_STATIC = "/static/"


def install(app: Flask) -> None:
    """Adds the headers to every answer of `app`; those to programs add their own to what these leave out."""
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if running().settings.is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.path.startswith(PROGRAMS):
        return response
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    # `no-referrer` would break forms on https: the CSRF check asks for the page they come from.
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if not request.path.startswith(_STATIC) or response.status_code >= 400:
        headers["Cache-Control"] = "no-store"
        response.vary.add("Cookie")
    return response
