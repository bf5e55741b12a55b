"""Changing one's password: every session ends, this browser gets a new one, tokens if one wishes."""

import pytest

from portal.accounts.models import User
from portal.authentication.authenticator import Authenticator
from portal.authentication.refused import Refused
from portal.clock import utc_now
from portal.current import running_in
from portal.sign_in import service
from portal.sign_in.service import WrongPassword
from tests.accounts.log import actions, events, write_notes
from tests.builders import make_token
from tests.cast import PASSWORD, password_hash
from tests.sign_in.test_sign_in import sign_in
from tests.sign_in.test_sign_out import copy_of

NEW = "seven lanterns over the canal"


@pytest.fixture
def authenticate(app):
    """Who a secret calls as, found as the JSON API finds it."""
    running = running_in(app)
    authenticator = Authenticator(running.settings, running.database, running.recorder)
    return lambda secret: authenticator.authenticate(secret, address=None)


def change(browser, current=PASSWORD, new=NEW, **more):
    page = browser.get("/settings/security")
    return page.submit("Change password", current_password=current, new_password=new, **more)


def test_v6_2_2_the_page_is_in_the_navigation_and_at_the_well_known_address(bob, stranger):
    assert bob.get("/settings/profile").links()["Sign-in and security"] == "/settings/security"
    answer = stranger.get("/.well-known/change-password")
    assert (answer.status, answer.location) == (303, "/settings/security")


def test_v6_2_6_and_v6_2_7_the_fields_are_masked_and_known_to_password_managers(bob):
    page = bob.get("/settings/security")
    current, new = page.field("Current password"), page.field("New password")
    assert (current.get("type"), new.get("type")) == ("password", "password")
    assert (current.get("autocomplete"), new.get("autocomplete")) == ("current-password", "new-password")
    assert page.field("Revoke my personal tokens too").get("checked") is None


def test_the_new_password_signs_in_and_the_old_one_does_not(bob, stranger, cast):
    answer = change(bob)
    assert (answer.status, answer.location) == (303, "/settings/security")
    assert "Your password is changed" in answer.follow().main
    assert sign_in(stranger, cast.bob.email, PASSWORD).status == 422
    assert sign_in(stranger, cast.bob.email, NEW).status == 303


def test_ac_005_and_ac_008_every_cookie_from_before_is_dead(app, bob, cast, browser_of):
    copy, other = copy_of(app, bob), browser_of(cast.bob)
    change(bob)
    assert copy.get("/settings/profile").status == 303
    assert other.get("/settings/profile").status == 303
    assert bob.get("/settings/profile").status == 200


def test_ac_005_tokens_live_on_unless_one_ticks_the_box(authenticate, bob, cast, database):
    _, secret = make_token(database, cast.bob)
    change(bob)
    assert authenticate(secret).user_id == cast.bob.id


def test_ac_005_ticking_the_box_kills_all_ones_own_tokens(authenticate, bob, cast, database):
    secrets = [make_token(database, cast.bob, name)[1] for name in ("One", "Two")]
    assert "your personal tokens are revoked" in change(bob, revoke_tokens="y").follow().main
    for secret in secrets:
        with pytest.raises(Refused, match="revoked"):
            authenticate(secret)
    revoked = events(database, "token.revoked")
    assert [(event.target_name, event.detail) for event in revoked] == [
        ("One", "password changed"),
        ("Two", "password changed"),
    ]


def test_ac_005_the_tokens_of_others_live_on(authenticate, bob, cast, database):
    _, secret = make_token(database, cast.alice)
    change(bob, revoke_tokens="y")
    assert authenticate(secret).user_id == cast.alice.id


def test_the_change_is_recorded(bob, cast, database):
    change(bob)
    assert actions(database) == ["password.changed", "session.started"]
    event = events(database)[0]
    assert (event.actor_id, event.target_id, event.address) == (cast.bob.id, cast.bob.id, "127.0.0.1")


def test_v6_2_3_a_wrong_current_password_is_an_error_on_its_field(app, bob, database, cast):
    page = change(bob, current="a sentence that is wrong")
    assert page.status == 422
    assert page.errors() == ["Current password: That is not your current password."]
    assert page.value("New password") == ""
    write_notes(app)
    [event] = events(database)
    assert (event.action, event.outcome, event.detail) == ("password.changed", "refused", "wrong_password")


@pytest.mark.parametrize("limits", [""])
def test_v6_2_3_wrong_current_passwords_count_under_the_limits_of_signing_in(bob, stranger, cast):
    for _ in range(10):
        assert change(bob, current="a sentence that is wrong").status == 422
    refused = change(bob)
    assert refused.status == 429
    assert refused.response.headers["Retry-After"]
    assert sign_in(stranger, cast.bob.email, PASSWORD).status == 429


@pytest.mark.parametrize("current", ["", None])
def test_v6_2_3_the_current_password_must_be_given(bob, current):
    assert change(bob, current=current).errors() == ["Current password: Enter the current password."]


@pytest.mark.parametrize(
    ("new", "error"),
    [
        ("", "Enter the new password."),
        ("too short", "Use at least 15 characters."),
        ("x" * 2000, "Use at most 128 characters."),
        ("password12345678", "That password is on the lists"),
        ("bob@acme.example", "That password is mostly your name"),
    ],
)
def test_an_unfit_new_password_is_refused_in_words(bob, stranger, cast, new, error):
    page = change(bob, new=new)
    assert page.status == 422
    assert page.errors()[0].startswith(f"New password: {error}")
    assert sign_in(stranger, cast.bob.email, PASSWORD).status == 303


def test_ac_086_an_endless_new_password_is_refused_before_hashing(bob):
    assert change(bob, new="x" * 1_000_000).status == 413


def test_the_csrf_token_changes_with_the_session(bob):
    before = bob.csrf_token()
    change(bob)
    assert bob.csrf_token() != before


def test_a_password_changed_meanwhile_is_not_changed_again(database, cast, bob):
    with pytest.raises(WrongPassword):
        _change_in_service(database, cast.bob, verified_hash="an older hash")
    assert _hash_of(database, cast.bob) == password_hash()


def test_a_session_that_ended_meanwhile_changes_nothing(database, cast):
    with pytest.raises(WrongPassword):
        _change_in_service(database, cast.bob, verified_hash=password_hash(), end_first=True)
    assert _hash_of(database, cast.bob) == password_hash()


def _change_in_service(database, person, *, verified_hash, end_first=False):
    def start(session):
        claimed = service.find_claimed(session, person.email)
        return service.start(session, claimed, address=None, now=utc_now())

    signed_in = database.transaction(start)
    if end_first:
        database.transaction(lambda session: service.end(session, signed_in, address=None, now=utc_now()))
    database.transaction(
        lambda session: service.change_password(
            session,
            signed_in,
            verified_hash=verified_hash,
            password_hash="new",
            revoke_tokens=False,
            address=None,
            now=utc_now(),
        )
    )


def _hash_of(database, person):
    with database.reading() as session:
        return session.get_one(User, person.id).password_hash
