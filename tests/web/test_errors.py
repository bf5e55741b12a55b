"""What people see when something was refused or went wrong. Nothing of the inside is told."""

import re

import pytest
from jinja2 import DictLoader
from werkzeug.exceptions import Gone, RequestedRangeNotSatisfiable

from portal.accounts.guards import public, signed_in
from portal.errors import (
    DatabaseUnavailable,
    LimitReached,
    NameTaken,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    TooManyTries,
    WrongState,
    WrongValue,
)

# Decided before any database is asked; one kind is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

INSIDE = re.compile(r"Traceback|Error\b|/portal/|\.py\b|SELECT|sqlite|psycopg|sqlalchemy", re.IGNORECASE)


@pytest.fixture
def failing(app):
    """Adds a page that fails with that error; to be called before the first request."""

    def add(error, guard=public):
        def view():
            raise error

        app.add_url_rule("/failing", view_func=guard(view), endpoint="failing", methods=["GET", "POST"])

    return add


def test_v16_5_1_a_fault_of_ours_shows_the_request_id_and_nothing_else(failing, stranger, caplog):
    failing(ZeroDivisionError("the secret of /portal/tokens.py is pat_x"))

    page = stranger.get("/failing")

    assert (page.status, page.h1) == (500, "Something went wrong on our side")
    assert page.response.headers["X-Request-Id"] in page.text
    assert not INSIDE.search(page.text)
    assert caplog.records[0].request_id == page.response.headers["X-Request-Id"]


def test_v16_5_1_debugging_is_off(app):
    assert not app.debug


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (NotFound(), 404, "There is no such page"),
        (NotAllowed(), 403, "This page is not for your role"),
        (WrongState(), 409, "This has changed in the meantime"),
        (NameTaken(), 409, "This has changed in the meantime"),
        (LimitReached(), 409, "This has changed in the meantime"),
        (WrongValue("nonce", "x"), 422, "That form cannot be taken as it is"),
        (TooManyTries(retry_after=7), 429, "Too many tries"),
        (DatabaseUnavailable(), 503, "The portal cannot reach its database"),
        (OutcomeUnknown(), 503, "Nobody knows whether that was saved"),
        (Gone(), 410, "That request cannot be read"),
        (RequestedRangeNotSatisfiable(), 416, "That request cannot be read"),
        (KeyError("name"), 500, "Something went wrong on our side"),
    ],
)
def test_every_error_has_its_page(error, status, title, failing, bob):
    failing(error, signed_in)

    page = bob.get("/failing")

    assert (page.status, page.h1) == (status, title)
    assert not re.search(r"!|\bplease\b|successfully|\binvalid\b", page.main, re.IGNORECASE)


def test_a_person_keeps_the_frame_around_a_refusal(bob):
    page = bob.get("/nope")

    assert "Personal access tokens" in page.links()
    assert page.links()["Go to your tokens"] == "/"


def test_a_fault_of_ours_stands_alone(failing, bob):
    failing(ZeroDivisionError(), signed_in)

    assert "Personal access tokens" not in bob.get("/failing").links()


@pytest.mark.parametrize(("seconds", "words"), [(1, "1 second"), (7, "7 seconds"), (61, "2 minutes"), (3600, "1 hour")])
def test_too_many_tries_says_how_long_to_wait(seconds, words, failing, stranger):
    failing(TooManyTries(retry_after=seconds))

    page = stranger.get("/failing")

    assert page.response.headers["Retry-After"] == str(seconds)
    assert f"Wait {words}, then try again." in page.main


@pytest.mark.parametrize(
    ("error", "way"),
    [
        (WrongState(), "Open the page again"),
        (TooManyTries(retry_after=7), "Try again"),
        (DatabaseUnavailable(), "Try again"),
        (KeyError("name"), "Try again"),
    ],
)
def test_where_it_may_help_the_page_leads_back_to_what_was_tried(error, way, failing, bob):
    failing(error, signed_in)

    page = bob.get("/failing?q=a%20b")

    assert page.links()[way] == "/failing?q=a%20b"
    assert [form.get("action") for form in page.all("//main//form")] == []


def test_every_error_page_names_the_request(failing, bob):
    for path, status in (("/nope", 404), ("/account", 403), ("/settings/tokens/999", 404)):
        page = bob.get(path)
        assert f"Request id: {page.response.headers['X-Request-Id']}, status {status}" in page.main


@pytest.mark.parametrize("error", [DatabaseUnavailable(), OutcomeUnknown()])
def test_an_unavailable_database_says_when_to_come_back(error, failing, stranger, caplog):
    failing(error)

    assert stranger.get("/failing").response.headers["Retry-After"] == "5"
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_wrong_method_is_told_the_right_ones(bob):
    answer = bob.client.delete("/settings/profile", base_url=bob.base_url)

    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


def test_below_api_errors_are_problems(stranger):
    assert stranger.get("/api/nope").response.content_type == "application/problem+json"


@pytest.mark.parametrize("path", ["/apinope", "/API/v1/me", "/ api/"])
def test_what_only_looks_like_api_gets_a_page(path, stranger):
    assert stranger.get(path).h1 == "There is no such page"


def test_an_address_is_never_shown_back(stranger):
    assert "<b>" not in stranger.get("/<b>nope</b>").response.text


class TestErrorPageItself:
    """F47: the error page cannot be made either."""

    @pytest.fixture
    def without_templates(self, app):
        app.jinja_env.loader = DictLoader({})

    @pytest.mark.parametrize(("path", "status"), [("/nope", 404), ("/sign-in", 500)])
    def test_f47_one_line_of_plain_text_is_left(self, path, status, without_templates, stranger):
        answer = stranger.client.get(path, base_url=stranger.base_url)

        assert (answer.status_code, answer.mimetype) == (status, "text/plain")
        assert answer.headers["X-Request-Id"] in answer.text
        assert not INSIDE.search(answer.text)

    def test_f47_the_portal_lives_on(self, app, stranger):
        loader, app.jinja_env.loader = app.jinja_env.loader, DictLoader({})
        stranger.client.get("/sign-in", base_url=stranger.base_url)

        app.jinja_env.loader = loader

        assert stranger.get("/sign-in").status == 200


class TestStaleForm:
    def test_it_says_so_and_links_back_to_the_form(self, bob):
        page = bob.get("/settings/profile").submit("Save", csrf_token="stale", name="Robert")

        assert (page.status, page.h1) == (400, "This form is no longer valid")
        assert page.links()["Open the form again"] == "/settings/profile"

    def test_it_never_sends_anything_again(self, bob):
        page = bob.get("/settings/profile").submit("Save", csrf_token="stale", name="Robert")

        assert [form.get("action") for form in page.all("//form")] == ["/sign-out"]
        assert "Robert" not in page.response.text

    def test_opened_again_the_form_works(self, bob):
        page = bob.get("/settings/profile").submit("Save", csrf_token="stale", name="Robert")

        again = bob.get(page.links()["Open the form again"]).submit("Save", name="Robert")

        assert again.status == 303
