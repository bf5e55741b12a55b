"""The whole web app, put together: settings, database, page kit, features, surfaces, in reading order."""

from collections.abc import Callable, Iterable, MutableMapping
from pathlib import Path
from string import printable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Flask, request
from flask.templating import Environment
from jinja2 import StrictUndefined
from werkzeug.datastructures import ImmutableDict

from portal import api, current
from portal.access_log import AccessLog
from portal.accounts import guards
from portal.activity import views as activity
from portal.api.problems import problem_answer
from portal.api_access import views as api_access
from portal.authentication.decorator import authenticator_in
from portal.database import Database
from portal.developers import views as developers
from portal.gateway import introspect, metrics, revoke
from portal.gateway.verify import Verify, is_verify
from portal.limits import limits_for
from portal.members import views as members
from portal.metrics import Counts
from portal.personal_tokens import views as personal_tokens
from portal.recorder import Recorder
from portal.settings import Settings, load_settings
from portal.sign_in import views as sign_in
from portal.web import assets, branding, components, errors, filters, headers, health, hosts, navigation, routes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ROOT = Path(__file__).resolve().parent.parent
LARGEST_BODY = 64 * 1024


class Templates(Environment):
    """Flask's, with plain dictionaries of what every template knows, since all of that is there before the first page.

    Jinja's own let it be changed later: each import in a template looks through two, name by name.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> dict[str, Any]:
        return {**self.globals, **(d or {})}


class Portal(Flask):
    """Flask with the access log in front of it, and without answers to OPTIONS, its own files included.

    What gateways ask on every call passes both by.
    """

    jinja_environment = Templates
    default_config = ImmutableDict({**Flask.default_config, "PROVIDE_AUTOMATIC_OPTIONS": False})
    front: AccessLog
    verify: Verify

    def __init__(self, *args: Any, **options: Any) -> None:
        self._addresses: dict[tuple[str, str, str], str] = {}
        super().__init__(*args, **options)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if is_verify(environ.get("PATH_INFO", "")):
            return self.verify(environ, start_response)
        return self.front(environ, start_response)

    def wsgi_app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Flask's own, for any query: raw bytes in it, which need be no UTF-8, are written with percent signs first."""
        query = environ.get("QUERY_STRING", "")
        if not query.isascii():
            environ["QUERY_STRING"] = quote(query, safe=printable, encoding="latin-1")
        return super().wsgi_app(environ, start_response)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Itself: no view and no hook is a coroutine. Flask would look at each of them again in every request."""
        return func

    def url_for(self, /, endpoint: str, *, filename: str = "", **values: Any) -> str:
        """Flask's. An address in which nothing varies is worked out once: every page holds two dozen of them."""
        if any(value is not None for value in values.values()):
            return super().url_for(endpoint, **values)
        # One that begins with a dot means another page in another feature.
        feature = request.blueprint or "" if endpoint.startswith(".") else ""
        place = (request.script_root, feature + endpoint, filename)
        address = self._addresses.get(place)
        if address is None:
            address = super().url_for(endpoint, filename=filename) if filename else super().url_for(endpoint)
            self._addresses[place] = address
        return address


def create_app(settings: Settings | None = None, *, counts: Counts | None = None) -> Portal:
    """The portal as a WSGI app, put together in reading order. Opens no connection and starts no thread.

    `counts` is given where several processes count together.
    """
    settings, counts = settings or load_settings(), counts or Counts()
    app = Portal(__name__, template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        MAX_FORM_PARTS=200,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.front = AccessLog(app.wsgi_app, scheme="https" if settings.is_https else "http", counts=counts)
    database = Database(settings.database_url)
    recorder = Recorder(database, counts)
    current.install(app, current.Running(settings, database, limits_for(settings), recorder, counts))
    _add_page_kit(app)
    _add_features(app)
    _add_surfaces(app)
    guards.refuse_unguarded(app)
    return app


def _add_page_kit(app: Flask) -> None:
    hosts.install(app)
    routes.install(app)
    assets.install(app, ROOT / "static", bundles=assets.BUNDLES)
    headers.install(app)
    guards.install(app)
    filters.install(app)
    navigation.install(app)
    errors.install(app, answers=dict.fromkeys(guards.PROGRAMS, problem_answer))
    app.register_blueprint(health.blueprint)
    branding.install(app, current.running_in(app).settings.brand)
    components.install(app)


def _add_features(app: Flask) -> None:
    app.register_blueprint(members.blueprint)
    app.register_blueprint(sign_in.blueprint)
    app.register_blueprint(api_access.blueprint)
    app.register_blueprint(personal_tokens.blueprint)
    app.register_blueprint(activity.blueprint)


def _add_surfaces(app: Portal) -> None:
    api.install(app)
    app.register_blueprint(introspect.blueprint)
    app.register_blueprint(revoke.blueprint)
    app.register_blueprint(metrics.blueprint)
    app.register_blueprint(developers.blueprint)
    parts = current.running_in(app)
    app.verify = Verify(authenticator_in(app), parts.settings, counts=parts.counts)
