"""The two pages of the security log: what is on them, for whom, and how one turns them."""

import pytest
from sqlalchemy import event as sqlalchemy_event

from portal.accounts.service import lock_account
from portal.audit import OPERATOR, Action, Actor, ActorKind, Outcome, Target, record
from portal.clock import utc_now
from portal.tokens import service as tokens
from tests.builders import actor_of, ago, make_account_token, make_token

PAGES = ["/settings/activity", "/account/activity"]


@pytest.fixture
def log(database):
    """Adds one event to somebody's account."""

    def add(person, action=Action.SESSION_STARTED, *, actor=None, **more):
        def work(session):
            lock_account(session, person.account_id)
            more.setdefault("now", utc_now())
            record(session, action, actor or actor_of(person), account_id=person.account_id, **more)

        database.transaction(work)

    return add


def rows(page):
    return [" ".join(row.text_content().split()) for row in page.all("//ol[@class='timeline']/li")]


def test_a_made_token_is_on_ones_own_page(bob, cast, database):
    make_token(database, cast.bob, "Zapier")

    (row,) = rows(bob.get("/settings/activity"))

    assert row.startswith("Bob made the personal access token “Zapier” just now")
    assert "token pat_" in row


def test_what_others_did_is_not_on_ones_own_page(bob, cast, database, log):
    make_token(database, cast.adam, "Jira")
    log(cast.alice)

    assert rows(bob.get("/settings/activity")) == []


def test_what_was_done_to_somebody_is_on_their_own_page(bob, cast, log):
    log(cast.alice, Action.USER_REACTIVATED, target=Target("user", cast.bob.id, "Bob"))

    (row,) = rows(bob.get("/settings/activity"))

    assert row.startswith("Alice reactivated Bob")


def test_what_was_done_to_ones_token_is_on_ones_own_page(bob, cast, database):
    token_id, _ = make_token(database, cast.bob, "Zapier")

    def revoke(session):
        token = tokens.find_own(session, user_id=cast.bob.id, token_id=token_id)
        tokens.revoke(session, OPERATOR, token, now=utc_now(), detail="found in a public repository")

    database.transaction(revoke)

    assert rows(bob.get("/settings/activity"))[0].startswith(
        "Operator revoked the personal access token “Zapier” Found in a public repository"
    )


def test_the_account_token_is_nobodys_own(alice, cast, database, log):
    token_id, _ = make_account_token(database, cast.alice)
    account = Actor(kind=ActorKind.ACCOUNT, account_id=cast.alice.account_id, id=cast.alice.account_id, name="Acme")
    log(cast.alice, Action.CALL_REFUSED, actor=account, token_id=token_id, outcome=Outcome.REFUSED)

    assert len(rows(alice.get("/settings/activity"))) == 1
    assert len(rows(alice.get("/account/activity"))) == 2


def test_an_actor_with_ones_number_but_of_another_kind_is_not_oneself(bob, cast, log):
    namesake = Actor(kind=ActorKind.SERVICE, account_id=None, id=cast.bob.id, name="Gateway")
    log(cast.alice, Action.CALL_REFUSED, actor=namesake)

    assert rows(bob.get("/settings/activity")) == []


@pytest.mark.parametrize("who", ["alice", "adam"])
def test_owners_and_admins_see_all_of_the_account(who, request, cast, log):
    for person in (cast.alice, cast.adam, cast.bob):
        log(person)

    page = request.getfixturevalue(who).get("/account/activity")

    assert [row.split(" just now")[0] for row in rows(page)] == ["Bob signed in", "Adam signed in", "Alice signed in"]


def test_a_member_does_not_see_the_account(bob):
    assert bob.get("/account/activity").status == 403


def test_another_account_stays_out_of_sight(charlie, cast, database, log):
    make_token(database, cast.bob)
    log(cast.alice, Action.USER_RENAMED, target=Target("user", cast.charlie.id, "Charlie"))

    assert [rows(charlie.get(path)) for path in PAGES] == [[], []]


def test_a_stranger_is_asked_to_sign_in(stranger):
    assert [stranger.get(path).status for path in PAGES] == [303, 303]


def test_a_refusal_says_so_in_words_with_its_reason_and_count(bob, cast, log):
    caller = Actor(ActorKind.USER, cast.bob.account_id, cast.bob.id, "Bob", address="203.0.113.7")
    log(cast.bob, Action.CALL_REFUSED, actor=caller, outcome=Outcome.REFUSED, detail="forbidden", count=3)

    (row,) = rows(bob.get("/settings/activity"))

    assert "Bob made a call that was refused Refused 3 times" in row
    assert "The token is good, but not for this call." in row
    assert "from 203.0.113.7" in row


