"""Who may see a page: the cookie, its session row, Flask-Login on top, and one guard on every view.

Default deny: `refuse_unguarded` stops the start when a view wears none of these guards. They also keep the order
of answers: size, sign-in, CSRF, role.
"""

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import ParamSpec, cast
from urllib.parse import quote

from flask import Flask, Request, current_app, g, redirect, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin, LoginManager, current_user, login_user, logout_user
from flask_wtf.csrf import CSRFProtect, generate_csrf
from itsdangerous import URLSafeTimedSerializer
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from portal.accounts.models import Role
from portal.accounts.sessions import TOUCH_EVERY, SignedIn, Touches, find_signed_in
from portal.audit import Actor
from portal.clock import utc_now
from portal.current import client_address, running, running_in
from portal.errors import NotAllowed

Arguments = ParamSpec("Arguments")
View = Callable[Arguments, ResponseReturnValue]

GUARD = "portal_guard"
# What programs call, by tokens alone: no page, and what is refused there is told as a problem.
PROGRAMS = ("/api/", "/api-tokens", "/advanced/", "/introspect", "/revoke", "/metrics")
# Paths that have nothing to do with a browser's session: nothing is read or set there.
SESSIONLESS = (*PROGRAMS, "/static/", "/healthz", "/readyz")

csrf = CSRFProtect()
login_manager = LoginManager()


class CookieSessions(SecureCookieSessionInterface):
    """Flask's signed cookie with SHA-256, which holds the CSRF token, notices and the secret of a session row."""

    digest_method = staticmethod(sha256)

    def __init__(self) -> None:
        self._serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Flask's, kept: it makes a new one to read each cookie, and that takes as long as the reading."""
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if request.path.startswith(SESSIONLESS):
            return None
        # Two cookies of one name: one was planted by a neighbouring host, so neither counts.
        if len(request.cookies.getlist(self.get_cookie_name(app))) > 1:
            return self.session_class()
        return super().open_session(app, request)


class Nobody(AnonymousUserMixin):
    """A browser in which nobody is signed in."""

    person = None


def install(app: Flask) -> None:
    """Cookies, CSRF and sign-in for `app`."""
    is_https = running_in(app).settings.is_https
    app.config.update(
        SESSION_COOKIE_NAME="__Host-session" if is_https else "session",
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.session_interface = CookieSessions()
    csrf.init_app(app)
    # Templates know the person by the frame's own name.
    login_manager.init_app(app, add_context_processor=False)
    # What it has just hooked into every answer keeps a remember cookie up to date, and there is none here.
    app.after_request_funcs[None].pop()
    login_manager.session_protection = None
    login_manager.user_loader(_load)
    login_manager.anonymous_user = Nobody


def public(view: View[Arguments]) -> View[Arguments]:
    """Anybody may ask; a POST needs its CSRF token all the same."""
    return _guarded(view, None)


def signed_in(view: View[Arguments]) -> View[Arguments]:
    """Every person who is signed in."""
    return _guarded(view, Role.MEMBER)


def admin_only(view: View[Arguments]) -> View[Arguments]:
    """Owners and admins."""
    return _guarded(view, Role.ADMIN)


def owner_only(view: View[Arguments]) -> View[Arguments]:
    """Owners."""
    return _guarded(view, Role.OWNER)


def for_developers(view: View[Arguments]) -> View[Arguments]:
    """Everybody, or every person who is signed in, as `PORTAL_DEVELOPERS` says."""
    views = {"public": public(view), "members": signed_in(view)}

    @wraps(view)
    def guard(*args: Arguments.args, **kwargs: Arguments.kwargs) -> ResponseReturnValue:
        return views[running().settings.developers](*args, **kwargs)

    setattr(guard, GUARD, "developers")
    return guard


def current_person() -> SignedIn:
    """Who is signed in. Call it only behind a guard that demands that."""
    return cast(SignedIn, current_user.person)


def person_or_none() -> SignedIn | None:
    """Who is signed in, if anybody."""
    return cast(SignedIn | None, current_user.person)


def current_actor() -> Actor:
    """Who is signed in and from where, as the security log keeps it."""
    return current_person().actor(client_address())


def sign_in_browser(person: SignedIn) -> None:
    """Gives this browser the session of `person`; what an earlier one left in the cookie goes, its CSRF token too."""
    session.clear()
    login_user(person)
    # Made now: two tabs that open a page at once would each make one of their own, and one tab's form would be stale.
    g.pop("csrf_token", None)
    generate_csrf()


def sign_out_browser() -> None:
    """Empties this browser's cookie; ending the session row is the caller's."""
    logout_user()
    session.clear()


def _load(secret: str) -> SignedIn | None:
    now = utc_now()
    found = find_signed_in(running().database, secret, now=now)
    if found is None:
        return None
    person, last_used_at = found
    if now - last_used_at >= TOUCH_EVERY:
        running().recorder.batch(Touches).note(person.session_id, now)
    return person


def _guarded(view: View[Arguments], at_least: Role | None) -> View[Arguments]:
    @wraps(view)
    def guard(*args: Arguments.args, **kwargs: Arguments.kwargs) -> ResponseReturnValue:
        _refuse_large_body()
        if at_least is not None and person_or_none() is None:
            return redirect(url_for("sign_in.sign_in", next=nearest_page()), 303)
        csrf.protect()
        if at_least is not None and not current_person().is_at_least(at_least):
            raise NotAllowed
        return view(*args, **kwargs)

    setattr(guard, GUARD, at_least.value if at_least else "public")
    return guard


def _refuse_large_body() -> None:
    largest = request.max_content_length
    if largest is not None and (request.content_length or 0) > largest:
        raise RequestEntityTooLarge
    # Reading the form here says 413 before anything else is decided, a body of unknown length included.
    _ = request.form
    if not request.content_length:
        # Such a body was cut off at the limit. Asking for more tells one that was cut from one that was complete.
        request.stream.read(1)


def nearest_page() -> str:
    """The address asked for, its query too; for what is POST only, the nearest one above it that can be opened."""
    path = request.path
    if request.method in {"GET", "HEAD"} or _can_be_opened(path):
        # Quoted here, since a browser may send bytes that are no text.
        query = quote(request.query_string, safe="/?:@!$&'()*+,;=%-._~")
        return f"{path}?{query}" if query else path
    while path != "/" and not _can_be_opened(path):
        path = path.rsplit("/", 1)[0] or "/"
    return path


def _can_be_opened(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    try:
        return adapter is not None and bool(adapter.match(path, method="GET"))
    except HTTPException:
        return False


def refuse_unguarded(app: Flask) -> None:
    """Raises `RuntimeError` for a view without a guard, of pages or of the JSON API: default deny."""
    for endpoint, view in app.view_functions.items():
        if endpoint != "static" and not hasattr(view, GUARD):
            raise RuntimeError(f"the view {endpoint} has no guard")
