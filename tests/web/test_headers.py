"""What every answer carries, whatever its status."""

import pytest

from portal.accounts.guards import public
from tests.conftest import settings_for
from tests.everything import pages, routes
from tests.page import Browser

# Decided before any database is asked; one kind is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


def fail():
    raise ZeroDivisionError


@pytest.fixture
def answers(app, bob):
    """One answer of each kind: status → answer."""
    app.add_url_rule("/boom", view_func=public(fail), endpoint="boom")
    ask = bob.client
    base = {"base_url": bob.base_url, "buffered": True}
    return {
        200: ask.get("/settings/profile", **base),
        303: ask.get("/settings", **base),
        400: ask.post("/settings/profile", **base),
        403: ask.get("/account", **base),
        404: ask.get("/nope", **base),
        405: ask.delete("/settings/profile", **base),
        413: ask.post("/settings/profile", data={"name": "x" * 70_000}, **base),
        422: bob.get("/settings/profile").submit("Save", name="").response,
        500: ask.get("/boom", **base),
    }


def test_the_answers_are_what_they_claim(answers):
    assert {status: answer.status_code for status, answer in answers.items()} == {status: status for status in answers}


def test_ac_073_nobody_frames_any_answer(answers):
    for status, answer in answers.items():
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], status


def test_v3_4_3_the_policy_lets_nothing_in_but_our_own(answers):
    for status, answer in answers.items():
        assert set(answer.headers["Content-Security-Policy"].split("; ")) == POLICY, status


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
        ("Vary", "Cookie"),
    ],
)
def test_v3_4_every_answer_carries_it(name, value, answers):
    assert {status: answer.headers.get(name) for status, answer in answers.items()} == dict.fromkeys(answers, value)


def test_every_answer_has_a_request_id_of_its_own(answers):
    ids = {answer.headers["X-Request-Id"] for answer in answers.values()}

    assert len(ids) == len(answers)


def test_every_answer_says_what_it_is(answers):
    for status, answer in answers.items():
        assert answer.content_type == "text/html; charset=utf-8", status


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8000"])
def test_v3_4_2_no_other_site_may_read_an_answer(origin, app, stranger):
    for route in routes(app):
        answer = stranger.client.open(
            route.path, method=route.method, headers={"Origin": origin}, base_url=stranger.base_url, buffered=True
        )
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")], route


@pytest.mark.parametrize("path", ["/static/old/js/main.js", "/static/nope", "/healthz", "/api/v1/me", "/nope"])
def test_v3_4_4_whatever_it_is_nobody_guesses_its_type(path, stranger):
    with stranger.client.get(path, base_url=stranger.base_url) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_v3_4_4_a_file_that_has_not_changed_carries_it_too(stranger):
    with stranger.client.get("/static/old/js/main.js", base_url=stranger.base_url) as first:
        headers = {"If-None-Match": first.headers["ETag"]}
    with stranger.client.get("/static/old/js/main.js", base_url=stranger.base_url, headers=headers) as answer:
        assert (answer.status_code, answer.headers["X-Content-Type-Options"]) == (304, "nosniff")


def test_a_missing_file_is_not_kept(stranger):
    assert stranger.get("/static/nope").response.headers["Cache-Control"] == "no-store"


class TestHttps:
    @pytest.fixture
    def browser(self, make_app, database_url, tmp_path):
        app = make_app(settings_for(database_url, tmp_path, public_url="https://portal.example.com"))
        return Browser(app.test_client(), "https://portal.example.com")

    @pytest.mark.parametrize("path", ["/sign-in", "/", "/nope", "/api/v1/me", "/static/old/js/main.js", "/healthz"])
    def test_v3_4_1_browsers_are_told_to_stay_on_https(self, path, browser):
        with browser.client.get(path, base_url=browser.base_url) as answer:
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"

    def test_v3_4_1_on_http_they_are_not(self, stranger):
        assert "Strict-Transport-Security" not in stranger.get("/sign-in").response.headers

    def test_v3_4_5_a_form_works_with_the_referrer_that_we_ask_for(self, browser):
        page = browser.get("/sign-in")
        form = {"csrf_token": page.hidden("csrf_token"), "email": "bob@acme.example", "password": "a wrong sentence"}

        answer = browser.post("/sign-in", form, headers={"Referer": "https://portal.example.com/sign-in"})
        foreign = browser.post("/sign-in", form, headers={"Referer": "https://evil.example/sign-in"})

        assert (answer.status, foreign.status) == (422, 400)


def test_ac_062_no_page_is_kept_and_none_is_shared(app, alice):
    for route in pages(app):
        answer = alice.client.get(route.path, base_url=alice.base_url)
        assert answer.headers["Cache-Control"] == "no-store", route
        assert "Cookie" in answer.headers["Vary"], route


def test_ac_062_files_set_no_cookie(alice):
    with alice.client.get("/static/old/js/main.js", base_url=alice.base_url) as answer:
        assert "Set-Cookie" not in answer.headers


def test_ac_071_no_page_is_compressed(app, alice):
    # What is typed comes back beside the CSRF token: compressed, its length would tell the token bit by bit.
    for route in pages(app):
        answer = alice.client.get(route.path, base_url=alice.base_url, headers={"Accept-Encoding": "gzip, br, zstd"})
        assert "Content-Encoding" not in answer.headers, route
