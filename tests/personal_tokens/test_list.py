"""The list: what it shows of whose tokens, its filters, its search and its pages."""

from datetime import timedelta

import pytest

from portal.clock import day, utc_now
from portal.database import Database
from portal.personal_tokens import service
from portal.tokens import service as tokens
from portal.tokens.models import Kind, Token
from tests.builders import actor_of, ago, ahead, make_token
from tests.personal_tokens.steps import LIST, NEW, one, token


def names(page) -> list[str]:
    return [link.text_content() for link in page.all("//tbody//th/a")]


def cells(page) -> dict[str, str]:
    """Column → text of the first row."""
    return dict(zip(columns(page), texts(page.all("//tbody/tr[1]/*")), strict=True))


def columns(page) -> list[str]:
    return texts(page.all("//thead//th"))


def texts(elements) -> list[str]:
    return [" ".join(element.text_content().split()) for element in elements]


def revoke(database: Database, person, token_id: int) -> None:
    database.transaction(lambda session: service.revoke(session, actor_of(person), token_id, now=utc_now()))


def test_a_person_without_tokens_is_told_so_and_can_make_one(bob):
    page = bob.get(LIST)
    assert "You have no active tokens." in page.main
    assert page.links()["Create token"] == NEW


def test_a_row_shows_what_the_contract_says(database, cast, bob):
    _, secret = make_token(database, cast.bob, "Zapier", now=ago(days=400), expires_at=ahead(days=30))
    row = cells(bob.get(LIST))
    assert row["Token"] == secret[:12] + "…"
    assert row["Access"] == "Full access"
    assert row["Created"].endswith(str(ago(days=400).year))
    assert row["Expires"].endswith(str(ahead(days=30).year))
    assert row["Last used"] == "Never"


def test_a_row_shows_scopes_and_a_token_that_never_expires(database, cast, bob):
    make_token(database, cast.bob, scopes=("account:read", "tokens:read"))
    row = cells(bob.get(LIST))
    assert (row["Access"], row["Expires"]) == ("account:read tokens:read", "Never")


def test_a_row_shows_the_last_use(database, cast, bob):
    token_id, _ = make_token(database, cast.bob)
    database.transaction(lambda session: setattr(session.get_one(Token, token_id), "last_used_at", ago(minutes=3)))
    assert cells(bob.get(LIST))["Last used"].startswith("3 minutes ago")


def test_an_end_that_is_near_is_told(database, cast, bob):
    make_token(database, cast.bob, expires_at=ahead(days=6, hours=1))
    assert cells(bob.get(LIST))["Expires"] == "Expires in 6 days"


def test_tokens_are_listed_newest_first(database, cast, bob):
    for name in ("One", "Two", "Three"):
        make_token(database, cast.bob, name)
    assert names(bob.get(LIST)) == ["Three", "Two", "One"]


def test_nobody_sees_tokens_of_others(database, cast, alice, adam, charlie):
    make_token(database, cast.bob, "Of Bob")
    for browser in (alice, adam, charlie):
        for status in ("active", "expired", "revoked"):
            assert "Of Bob" not in browser.get(f"{LIST}?status={status}").text


@pytest.fixture
def one_of_each(database, cast):
    """Bob's tokens: one active, one in its overlap and its successor, one expired, one revoked, one stopped."""
    now = utc_now()
    make_token(database, cast.bob, "Living")
    for name, overlap in (("Rotated", 3600), ("Stopped", 60)):
        token_id, _ = make_token(database, cast.bob, name, now=ago(days=1))
        rotate(database, cast.bob, token_id, overlap, now if name == "Rotated" else ago(hours=1))
    make_token(database, cast.bob, "Over", expires_at=ago(seconds=1))
    dead, _ = make_token(database, cast.bob, "Dead")
    revoke(database, cast.bob, dead)


