"""`/developers/links`: a link that the page builds does what the page says, and wrong values are explained."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.developers.reading import code_after, facts

PATH = "/developers/links"
SCOPES = "badges:issue=Issue badges,badges:read=See badges"


def built(page):
    (link,) = code_after(page, "built")
    return link


def query_of(link):
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


def test_the_example_is_the_one_vendors_know(house_with):
    (example,) = code_after(house_with(scopes=SCOPES).stranger.get(PATH), "how")

    assert example == "http://localhost:8000/settings/tokens/new?name=Zapier&scopes=badges:issue&expires_in=90"


def test_each_parameter_is_explained(stranger):
    assert set(facts(stranger.get(PATH), "how")) == {"name", "scopes", "expires_in"}


def test_the_form_starts_with_the_usual_life_and_builds_nothing(stranger):
    page = stranger.get(PATH)

    assert (page.status, page.value("Expires in"), page.errors()) == (200, "90", [])
    assert page.all("//h2[@id='built']") == []


def test_a_link_is_built_without_script(house_with):
    query = {"name": "Zapier: badges & more", "scopes": ["badges:issue", "tokens:read"], "expires_in": "45"}
    page = house_with(scopes=SCOPES).stranger.get(PATH, query_string=query)

    assert page.status == 200
    assert built(page) == page.links()["Open it"]
    assert query_of(built(page)) == {
        "name": "Zapier: badges & more",
        "scopes": "tokens:read,badges:issue",
        "expires_in": "45",
    }


def test_what_a_link_fills_in_is_what_was_asked_for(bob):
    link = built(bob.get(PATH, query_string={"name": "Zürich 🎓", "scopes": ["tokens:read"], "expires_in": "60"}))

    page = bob.get(link.removeprefix("http://localhost:8000"))
    assert "A link filled in this form." in page.main
    assert page.value("Name") == "Zürich 🎓"
    assert [box.get("value") for box in page.all("//input[@checked]")] == ["60", "chosen", "tokens:read"]


@pytest.mark.parametrize("query", [{"name": "Zapier"}, {"scopes": "tokens:read"}, {"expires_in": "30"}])
def test_each_part_may_be_left_out(query, stranger):
    assert query_of(built(stranger.get(PATH, query_string=query))) == query


def test_what_was_asked_for_stays_in_the_form(stranger):
    page = stranger.get(PATH, query_string={"name": "Zapier", "scopes": "tokens:read", "expires_in": "30"})

    assert (page.value("Name"), page.value("Expires in")) == ("Zapier", "30")
    assert [box.get("value") for box in page.all("//input[@checked]")] == ["tokens:read"]


@pytest.mark.parametrize("life", ["0", "3651", "never", "-1", "1.5", "9" * 5000, "٣٠"])
def test_a_life_that_no_link_can_ask_for_is_explained(life, stranger):
    page = stranger.get(PATH, query_string={"name": "x", "expires_in": life})

    assert page.status == 422
    assert page.errors() == ["Expires in: Enter whole days from 1 to 3650. A link cannot choose “Never”."]
    assert page.all("//h2[@id='built']") == []


def test_a_scope_that_does_not_exist_is_named(stranger):
    page = stranger.get(PATH, query_string={"scopes": ["tokens:read", "<b>root"]})

    assert page.errors() == ["Scopes: There is no scope “<b>root” here. Choose from this list."]


@pytest.mark.parametrize(
    ("name", "why"),
    [("x" * 101, "Use at most 100 characters. This has 101."), ("a\u202eb", "Remove the invisible or control")],
)
def test_a_name_that_no_token_can_have_is_explained(name, why, stranger):
    (error,) = stranger.get(PATH, query_string={"name": name}).errors()

    assert error.startswith(f"Name: {why}")


def test_another_query_is_not_taken_for_the_form(stranger):
    page = stranger.get(PATH, query_string={"utm_source": "mail"})

    assert (page.status, page.value("Expires in")) == (200, "90")
