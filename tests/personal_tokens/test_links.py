"""A link that fills in the form: it helps, and never gets more than a limited life and chosen scopes."""

import pytest

from tests.builders import ahead
from tests.personal_tokens.steps import NEW, tokens_of

TOLD = "A link filled in this form."


def checked(page) -> list[str]:
    return [box.get("value") for box in page.all("//input[@checked]")]


def test_a_link_fills_in_the_form_and_the_page_says_so(bob):
    page = bob.get(NEW + "?name=Zapier&scopes=account:read,tokens:read&expires_in=60")
    assert TOLD in page.main
    assert page.value("Name") == "Zapier"
    assert checked(page) == ["60", "chosen", "account:read", "tokens:read"]


def test_the_form_opened_without_a_link_says_nothing_of_one(bob):
    assert TOLD not in bob.get(NEW + "?utm_source=mail").main


def test_what_a_link_filled_in_can_be_created(database, cast, bob):
    page = bob.get(NEW + "?name=Zapier&scopes=tokens:read&expires_in=7").submit("Create token")
    (made,) = tokens_of(database, cast.bob)
    assert page.status == 200
    assert made.scopes == ("tokens:read",)
    assert made.expires_at.date() == ahead(days=7).date()


def test_a_life_of_other_days_becomes_a_date(bob):
    page = bob.get(NEW + "?expires_in=45")
    assert checked(page) == ["date", "chosen"]
    assert page.value("Date") == ahead(days=45).date().isoformat()


@pytest.mark.parametrize("days", ["1", "3650"])
def test_the_shortest_and_the_longest_life_of_a_link_can_be_created(bob, days):
    page = bob.get(f"{NEW}?name=x&scopes=tokens:read&expires_in={days}").submit("Create token")
    assert page.status == 200


@pytest.mark.parametrize("life", ["never", "0", "-1", "3651", "1.5", "", "9" * 30, "٣٠", "30 days"])
def test_a_life_that_no_link_can_ask_for_is_ignored_with_a_word(bob, life):
    page = bob.get(NEW, query_string={"expires_in": life})
    assert "so the usual 90 days are chosen." in page.main
    assert checked(page) == ["90", "chosen"]


@pytest.mark.parametrize("query", ["name=x", "name=x&scopes=", "name=x&access=full&expires=never", "expires_in=30"])
def test_a_link_never_preselects_full_access_or_never(bob, query):
    chosen = checked(bob.get(f"{NEW}?{query}"))
    assert "chosen" in chosen
    assert not {"full", "never"} & set(chosen)


def test_a_link_without_scopes_makes_nothing_until_some_are_ticked(database, cast, bob):
    page = bob.get(NEW + "?name=x").submit("Create token")
    assert page.errors() == ["Scopes: Choose at least one scope."]
    assert tokens_of(database, cast.bob) == []


def test_unknown_scopes_are_named_and_left_out(bob):
    page = bob.get(NEW, query_string={"scopes": "tokens:read,root,<b>,root"})
    assert "they were left out: root, <b>." in page.main
    assert checked(page) == ["90", "chosen", "tokens:read"]


def test_a_name_that_cannot_be_is_told_when_it_is_sent(bob):
    page = bob.get(NEW, query_string={"name": "x" * 3000, "scopes": "tokens:read"})
    assert page.submit("Create token").errors() == ["Name: Use at most 100 characters. This has 1000."]


def test_who_is_not_signed_in_does_that_first_and_finds_the_form_filled_in(stranger, cast):
    asked = stranger.get(NEW, query_string={"name": "Zürich 🎓", "scopes": "tokens:read", "expires_in": "60"}).follow()

    page = asked.submit("Sign in", email=cast.bob.email, password=cast.bob.password).follow()
    assert TOLD in page.main
    assert page.value("Name") == "Zürich 🎓"
    assert checked(page) == ["60", "chosen", "tokens:read"]