def rotate(database, person, token_id, overlap, now):
    def work(session):
        old = tokens.find_own(session, user_id=person.id, token_id=token_id)
        tokens.rotate(
            session,
            actor_of(person),
            old,
            prefix="pat",
            overlap=timedelta(seconds=overlap),
            expires_at=None,
            now=now,
        )

    database.transaction(work)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"Living": 1, "Rotated": 2, "Stopped": 1}),
        ("?status=active", {"Living": 1, "Rotated": 2, "Stopped": 1}),
        ("?status=expired", {"Over": 1}),
        ("?status=revoked", {"Dead": 1, "Stopped": 1}),
        ("?status=all", {"Living": 1, "Rotated": 2, "Stopped": 1}),
        ("?status=", {"Living": 1, "Rotated": 2, "Stopped": 1}),
    ],
)
def test_the_filter_shows_the_tokens_of_one_status(bob, one_of_each, query, shown):
    found = names(bob.get(LIST + query))
    assert {name: found.count(name) for name in found} == shown


def test_the_chosen_filter_is_marked_and_keeps_the_search(bob):
    page = bob.get(f"{LIST}?status=expired&q=zap")
    marked = page.all("//nav[@aria-label='Status']//a[@aria-current='page']")
    assert [link.text_content().strip() for link in marked] == ["Expired"]
    assert page.links()["Revoked"] == f"{LIST}?status=revoked&q=zap"
    assert (page.hidden("status"), page.value("Search by name")) == ("expired", "zap")


def test_a_token_in_its_overlap_says_when_it_stops(bob, one_of_each):
    ends = texts(bob.get(LIST).all("//tbody//td[4]"))
    assert sorted(ends) == ["Never", "Never", "Never", "Stops in 59 minutes"]


@pytest.mark.parametrize(("status", "column"), [("active", "Expires"), ("expired", "Expired"), ("revoked", "Revoked")])
def test_the_list_says_when_a_token_ends_or_ended(bob, one_of_each, status, column):
    page = bob.get(f"{LIST}?status={status}")
    assert columns(page) == ["Name", "Token", "Access", "Created", column, "Last used"]
    if status != "active":
        assert cells(page)[column] == day(utc_now())


SEARCHES = {
    "zapier": ["Zapier: badge issuing"],
    "BADGE": ["Zapier: badge issuing"],
    "  badge ": ["Zapier: badge issuing"],
    "strasse": ["Große Straße"],
    "GROSSE STRAẞE": ["Große Straße"],
    "ΔΟΚΙΜΉ": ["Δοκιμή"],
    "ключ": ["КЛЮЧ"],
    "o\u0308": ["Öl"],
    "%": ["100 %_off\\"],
    "_": ["100 %_off\\"],
    "\\": ["100 %_off\\"],
    "/": ["a/b"],
}


@pytest.fixture
def named(database, cast):
    """Bob's tokens with names of all kinds."""
    for name in ("Zapier: badge issuing", "Große Straße", "Δοκιμή", "КЛЮЧ", "Öl", "100 %_off\\", "a/b"):
        make_token(database, cast.bob, name)


def test_asvs_v1_2_9_the_search_takes_every_character_as_itself(bob, named):
    assert {q: names(bob.get(LIST, query_string={"q": q})) for q in SEARCHES} == SEARCHES


def test_asvs_v1_2_9_a_search_that_means_nothing_finds_nothing(bob, named):
    for q in ("((((", "[", "' OR 1=1 --", "z%r", "%00", "x" * 3000, "\ufffd", "nothing"):
        page = bob.get(LIST, query_string={"q": q})
        assert (page.status, names(page)) == (200, []), q


def test_a_search_with_a_character_that_no_database_takes_is_answered(bob, named):
    assert names(bob.get(LIST + "?q=a/%00b")) == ["a/b"]


def test_an_empty_search_says_what_was_searched_for(database, cast, bob):
    make_token(database, cast.bob)
    page = bob.get(LIST, query_string={"q": "<b>nope</b>"})
    assert "None of your active tokens has “<b>nope</b>” in its name." in page.main
    assert page.links()["Show all"] == f"{LIST}?status=active"


