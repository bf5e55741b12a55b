"""Rotating: a new secret for the same use, and an old one that stops when it was told to."""

from datetime import UTC, datetime, time, timedelta

import pytest

from portal.audit import Action
from portal.clock import utc_now
from portal.tokens.models import Status
from tests.builders import ago, ahead, make_token
from tests.page import path_of
from tests.personal_tokens.steps import NAME, create, events, nonces, one, token, tokens_of, works
from tests.personal_tokens.test_one_token import details


@pytest.fixture
def zapier(database, cast) -> tuple[int, str]:
    """Bob's one token: id and secret."""
    return make_token(database, cast.bob, NAME, scopes=("tokens:read",), expires_at=ahead(days=30))


def rotate(browser, token_id: int, **fields):
    return browser.get(one(token_id, "rotate")).submit("Rotate token", **fields)


def test_the_form_offers_what_the_contract_says(bob, zapier):
    page = bob.get(one(zapier[0], "rotate"))
    fields = {set_.xpath("./legend")[0].text: set_.xpath(".//label") for set_ in page.all("//main//fieldset")}
    labels = {legend: [label.text_content().strip() for label in found] for legend, found in fields.items()}
    assert labels["Stop the old token"] == ["Now", "In 1 hour", "In 24 hours", "In 7 days"]
    assert labels["Expires"][:2] == ["Keep as it is", "30 days"]
    assert page.field("In 1 hour").get("checked") is not None
    assert page.field("Keep as it is").get("checked") is not None


def test_rotating_shows_a_new_secret_of_the_same_name_and_access(app, database, cast, bob, zapier):
    page = rotate(bob, zapier[0])
    secret = page.value("Personal access token")
    old, new = tokens_of(database, cast.bob)
    assert (page.status, page.h1) == (200, "Copy your personal access token now")
    assert works(app, secret)
    assert secret != zapier[1]
    assert (new.name, new.scopes, new.expires_at) == (old.name, old.scopes, old.expires_at)
    assert new.id != old.id


def test_the_old_token_works_on_for_an_hour_unless_told_otherwise(app, database, bob, zapier):
    page = rotate(bob, zapier[0])
    old = token(database, zapier[0])
    assert old.stops_at - old.superseded_at == timedelta(hours=1)
    assert works(app, zapier[1])
    assert f"The old token {zapier[1][:12]}… works until" in page.main


@pytest.mark.parametrize(("overlap", "length"), [("86400", timedelta(days=1)), ("604800", timedelta(days=7))])
def test_the_chosen_overlap_is_kept(database, bob, zapier, overlap, length):
    rotate(bob, zapier[0], overlap=overlap)
    old = token(database, zapier[0])
    assert old.stops_at - old.superseded_at == length


def test_rotating_now_makes_the_old_secret_useless(app, database, bob, zapier):
    page = rotate(bob, zapier[0], overlap="0")
    assert not works(app, zapier[1])
    assert works(app, page.value("Personal access token"))
    assert "no longer works" in page.main
    assert token(database, zapier[0]).revoked_at is not None


def test_the_old_token_never_outlives_its_own_end(database, cast, bob):
    ends = ahead(hours=2)
    token_id, _ = make_token(database, cast.bob, expires_at=ends)
    rotate(bob, token_id, overlap="604800", expires="never")
    assert token(database, token_id).stops_at == ends


def test_a_new_end_may_be_chosen(database, cast, bob, zapier):
    rotate(bob, zapier[0], expires="365")
    new = tokens_of(database, cast.bob)[1]
    assert new.expires_at - new.created_at == timedelta(days=365)


def test_a_token_that_ends_may_become_one_that_never_does(database, cast, bob, zapier):
    rotate(bob, zapier[0], expires="never")
    assert tokens_of(database, cast.bob)[1].expires_at is None


def test_the_new_end_may_be_a_date(database, cast, bob, zapier):
    day = ahead(days=100).date()
    rotate(bob, zapier[0], expires="date", date=day.isoformat())
    assert tokens_of(database, cast.bob)[1].expires_at == datetime.combine(day, time.max, UTC)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"overlap": "1"}, "Stop the old token: Choose one of these."),
        ({"overlap": "-1"}, "Stop the old token: Choose one of these."),
        ({"expires": "31"}, "Expires: Choose one of these."),
        ({"expires": "date", "date": "2020-01-01"}, "Date: This day is over. Choose today or a later one."),
    ],
)
def test_a_form_that_cannot_be_changes_nothing_and_can_be_sent_again(database, cast, bob, zapier, fields, error):
    page = rotate(bob, zapier[0], **fields)
    assert (page.status, page.errors()) == (422, [error])
    assert (len(tokens_of(database, cast.bob)), nonces(database)) == (1, [])
    assert page.submit("Rotate token", overlap="0", expires="30").status == 200


def test_a_form_without_its_nonce_changes_nothing_and_can_be_sent_again(database, cast, bob, zapier):
    page = rotate(bob, zapier[0], nonce=None)
    assert page.status == 422
    assert page.errors() == ["This form was incomplete. Nothing was made. Send it again."]
    assert page.submit("Rotate token").status == 200
    assert len(tokens_of(database, cast.bob)) == 2


@pytest.mark.parametrize("overlap", ["0", "3600"])
def test_sending_the_form_twice_rotates_once(app, database, cast, bob, zapier, overlap):
    form = bob.get(one(zapier[0], "rotate"))
    secret = form.submit("Rotate token", overlap=overlap).value("Personal access token")
    again = form.submit("Rotate token", overlap=overlap)
    _, new = tokens_of(database, cast.bob)
    assert (again.status, path_of(again.location)) == (303, one(new.id))
    assert "already created, it cannot be shown again" in again.follow().main
    assert works(app, secret)
    assert len(events(database, Action.TOKEN_ROTATED)) == 1


