"""Scopes of the services behind, which the operator declares: on the form, in links, in the API, on account tokens."""

import pytest

from portal.tokens.models import Token
from tests.api.calls import TOKENS, Program, errors
from tests.builders import make_account_token, make_token
from tests.conftest import settings_for
from tests.personal_tokens.steps import NEW, tokens_of

DECLARED = "badges:issue=Issue badges,badges:read=See badges"


@pytest.fixture
def settings(database_url, tmp_path):
    return settings_for(database_url, tmp_path, scopes=DECLARED)


@pytest.fixture
def undeclared(make_app, database_url, tmp_path):
    """The same portal, restarted without them."""
    return make_app(settings_for(database_url, tmp_path))


def test_the_form_offers_them_with_their_sentences(bob):
    page = bob.get(NEW)

    assert "Issue badges" in page.main
    assert [box.get("value") for box in page.all("//input[@name='scopes']")][-2:] == ["badges:issue", "badges:read"]


def test_a_member_may_choose_them(database, cast, bob):
    bob.get(NEW + "?name=Badges&scopes=badges:issue").submit("Create token")

    (made,) = tokens_of(database, cast.bob)
    assert made.scopes == ("badges:issue",)


def test_the_api_takes_them_and_lists_them_when_it_refuses(app, database, cast):
    program = Program(app, make_token(database, cast.bob)[1])

    made = program.post(TOKENS, json={"name": "Badges", "scopes": ["badges:read"]})
    refused = program.post(TOKENS, json={"name": "Root", "scopes": ["badges:root"]})

    assert (made.status_code, made.get_json()["scopes"]) == (201, ["badges:read"])
    assert errors(refused)["/scopes/0"].endswith("badges:issue, badges:read.")


def test_ac_028_a_token_without_one_makes_none_with_it(app, database, cast):
    program = Program(app, make_token(database, cast.bob, scopes=("tokens:write", "badges:read"))[1])

    assert program.post(TOKENS, json={"name": "x", "scopes": ["badges:read"]}).status_code == 201
    assert program.post(TOKENS, json={"name": "y", "scopes": ["badges:issue"]}).status_code == 403


def test_the_account_token_has_all_of_them(app, database, cast):
    program = Program(app, make_account_token(database, cast.alice)[1])

    assert program.get().get_json()["token"]["scopes"][-2:] == ["badges:issue", "badges:read"]


def test_what_is_no_longer_declared_is_kept_and_shown(undeclared, database, cast):
    token_id, secret = make_token(database, cast.bob, scopes=("tokens:read", "tokens:write", "badges:issue"))
    program = Program(undeclared, secret)

    assert program.get().get_json()["token"]["scopes"] == ["tokens:read", "tokens:write", "badges:issue"]
    assert program.get(f"{TOKENS}/{token_id}").get_json()["scopes"][-1] == "badges:issue"
    assert program.post(f"{TOKENS}/self/rotate", json={}).get_json()["scopes"][-1] == "badges:issue"


def test_pages_show_what_is_no_longer_declared(undeclared, database, cast, bob):
    token_id, _ = make_token(database, cast.bob, scopes=("badges:issue",))

    bob.client.application = undeclared
    assert "badges:issue" in bob.get("/settings/tokens").main
    assert "badges:issue" in bob.get(f"/settings/tokens/{token_id}").main
    assert "badges:issue" not in bob.get(NEW).main
    with database.reading() as session:
        assert session.get_one(Token, token_id).scopes == ("badges:issue",)
