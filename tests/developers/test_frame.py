"""The pages for developers together: who may read them, how one gets there, and where one is."""

import re

import pytest

from portal.accounts.guards import GUARD
from tests.builders import make_token
from tests.developers.pages import PAGES

ERRORS = "/developers/errors"


def listed(page):
    return [link.get("href") for link in page.all("//nav[@aria-label='Developers']//a")]


def current(page):
    return [link.get("href") for link in page.all("//nav[@aria-label='Developers']//a[@aria-current='page']")]


SECRET = re.compile(r"\b(?:pat|acc|svc)_[0-9A-Za-z]{20,}")


@pytest.fixture
def closed(house_with):
    """A portal whose pages for developers are for members."""
    return house_with(developers="members")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("who", ["stranger", "bob", "alice"])
def test_everybody_reads_them_and_sees_where_they_are(who, path, request, app):
    page = request.getfixturevalue(who).get(path)

    assert page.status == 200
    assert set(PAGES) <= set(listed(page))
    assert current(page) == [path]


@pytest.mark.parametrize("path", sorted(set(PAGES) - {ERRORS}))
def test_for_members_alone_a_stranger_is_asked_to_sign_in_and_comes_back(path, closed):
    page = closed.stranger.get(path)

    assert (page.status, page.location) == (303, f"/sign-in?next={path}")


def test_where_they_are_for_members_the_errors_stay_public_and_lead_nowhere_else(closed):
    page = closed.stranger.get(ERRORS)

    assert page.status == 200
    assert listed(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_for_members_alone_whoever_is_signed_in_reads_them(path, closed):
    page = closed.browser_of(closed.cast.bob).get(path)

    assert (page.status, current(page)) == (200, [path])


def test_every_other_page_follows_the_setting(app):
    views = {name: view for name, view in app.view_functions.items() if name.startswith("developers.")}

    assert {name for name, view in views.items() if getattr(view, GUARD) != "developers"} == {"developers.errors"}


@pytest.mark.parametrize(("setting", "is_led"), [("public", True), ("members", False)])
def test_the_sign_in_page_leads_there_where_strangers_may_read_them(setting, is_led, house_with):
    page = house_with(developers=setting).stranger.get("/sign-in")

    assert (page.links().get("Developers") == "/developers") is is_led


def test_a_stranger_who_reads_them_can_sign_in(stranger):
    assert stranger.get("/developers").links()["Sign in"] == "/sign-in"


def test_the_menu_of_everybody_leads_there(bob):
    assert bob.get("/settings/profile").links()["Developers"] == "/developers"


def test_settings_are_listed_on_their_own_pages_only(bob):
    assert bob.get("/developers").all("//nav[@aria-label='Settings']") == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("who", ["stranger", "alice"])
def test_ac_046_none_of_them_shows_a_token(who, path, request, cast, database):
    _, secret = make_token(database, cast.alice)
    page = request.getfixturevalue(who).get(path)

    assert secret not in page.response.text
    assert not SECRET.search(page.response.text)


@pytest.mark.parametrize("path", ["/developers", "/developers/tools", "/developers/limits", "/developers/links"])
def test_addresses_on_them_are_the_public_one(path, house_with):
    client = house_with(public_url="https://portal.example").app.test_client()

    text = client.get(path, base_url="https://portal.example").text
    assert "https://portal.example" in text
    assert "localhost" not in text