def many(database, person, count):
    def work(session):
        for number in range(count):
            new = tokens.NewToken(
                kind=Kind.PERSONAL,
                prefix="pat",
                account_id=person.account_id,
                user_id=person.id,
                made_by_id=person.id,
                name=f"Token {number}",
                scopes=None,
                expires_at=None,
            )
            made = tokens.issue(session, actor_of(person), new, now=utc_now()).token
            if number >= 100:
                tokens.revoke(session, actor_of(person), made, now=utc_now())

    database.transaction(work)


def test_a_hundred_tokens_stand_on_one_page(database, cast, bob):
    many(database, cast.bob, 100)
    page = bob.get(LIST)
    assert len(names(page)) == 100
    assert "Older" not in page.links()
    # Pages are never compressed, and a first visit shall stay light.
    assert len(page.response.data) < 30_000


def test_more_revoked_ones_than_a_page_holds_are_reached_by_older(database, cast, bob):
    many(database, cast.bob, 205)
    first = bob.get(f"{LIST}?status=revoked&q=token")
    second = bob.get(first.links()["Older"])
    assert (len(names(first)), len(names(second))) == (100, 5)
    assert names(second)[-1] == "Token 100"
    assert "Older" not in second.links()


def test_a_page_that_cannot_be_is_the_first_one(database, cast, bob):
    make_token(database, cast.bob, "Zapier")
    for before in ("x", "-1", "0", "", "9" * 19, "9" * 30):
        assert names(bob.get(LIST, query_string={"before": before})) == ["Zapier"], before


NASTY = [
    '"><svg onload=alert(1)>',
    "{{7*7}}",
    "{% raw %}",
    "<script>alert(1)</script>",
    "' onfocus='x",
    "&lt;b&gt;",
    "${7*7}",
]


def test_asvs_v1_2_1_v1_3_7_ac_122_a_name_is_shown_as_it_is(database, cast, bob):
    ids = {name: make_token(database, cast.bob, name)[0] for name in NASTY}
    assert names(bob.get(LIST)) == NASTY[::-1]
    for name, token_id in ids.items():
        assert bob.get(one(token_id)).h1 == name
        assert bob.get(one(token_id, "rename")).value("Name") == name
        assert all(name in bob.get(one(token_id, page)).h1 for page in ("rename", "rotate", "revoke"))


def test_ac_122_a_name_is_shown_as_it_is_in_notices_and_on_the_created_page(bob):
    for name in NASTY:
        page = bob.get(NEW).submit("Create token", name=name)
        assert f"This is “{name}”." in page.main
        made = page.links()["Done, I have stored it"].partition("#token-")[2]
        assert f"“{name}” was revoked." in bob.get(one(int(made), "revoke")).submit("Revoke").follow().main


def test_ac_121_no_other_address_shows_the_pages(database, cast, bob, stranger):
    token_id, _ = make_token(database, cast.bob, "Zapier")
    for path in (NEW + ".css", LIST + ";.js", one(token_id) + ".css", one(token_id) + "/x.css", LIST + "/"):
        for browser in (bob, stranger):
            page = browser.get(path)
            assert (page.status, page.response.headers["Cache-Control"]) == (404, "no-store"), path
            assert "Zapier" not in page.text


@pytest.mark.parametrize("path", [LIST + "/0", LIST + "/-1", LIST + "/9223372036854775808", LIST + "/x", LIST + "/1.0"])
def test_an_id_that_cannot_be_is_a_page_that_is_not_there(bob, path):
    assert bob.get(path).status == 404


def test_looking_at_pages_changes_nothing(database, cast, bob):
    token_id, _ = make_token(database, cast.bob)
    before = vars(token(database, token_id)).copy()
    for path in (LIST, NEW, one(token_id), one(token_id, "rename"), one(token_id, "rotate"), one(token_id, "revoke")):
        assert bob.get(path).status == 200
    after = vars(token(database, token_id))
    assert {key: value for key, value in before.items() if key[0] != "_"} == {
        key: value for key, value in after.items() if key[0] != "_"
    }