def test_a_reason_that_is_no_problem_is_shown_as_it_is(bob, cast, log):
    log(cast.bob, Action.CALL_REFUSED, outcome=Outcome.REFUSED, detail="outside of office hours")

    assert "Outside of office hours" in rows(bob.get("/settings/activity"))[0]


def test_a_refused_sign_in_says_why(bob, cast, log):
    log(cast.bob, Action.SESSION_REFUSED, outcome=Outcome.REFUSED, detail="wrong_password")

    assert "Signing in as Bob was refused Refused The password was wrong." in rows(bob.get("/settings/activity"))[0]


def test_an_event_of_a_newer_version_opens(bob, cast, log):
    log(cast.bob, "policy.changed")

    assert rows(bob.get("/settings/activity"))[0].startswith("Bob: policy.changed just now")


def test_names_cannot_bring_markup_along(alice, cast, log):
    log(cast.alice, Action.TOKEN_CREATED, target=Target("token", 1, "<script>alert(1)</script>"))

    page = alice.get("/account/activity")

    assert "<script>alert(1)</script>" in page.main
    assert not page.all("//main//script")


def test_the_time_is_exact_for_those_who_look(bob, cast, log):
    log(cast.bob, now=ago(hours=3))

    (time,) = bob.get("/settings/activity").all("//ol[@class='timeline']//time")

    assert time.text == "3 hours ago"
    assert time.get("datetime").endswith("Z")


@pytest.mark.parametrize("path", PAGES)
def test_an_empty_log_says_so(path, alice):
    page = alice.get(path)

    assert "Nothing has happened yet" in page.main
    assert not page.all("//nav[@class='pagination']")


@pytest.fixture
def long_log(database, cast):
    """120 events of Alice, the first with the detail 1."""

    def work(session):
        lock_account(session, cast.alice.account_id)
        for number in range(1, 121):
            record(
                session,
                Action.STATEMENT_AGREED,
                actor_of(cast.alice),
                account_id=cast.alice.account_id,
                now=utc_now(),
                detail=f"No. {number}.",
            )
            session.flush()

    database.transaction(work)


def numbers(page):
    return [int(remark.text.strip("No. ")) for remark in page.all("//p[@class='timeline__remark']")]


@pytest.mark.parametrize("path", PAGES)
def test_fifty_on_a_page_newest_first(path, alice, long_log):
    page = alice.get(path)

    assert numbers(page) == list(range(120, 70, -1))
    assert "Newer" not in page.links()


def test_turning_the_pages_to_the_end_and_back(alice, long_log):
    first = alice.get("/account/activity")
    second = alice.get(first.links()["Older"])
    third = alice.get(second.links()["Older"])
    back = alice.get(third.links()["Newer"])

    assert [numbers(page)[0] for page in (first, second, third)] == [120, 70, 20]
    assert "Older" not in third.links()
    assert numbers(back) == numbers(second)
    assert "Newer" in back.links()


def test_back_at_the_newest_there_is_no_newer(alice, long_log):
    second = alice.get(alice.get("/account/activity").links()["Older"])

    first = alice.get(second.links()["Newer"])

    assert numbers(first)[0] == 120
    assert "Newer" not in first.links()


def test_beyond_the_end_the_way_back_is_shown(alice, long_log):
    page = alice.get("/account/activity?before=1")

    assert "There is nothing more here." in page.main
    assert page.links()["Go to the newest"] == "/account/activity"


@pytest.mark.parametrize("bent", ["abc", "-1", "", "1e3", "²", "9" * 18 + "9" * 30, str(2**63), "1;--"])
@pytest.mark.parametrize("name", ["before", "after"])
def test_a_bent_link_opens_the_newest_page(bent, name, alice, long_log):
    page = alice.get("/account/activity", query_string={name: bent})

    assert numbers(page)[0] == 120


@pytest.mark.parametrize("path", PAGES)
def test_a_full_page_asks_the_database_no_more_than_an_empty_one(path, alice, cast, database):
    def statements():
        asked = []
        listen = (database.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
        sqlalchemy_event.listen(*listen)
        alice.get(path)
        sqlalchemy_event.remove(*listen)
        return len(asked)

    before = statements()
    for number in range(5):
        make_token(database, cast.alice, f"Token {number}")

    assert statements() == before


@pytest.mark.parametrize("path", PAGES)
def test_looking_changes_nothing(path, alice, cast, database, log):
    log(cast.alice)

    assert rows(alice.get(path)) == rows(alice.get(path))
