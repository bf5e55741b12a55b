"""The frame: which pages are listed for whom, and where one is."""

import pytest

# Decided before any database is asked; one kind is enough.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

YOU = ["Profile", "Sign-in and security", "Personal access tokens", "Activity"]


def entries(page):
    return [link.text_content() for link in page.all("//nav[@aria-label='Settings']//a")]


def current(page):
    return [link.get("href") for link in page.all("//nav[@aria-label='Settings']//a[@aria-current='page']")]


@pytest.mark.parametrize(
    ("who", "account"), [("bob", []), ("adam", ["Activity"]), ("alice", ["API access", "Activity"])]
)
def test_everybody_sees_what_is_for_them(who, account, request, cast):
    page = request.getfixturevalue(who).get("/settings/profile")

    assert entries(page) == YOU + account
    assert ("Account: Acme" in page.text) is bool(account)
    assert ("Account settings" in page.links()) is bool(account)


def test_nobody_signed_in_sees_none(stranger):
    page = stranger.get("/sign-in")

    assert entries(page) == []
    assert "Sign out" not in page.buttons()


@pytest.mark.parametrize(
    "path", ["/settings/profile", "/settings/security", "/settings/tokens", "/settings/activity", "/account/activity"]
)
def test_the_page_one_is_on_is_marked(path, alice):
    assert current(alice.get(path)) == [path]


@pytest.mark.parametrize(
    ("path", "marked"), [("/settings/tokens/new", ["/settings/tokens"]), ("/nope", []), ("/settings/tokensnope", [])]
)
def test_a_page_below_marks_the_one_above(path, marked, alice):
    assert current(alice.get(path)) == marked


def test_the_menu_says_who_one_is(bob, cast):
    menu = " ".join(bob.get("/settings/profile").all("//*[@class='avatar-menu__panel']")[0].text_content().split())

    assert cast.bob.email in menu
    assert "Member of Acme" in menu


def test_one_can_skip_to_the_content(bob):
    page = bob.get("/settings/profile")

    assert page.all("//body/*[1]")[0].get("href") == "#main"
    assert page.all("//main")[0].get("id") == "main"
