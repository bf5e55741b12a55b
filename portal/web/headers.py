"""What every page's answer carries: who may frame it, what it may load, that nobody keeps it."""

from flask import Flask, Response, request

from portal.accounts.guards import PROGRAMS
from portal.current import running_in

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
_OF_PAGES = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    # `no-referrer` would break forms on https: the CSRF check asks for the page they come from.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_STATIC = "/static/"


def install(app: Flask) -> None:
    """Adds the headers to every answer of `app`; those to programs add their own to what these leave out."""
    is_https = running_in(app).settings.is_https

    def add_headers(response: Response) -> Response:
        if is_https:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        path = request.path
        return response if path.startswith(PROGRAMS) else _add_to_page(response, path)

    app.after_request(add_headers)


def _add_to_page(response: Response, path: str) -> Response:
    headers = response.headers
    given = {name for name, _ in headers}
    headers.extend([header for header in _OF_PAGES if header[0] not in given])
    if not path.startswith(_STATIC) or response.status_code >= 400:
        headers["Cache-Control"] = "no-store"
        response.vary.add("Cookie")
    return response
