"""Signing in: who gets in, that refusals cannot be told apart, and what is recorded."""

import pytest
from argon2 import PasswordHasher

from portal.accounts.models import User, UserSession
from portal.audit import OPERATOR
from portal.clock import utc_now
from portal.members import service as members
from portal.sign_in import service
from tests.accounts.log import actions, events, write_notes
from tests.cast import PASSWORD, password_hash
from tests.page import Browser

WRONG = "a sentence that is wrong"
SAID = ["Password: The email address or the password is wrong. Check both and try again."]


def sign_in(browser, email, password, path="/sign-in"):
    return browser.get(path).submit("Sign in", email=email, password=password)


def deactivate(database, person):
    database.transaction(lambda session: members.deactivate(session, OPERATOR, email=person.email, now=utc_now()))


@pytest.fixture
def verified(monkeypatch):
    """The hashes that were verified: Argon2's own verb is counted."""
    hashes = []
    verify = PasswordHasher.verify

    def counted(hasher, password_hash, password):
        hashes.append(password_hash)
        return verify(hasher, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    return hashes


def test_the_page_asks_for_what_password_managers_know(stranger):
    page = stranger.get("/sign-in")
    assert page.h1 == "Sign in"
    assert page.field("Email address").get("autocomplete") == "username"
    assert page.field("Password").get("autocomplete") == "current-password"
    assert page.field("Password").get("type") == "password"


def test_the_right_password_signs_in_and_leads_to_the_tokens(stranger, cast, database):
    answer = sign_in(stranger, cast.bob.email, cast.bob.password)
    assert (answer.status, answer.location) == (303, "/settings/tokens")
    assert "Bob" in stranger.get("/settings/profile").text
    [event] = events(database)
    assert (event.action, event.outcome, event.actor_id) == ("session.started", "done", cast.bob.id)
    assert (event.account_id, event.address) == (cast.bob.account_id, "127.0.0.1")


@pytest.mark.parametrize("typed", ["BOB@acme.example", "  bob@ACME.example ", "ｂob@acme.example"])
def test_ac_080_any_spelling_of_ones_address_signs_in(stranger, cast, typed):
    assert sign_in(stranger, typed, PASSWORD).status == 303


def test_ac_079_an_address_that_only_looks_alike_is_another_one(stranger, cast, database):
    assert sign_in(stranger, "bób@acme.example", PASSWORD).errors() == SAID
    assert sign_in(stranger, "ьob@acme.example", PASSWORD).errors() == SAID


def test_what_was_typed_is_kept_but_the_password(stranger, cast):
    page = sign_in(stranger, "BOB@acme.example", WRONG)
    assert page.value("Email address") == "BOB@acme.example"
    assert page.value("Password") == ""
    assert WRONG not in page.response.get_data(as_text=True)


def test_unknown_inactive_and_wrong_cannot_be_told_apart(stranger, cast, database):
    deactivate(database, cast.adam)
    tries = [("nobody@acme.example", PASSWORD), (cast.adam.email, PASSWORD), (cast.bob.email, WRONG)]
    pages = [sign_in(stranger, email, password) for email, password in tries]
    assert [page.status for page in pages] == [422, 422, 422]
    assert [page.errors() for page in pages] == [SAID] * 3
    assert len({page.main for page in pages}) == 1
    assert len({tuple(sorted(page.response.headers.keys())) for page in pages}) == 1


def test_ac_082_one_hash_is_verified_whoever_asks(stranger, cast, database, verified):
    deactivate(database, cast.adam)
    sent = stranger.get("/sign-in")
    for email, password in [
        ("nobody@acme.example", WRONG),
        (cast.adam.email, PASSWORD),
        (cast.bob.email, WRONG),
        (cast.bob.email, PASSWORD),
    ]:
        verified.clear()
        sent.submit("Sign in", email=email, password=password)
        assert len(verified) == 1
        assert "m=19456,t=2,p=1" in verified[0]


def test_ac_082_nothing_is_written_before_the_answer(app, stranger, cast, database):
    before = len(events(database))
    for email in ("nobody@acme.example", cast.bob.email):
        sign_in(stranger, email, WRONG)
        assert len(events(database)) == before
    write_notes(app)
    assert len(events(database)) == before + 1


def test_a_wrong_password_is_recorded_for_the_person_it_was_tried_on(app, stranger, cast, database):
    for _ in range(3):
        sign_in(stranger, cast.bob.email, WRONG)
    write_notes(app)
    rows = events(database, "session.refused")
    assert {(row.outcome, row.actor_id, row.detail, row.address) for row in rows} == {
        ("refused", cast.bob.id, "wrong_password", "127.0.0.1")
    }
    assert sum(row.count for row in rows) == 3


def test_a_deactivated_person_who_tries_is_recorded(app, stranger, cast, database):
    deactivate(database, cast.adam)
    sign_in(stranger, cast.adam.email, PASSWORD)
    write_notes(app)
    [row] = events(database, "session.refused")
    assert row.detail == "user_inactive"


def test_strangers_leave_no_trace(app, stranger, database):
    sign_in(stranger, "nobody@acme.example", WRONG)
    write_notes(app)
    assert actions(database) == []


@pytest.mark.parametrize(
    ("email", "password"),
    [(" ", ""), ("", ""), ("\u00a0", " "), ("bob", WRONG), ("x" * 3000, WRONG), ("b\u0000b@acme.example", WRONG)],
)
def test_ac_115_empty_and_odd_fields_are_answered_in_words(stranger, cast, email, password):
    page = sign_in(stranger, email, password)
    assert page.status == 422
    assert page.errors()


def test_ac_115_a_field_that_is_missing_or_sent_twice_is_answered_in_words(stranger, cast):
    page = stranger.get("/sign-in")
    assert page.submit("Sign in", email=None, password=None).status == 422
    twice = page.submit("Sign in", email=[cast.bob.email, cast.alice.email], password=PASSWORD)
    assert twice.status == 422
    assert "Email address: Send one value only." in twice.errors()


def test_ac_086_a_very_long_password_costs_no_hash(stranger, cast, verified):
    assert sign_in(stranger, cast.bob.email, "x" * 50_000).status == 422
    assert sign_in(stranger, cast.bob.email, "x" * 1_000_000).status == 413
    assert verified == []


def test_no_row_before_sign_in_and_one_after(stranger, cast, database):
    sign_in(stranger, cast.bob.email, WRONG)
    with database.reading() as session:
        assert session.query(UserSession).count() == 0
    sign_in(stranger, cast.bob.email, PASSWORD)
    with database.reading() as session:
        assert session.query(UserSession).count() == 1


def test_whoever_is_signed_in_is_sent_on(bob):
    assert bob.get("/sign-in").location == "/settings/tokens"
    assert bob.get("/sign-in?next=/settings/profile").location == "/settings/profile"


def test_ac_052_nothing_of_the_person_before_survives(stranger, cast):
    seen = []
    for person in (cast.alice, cast.bob):
        page = stranger.get("/sign-in")
        sign_in_answer = page.submit("Sign in", email=person.email, password=person.password)
        assert sign_in_answer.status == 303
        profile = stranger.get("/settings/profile")
        seen += [stranger.client.get_cookie("session").value, page.hidden("csrf_token"), profile.hidden("csrf_token")]
        profile.submit("Save", name=f"{person.name} Again")
        stranger.get("/sign-in") if person is cast.bob else stranger.post("/sign-out", {"csrf_token": seen[-1]})
    assert len(set(seen)) == 6
    assert "Alice" not in stranger.get("/settings/security").text


def test_v7_2_4_signing_in_as_somebody_else_ends_the_former_session(app, alice, cast, database):
    copied = alice.client.get_cookie("session").value
    token = alice.csrf_token()
    answer = alice.post("/sign-in", {"csrf_token": token, "email": cast.charlie.email, "password": PASSWORD})
    assert answer.status == 303
    assert "Charlie" in alice.get("/settings/profile").text
    client = app.test_client()
    client.set_cookie("session", copied, domain="localhost")
    assert Browser(client).get("/settings/profile").status == 303
    assert actions(database) == ["session.ended", "session.started"]


def test_v7_6_2_signing_in_needs_the_token_of_this_browser(stranger, cast):
    stranger.get("/sign-in")
    assert stranger.post("/sign-in", {"email": cast.bob.email, "password": PASSWORD}).status == 400
    assert stranger.get("/settings/profile").status == 303


def test_an_outdated_hash_is_replaced_when_its_password_is_known(stranger, cast, database):
    weaker = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    _set_hash(database, cast.bob, weaker)
    assert sign_in(stranger, cast.bob.email, PASSWORD).status == 303
    with database.reading() as session:
        stronger = session.get_one(User, cast.bob.id).password_hash
    assert "m=19456,t=2,p=1" in stronger
    assert sign_in(Browser(stranger.client.application.test_client()), cast.bob.email, PASSWORD).status == 303


def test_a_person_deactivated_while_the_password_is_checked_is_refused(stranger, cast, database, monkeypatch):
    _meanwhile(monkeypatch, lambda: deactivate(database, cast.bob))
    page = sign_in(stranger, cast.bob.email, PASSWORD)
    assert (page.status, page.errors()) == (422, SAID)
    assert "session.started" not in actions(database)


def test_a_password_changed_while_the_old_one_is_checked_refuses_it(stranger, cast, database, monkeypatch):
    _meanwhile(monkeypatch, lambda: _set_hash(database, cast.bob, "changed"))
    page = sign_in(stranger, cast.bob.email, PASSWORD)
    assert (page.status, page.errors()) == (422, SAID)


def test_a_person_who_was_let_in_again_signs_in(stranger, cast, database):
    deactivate(database, cast.bob)
    database.transaction(lambda session: members.reactivate(session, OPERATOR, email=cast.bob.email, now=utc_now()))
    assert sign_in(stranger, cast.bob.email, PASSWORD).status == 303


def test_the_operator_sets_a_password_and_every_session_ends(stranger, bob, cast, database):
    other = PasswordHasher().hash("another sentence altogether")
    database.transaction(
        lambda session: service.set_password(
            session, OPERATOR, email=cast.bob.email, password_hash=other, now=utc_now()
        )
    )
    assert bob.get("/settings/profile").status == 303
    assert sign_in(stranger, cast.bob.email, PASSWORD).status == 422
    assert sign_in(stranger, cast.bob.email, "another sentence altogether").status == 303
    event = events(database, "password.changed")[0]
    assert (event.actor_kind, event.target_id, event.account_id) == ("operator", cast.bob.id, cast.bob.account_id)


def test_what_is_known_of_a_person_hides_the_hash(database, cast):
    with database.reading() as session:
        claimed = service.find_claimed(session, cast.bob.email)
    assert claimed.password_hash == password_hash()
    assert password_hash() not in repr(claimed)


def _set_hash(database, person, password_hash):
    def work(session):
        session.get_one(User, person.id).password_hash = password_hash

    database.transaction(work)


def _meanwhile(monkeypatch, happen):
    """Lets something happen between the look at the person and the end of the hash."""
    verify = PasswordHasher.verify

    def verify_and_more(hasher, password_hash, password):
        is_right = verify(hasher, password_hash, password)
        happen()
        return is_right

    monkeypatch.setattr(PasswordHasher, "verify", verify_and_more)
