"""`/developers`: from a token to the first answer in four steps."""

import json
import re

import pytest

from tests.builders import make_token
from tests.developers.reading import code_after, facts, sample

PATH = "/developers"


def shape(value):
    """The names in a JSON answer, whatever they hold."""
    return {name: shape(inner) for name, inner in value.items()} if isinstance(value, dict) else None


def test_it_has_four_steps_in_order(stranger):
    steps = [heading.text_content() for heading in stranger.get(PATH).all("//h2")]

    assert [step[:2] for step in steps[:4]] == ["1.", "2.", "3.", "4."]


@pytest.mark.parametrize("language", ["curl", "Python", "JavaScript", ".env"])
def test_ac_046_samples_hold_the_public_address_and_a_place_for_the_token(language, alice):
    text = sample(alice.get(PATH), language)

    assert "http://localhost:8000" in text
    assert "YOUR_TOKEN" in text


def test_the_answer_it_shows_is_the_one_that_comes(app, cast, database, stranger):
    _, secret = make_token(database, cast.bob)
    headers = {"Authorization": f"Bearer {secret}"}
    answer = app.test_client(use_cookies=False).get("/api/v1/me", base_url="http://localhost:8000", headers=headers)

    (shown,) = (json.loads(text) for text in code_after(stranger.get(PATH), "answers"))
    assert shape(shown) == shape(answer.get_json())
    assert shown["token"]["token_prefix"].startswith("pat_")


def test_every_answer_is_explained(stranger):
    assert set(facts(stranger.get(PATH), "answers")) == {"200", "401", "403", "429", "503"}


def test_postman_is_explained_step_by_step(stranger):
    steps = stranger.get(PATH).all("//h3[.='Postman']/following-sibling::ol[1]/li")

    assert "http://localhost:8000/api/v1/me" in steps[0].text_content()
    assert "without the word Bearer" in steps[-1].text_content()


def test_it_leads_to_every_other_page(stranger):
    page = stranger.get(PATH)

    listed = {link.get("href") for link in page.all("//nav[@aria-label='Developers']//a")}
    assert listed - {PATH} <= {link.get("href") for link in page.all("//main//a")}


def test_a_stranger_comes_to_the_form_for_a_token_by_signing_in(stranger):
    page = stranger.get(stranger.get(PATH).links()["Create token"])

    assert page.location == "/sign-in?next=/settings/tokens/new"


def test_nothing_there_is_left_to_be_guessed(stranger):
    assert re.search(r"python3 -m pip install requests", sample(stranger.get(PATH), "Python"))
    assert "node first-call.mjs" in sample(stranger.get(PATH), "JavaScript")
