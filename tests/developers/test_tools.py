"""`/developers/tools`: what it says of the word Bearer, of the test and of older clients is what a call meets."""

import pytest

from portal.problems import PROBLEMS
from tests.builders import make_token
from tests.developers.reading import facts

PATH = "/developers/tools"
URL = "http://localhost:8000"


@pytest.fixture
def me(app, cast, database):
    """Asks whom a token of Bob's acts as; the header's value has `{}` where the token stands."""
    _, secret = make_token(database, cast.bob)

    def me(name, value):
        headers = {name: value.format(secret)}
        return app.test_client(use_cookies=False).get("/api/v1/me", base_url=URL, headers=headers)

    return me


def test_every_tool_that_people_ask_for_is_answered(stranger):
    told = facts(stranger.get(PATH), "bearer")

    named = " ".join(told)
    assert all(tool in named for tool in ("Postman", "Zapier", "Moodle", "Power Automate", "curl", "requests", "fetch"))
    assert {last for _, last in told.values()} == {"With Bearer", "The token alone"}


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Authorization", "Bearer {}", 200),
        ("Authorization", "{}", 401),
        ("Authorization", "Bearer Bearer {}", 401),
        ("X-Access-Token", "{}", 200),
        ("X-Access-Token", "Bearer {}", 401),
        ("X-Api-Token", "{}", 200),
        ("X-Api-Token", "Bearer {}", 401),
        ("Authorization", "Basic Ym9iOng=", 401),
    ],
)
def test_the_rule_of_the_word_is_the_one_of_the_api(me, header, value, status):
    answer = me(header, value)

    assert answer.status_code == status
    assert status == 200 or answer.get_json()["code"] == "token_malformed"


@pytest.mark.parametrize("value", ["{}", "Bearer Bearer {}"])
def test_a_wrong_guess_is_told_by_its_detail(me, value):
    assert "Bearer" in me("Authorization", value).get_json()["detail"]


def test_each_answer_to_the_test_is_explained_and_leads_to_its_error(stranger):
    page = stranger.get(PATH)

    told = facts(page, "test")
    codes = {code for code, problem in PROBLEMS.items() if problem.status in {401, 429, 503}}
    assert {head.partition(" ")[2] for head in told} - {""} == codes | {"ambiguous_credentials"}
    assert {"200", "403"} <= set(told)
    assert {f"/developers/errors#{code}" for code in codes} <= set(page.links().values())


def test_they_are_in_the_order_of_their_status(stranger):
    statuses = [int(head[:3]) for head in facts(stranger.get(PATH), "test")]

    assert statuses == sorted(statuses)


def test_the_paths_and_headers_of_older_clients_are_named(stranger):
    told = " ".join(facts(stranger.get(PATH), "older"))

    for text in ("X-Access-Token", "X-Api-Token", "/api-tokens", "/advanced/v1/personal_access_token/", "?api_token="):
        assert text in told


@pytest.mark.parametrize("anchor", ["bearer", "test", "older"])
def test_the_index_leads_to_each_part(anchor, stranger):
    assert f"#{anchor}" in stranger.get(PATH).links().values()
