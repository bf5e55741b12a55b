"""The page that shows every component: it renders with all of them, and only while developing."""

import pytest

from portal.web.components import EXAMPLE
from tests.page import Browser


@pytest.fixture
def developer(settings, make_app, monkeypatch):
    """A browser before a portal in debug mode."""
    monkeypatch.setenv("FLASK_DEBUG", "1")
    return Browser(make_app(settings).test_client())


def test_the_page_does_not_exist_outside_debug_mode(stranger):
    assert stranger.get("/_components").status == 404


def test_the_page_shows_every_component(developer):
    page = developer.get("/_components")

    assert page.status == 200
    assert [title.text for title in page.all("//h2")][-1] == "Nothing there yet"
    for name in (
        "button",
        "notice",
        "badge",
        "field",
        "choice",
        "switch",
        "secret-box",
        "sample",
        "table",
        "empty",
        "chart",
        "timeline",
        "pagination",
        "error-summary",
        "segments",
        "back",
    ):
        assert page.all(f"//*[contains(concat(' ', @class, ' '), ' {name} ')]"), name


def test_a_refused_form_is_told_at_the_top_and_at_the_field(developer):
    page = developer.get("/_components").submit("Send it", name="", expires="90")

    assert page.status == 422
    assert page.errors() == ["Name: Enter a name.", "Password: Enter the password."]
    assert page.field("Name").get("aria-describedby") == "name-hint name-error"
    assert page.field("Name").get("aria-invalid") == "true"


def test_the_form_is_taken_when_it_is_right(developer):
    page = developer.get("/_components").submit("Send it", name="Zapier", password="x", expires="90")

    assert page.status == 200
    assert page.errors() == []


def test_what_holds_the_secret_is_marked_to_be_wiped(developer):
    page = developer.get("/_components")

    holders = page.all("//*[@data-shown-once]")
    assert holders
    inside = {element for holder in holders for element in holder.iter()}
    for element in page.all("//body//*"):
        said = [element.text or "", *element.attrib.values()]
        assert element in inside or not any(EXAMPLE in text for text in said), element.tag


def test_a_chart_says_its_numbers_in_words_and_in_a_table(developer):
    page = developer.get("/_components")

    assert len(page.all("//*[@class='chart']")[0].xpath(".//*[local-name()='rect']")) == 30
    assert len(page.all("//*[@class='chart']")[0].xpath(".//tbody/tr")) == 30
    assert "None in 30 days." in page.text


def test_a_choice_keeps_its_sentence_out_of_its_label(developer):
    page = developer.get("/_components")

    chosen = page.field("Full access")
    assert page.all(f"//*[@id='{chosen.get('aria-describedby')}']")[0].text.startswith("All that your role allows")