def test_rotating_is_recorded(database, cast, bob, zapier):
    rotate(bob, zapier[0])
    (event,) = events(database, Action.TOKEN_ROTATED)
    new = tokens_of(database, cast.bob)[1]
    assert (event.actor_id, event.token_id) == (cast.bob.id, zapier[0])
    assert event.detail == f"replaced by {new.hint}"


def test_both_pages_lead_to_each_other_during_the_overlap(database, cast, bob, zapier):
    rotate(bob, zapier[0])
    old, new = tokens_of(database, cast.bob)
    of_old, of_new = bob.get(one(old.id)), bob.get(one(new.id))
    assert of_old.links()[new.hint] == one(new.id)
    assert details(of_old)["Status"].startswith("Stops in")
    assert "Rotate" not in of_old.links()
    assert "works until" in details(of_new)["Replaces"]


def test_a_replaced_token_cannot_be_rotated_and_its_page_leads_to_the_newer_one(database, cast, bob, zapier):
    form = bob.get(one(zapier[0], "rotate"))
    rotate(bob, zapier[0])
    new = tokens_of(database, cast.bob)[1]
    for page in (bob.get(one(zapier[0], "rotate")), form.submit("Rotate token", nonce="n" * 22)):
        assert (page.status, page.h1) == (409, "This token was already replaced")
        assert page.links()["Go to the newer token"] == one(new.id)
    assert len(tokens_of(database, cast.bob)) == 2


def test_rotating_again_stops_the_older_one_at_once(app, database, cast, bob, zapier):
    second = rotate(bob, zapier[0], overlap="604800").value("Personal access token")
    new = tokens_of(database, cast.bob)[1]
    page = bob.get(one(new.id, "rotate"))
    assert "It stops at once when you rotate." in page.main
    page.submit("Rotate token", overlap="604800")
    assert (works(app, zapier[1]), works(app, second)) == (False, True)
    assert [event.token_id for event in events(database, Action.TOKEN_STOPPED)] == [zapier[0]]


def test_revoking_the_new_token_stops_the_old_one_too_and_says_so(app, database, cast, bob, zapier):
    secret = rotate(bob, zapier[0]).value("Personal access token")
    new = tokens_of(database, cast.bob)[1]
    page = bob.get(one(new.id, "revoke"))
    assert f"The token that this one replaces, {zapier[1][:12]}…, still works" in page.main
    page.submit("Revoke")
    assert (works(app, zapier[1]), works(app, secret)) == (False, False)


def test_revoking_the_old_token_leaves_the_new_one_and_says_so(app, database, cast, bob, zapier):
    secret = rotate(bob, zapier[0]).value("Personal access token")
    page = bob.get(one(zapier[0], "revoke"))
    assert "which replaces this one, goes on working" in page.main
    page.submit("Revoke")
    assert (works(app, zapier[1]), works(app, secret)) == (False, True)


def test_a_stopped_token_is_shown_as_revoked(database, cast, bob, zapier):
    rotate(bob, zapier[0])
    move_stop_to_the_past(database, zapier[0])
    page = bob.get(one(zapier[0]))
    assert details(page)["Status"] == "Revoked"
    assert bob.get(one(zapier[0], "rotate")).status == 303


def test_an_expired_token_is_rotated_with_a_new_end(app, database, cast, bob):
    token_id, secret = make_token(database, cast.bob, expires_at=ago(days=3))
    form = bob.get(one(token_id, "rotate"))
    assert "has expired, so nothing can be using it any more" in form.main
    page = form.submit("Rotate token")
    old, new = tokens_of(database, cast.bob)
    assert works(app, page.value("Personal access token"))
    assert not works(app, secret)
    assert new.expires_at - new.created_at == timedelta(days=90)
    assert old.status(utc_now()) is Status.REVOKED


def test_an_expired_tokens_end_cannot_be_kept(database, cast, bob):
    token_id, _ = make_token(database, cast.bob, expires_at=ago(days=3))
    page = rotate(bob, token_id, expires="keep")
    assert (page.status, page.errors()) == (422, ["Expires: Choose one of these."])
    assert len(tokens_of(database, cast.bob)) == 1


def test_sending_the_form_of_an_expired_token_twice_rotates_once(database, cast, bob):
    token_id, _ = make_token(database, cast.bob, expires_at=ago(days=3))
    form = bob.get(one(token_id, "rotate"))
    form.submit("Rotate token")
    assert "already created" in form.submit("Rotate token").follow().main
    assert len(tokens_of(database, cast.bob)) == 2


def test_a_name_that_went_to_another_token_must_be_settled_first(database, cast, bob, zapier):
    rotate(bob, zapier[0])
    new = tokens_of(database, cast.bob)[1]
    database.transaction(lambda session: setattr(session.get_one(type(new), new.id), "revoked_at", utc_now()))
    create(bob, NAME)
    page = rotate(bob, zapier[0])
    assert page.status == 409
    assert page.errors()[0].startswith("That name is used by another of your tokens.")
    assert len(tokens_of(database, cast.bob)) == 3


def test_a_second_rotation_never_lengthens_the_overlap(database, cast, bob, zapier):
    rotate(bob, zapier[0], overlap="3600")
    new, stops_at = tokens_of(database, cast.bob)[1], token(database, zapier[0]).stops_at
    database.transaction(lambda session: setattr(session.get_one(type(new), new.id), "revoked_at", utc_now()))
    assert rotate(bob, zapier[0], overlap="604800").status == 200
    assert token(database, zapier[0]).stops_at == stops_at


def move_stop_to_the_past(database, token_id):
    old = token(database, token_id)
    database.transaction(lambda session: setattr(session.get_one(type(old), token_id), "stops_at", utc_now()))
