"""How many tokens a person may make in a while: the form comes again, with what was typed."""

import pytest

from tests.api.calls import Program
from tests.builders import make_token
from tests.personal_tokens.steps import NEW, create, tokens_of
from tests.personal_tokens.test_one_token import NAME


@pytest.fixture
def limits():
    return "create=2/900s"


def test_a_refused_form_comes_again_with_what_was_typed_and_when_to_try(database, cast, bob):
    for name in ("One", "Two"):
        assert create(bob, name).status == 200
    page = create(bob, NAME, expires="60", access="chosen", scopes=["tokens:read"])
    assert page.status == 429
    assert 1 <= int(page.response.headers["Retry-After"]) <= 900
    assert page.errors() == ["Name: You have made many tokens in a short time. Wait 15 minutes and try again."]
    assert page.value("Name") == NAME
    assert [box.get("value") for box in page.all("//main//input[@checked]")] == ["60", "chosen", "tokens:read"]
    assert len(tokens_of(database, cast.bob)) == 2


def test_a_refused_form_uses_up_no_nonce(bob):
    page = bob.get(NEW)
    for name in ("One", "Two"):
        create(bob, name)
    nonce = page.hidden("nonce")
    assert page.submit("Create token", name=NAME).hidden("nonce") == nonce


def test_a_form_that_was_let_in_and_is_sent_again_leads_to_its_token(database, cast, bob):
    create(bob, "One")
    form = bob.get(NEW)
    assert form.submit("Create token", name=NAME).status == 200
    again = form.submit("Create token", name=NAME)
    assert (again.status, again.follow().h1) == (303, NAME)
    assert len(tokens_of(database, cast.bob)) == 2


def test_a_made_up_form_is_refused_like_any_other(bob):
    for name in ("One", "Two"):
        create(bob, name)
    assert create(bob, NAME, nonce="\0").status == 429


def test_a_form_with_errors_counts_nothing(bob):
    assert [create(bob, name).status for name in ("", "One", "One", "Two", "Three")] == [422, 200, 422, 200, 429]


def test_pages_and_calls_count_together(app, database, cast, bob):
    program = Program(app, make_token(database, cast.bob)[1])
    create(bob, "One")
    assert program.post(json={"name": "Two"}).status_code == 201
    assert create(bob, "Three").status == 429
    assert program.post(json={"name": "Three"}).status_code == 429


def test_others_may_still_make_theirs(adam, bob):
    for name in ("One", "Two"):
        create(bob, name)
    assert create(adam, "One").status == 200
