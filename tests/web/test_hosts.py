"""AC-112: only our own names are answered; links are made from the public address alone."""

import pytest

from tests.conftest import settings_for
from tests.everything import routes

# Decided before any database is asked; one kind is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ANY_HOST = {"/healthz", "/readyz"}
FOREIGN = [
    "evil.example", "EVIL.EXAMPLE:8000", "localhost.evil.example", "evil.localhost", "localhost:8000.evil.example",
    "localhost,evil.example", "evil.example, localhost", "alice@localhost", "localhost/evil", "localhost:evil",
    "localhost:8000:8000", "127.0.0.2", "0.0.0.0", "[::2]", "[::1", "[::1]evil", "::1", "[]", "localhost..",
    ".", ":8000", "ev il", "lo\u0441alhost", "%6cocalhost",
]  # fmt: skip
OURS = [
    "localhost", "localhost:8000", "localhost:9000", "LOCALHOST", "LocalHost:8000", "localhost.", "localhost.:8000",
    "localhost:", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000",
]  # fmt: skip


def ask(app, host, path="/sign-in", method="GET"):
    return app.test_client().open(
        path, method=method, environ_overrides={"HTTP_HOST": host}, base_url="http://localhost:8000", buffered=True
    )


@pytest.mark.parametrize("host", [*FOREIGN, ""])
def test_ac_112_a_foreign_host_is_refused(host, app):
    answer = ask(app, host)

    assert (answer.status_code, answer.mimetype) == (400, "text/plain")
    assert answer.text.startswith("This is not the address of this portal.")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("host", OURS)
def test_ac_112_on_this_machine_all_its_names_are_ours(host, app):
    assert ask(app, host).status_code == 200


def test_ac_112_a_missing_host_is_refused(app):
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/sign-in", "wsgi.url_scheme": "http", "SERVER_NAME": "localhost",
               "SERVER_PORT": "8000"}  # fmt: skip
    said = []

    b"".join(app(environ, lambda status, headers, _=None: said.append(status)))

    assert said == ["400 BAD REQUEST"]


def test_ac_112_every_address_refuses_a_foreign_host(app):
    for route in routes(app):
        answer = ask(app, "evil.example", route.path, route.method)
        assert answer.status_code == (200 if route.path in ANY_HOST else 400), route


@pytest.mark.parametrize("path", ["/nope", "/static/nope", "/api/v1/nope", "/sign-in/"])
def test_ac_112_the_host_comes_before_the_path(path, app):
    assert ask(app, "evil.example", path).status_code == 400


def test_ac_112_the_host_comes_before_the_method(app):
    assert ask(app, "evil.example", "/sign-in", "DELETE").status_code == 400


def test_ac_112_no_other_header_names_a_host(app):
    forwarded = {"X-Forwarded-Host": "evil.example", "X-Host": "evil.example", "Forwarded": "host=evil.example"}

    answer = app.test_client().get("/", headers=forwarded, base_url="http://localhost:8000")

    assert answer.headers["Location"] in {"/setup", "/sign-in"}


class TestPublicName:
    @pytest.fixture
    def public(self, make_app, database_url, tmp_path):
        return make_app(settings_for(database_url, tmp_path, public_url="https://portal.example.com:8443"))

    @pytest.mark.parametrize("host", ["portal.example.com", "portal.example.com:8443", "PORTAL.EXAMPLE.COM."])
    def test_ac_112_the_public_name_is_ours(self, host, public):
        assert ask(public, host).status_code == 200

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]", "example.com", "www.portal.example.com"])
    def test_ac_112_no_other_one_is_not_even_a_loopback_one(self, host, public):
        assert ask(public, host).status_code == 400

    @pytest.mark.parametrize("path", sorted(ANY_HOST))
    @pytest.mark.parametrize("host", ["10.0.0.7:8000", "anything", ""])
    def test_ac_112_health_is_told_under_any_name(self, path, host, public):
        assert ask(public, host, path).status_code == 200
