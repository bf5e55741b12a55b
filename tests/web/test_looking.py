"""Looking at pages changes nothing, leads nowhere else and shows no secret."""

import re

import pytest

from tests.builders import make_account_token, make_token
from tests.everything import all_rows, ask, pages
from tests.page import Browser

SECRET = re.compile(r"\b(?:pat|acc|svc)_[0-9A-Za-z]{20,}")


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_ac_056_no_page_shows_a_secret(who, app, request, cast, database):
    browser = request.getfixturevalue(who)
    made = [make_token(database, person, f"Token of {person.name}") for person in cast.everybody()]
    made.append(make_account_token(database, cast.alice))

    for token_id, _ in made:
        for route in pages(app, token_id=token_id):
            body = ask(browser, route).get_data(as_text=True)
            assert not SECRET.search(body), route
            assert not any(secret in body for _, secret in made), route


def test_v3_5_3_following_every_link_changes_nothing(alice, cast, database):
    make_token(database, cast.alice)
    make_account_token(database, cast.alice)
    before = all_rows(database)

    seen = _crawl(alice, "/settings/profile")

    assert {"/settings/tokens", "/account/api-access", "/account/api-access/rotate", "/account/activity"} <= seen
    assert all_rows(database) == before


def test_every_link_leads_somewhere(bob, cast, database):
    make_token(database, cast.bob)

    for path in _crawl(bob, "/settings/profile"):
        assert bob.get(path).status in {200, 303}, path


def _crawl(browser: Browser, start: str) -> set[str]:
    """Every address of ours that can be reached from there by links and redirects."""
    seen, waiting = set(), [start]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        page = browser.get(path)
        if page.is_redirect:
            waiting.append(page.location)
        elif page.response.mimetype == "text/html":
            found = page.all("//a/@href")
            waiting += [link.split("#")[0] for link in found if link.startswith("/") and not link.startswith("//")]
    return seen
