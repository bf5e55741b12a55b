"""Signing out: the row ends, so a copy of the cookie is dead."""

from portal.accounts.models import User
from portal.accounts.sessions import begin_session
from portal.clock import utc_now
from portal.sign_in import service
from tests.accounts.log import events
from tests.page import Browser


def sign_out(browser):
    return browser.get("/settings/profile").submit("Sign out")


def copy_of(app, browser):
    """Another browser with the same cookie."""
    client = app.test_client()
    client.set_cookie("session", browser.client.get_cookie("session").value, domain="localhost")
    return Browser(client)


def test_signing_out_leads_to_sign_in_and_clears_the_browser(bob):
    answer = sign_out(bob)
    assert (answer.status, answer.location) == (303, "/sign-in")
    assert answer.response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert answer.response.headers["Set-Cookie"].startswith("session=; Expires=Thu, 01 Jan 1970")
    assert bob.client.get_cookie("session") is None
    assert bob.get("/settings/profile").status == 303


def test_ac_007_a_copied_cookie_is_dead_after_signing_out(app, bob):
    copy = copy_of(app, bob)
    assert copy.get("/settings/profile").status == 200
    sign_out(bob)
    assert copy.get("/settings/profile").location == "/sign-in?next=/settings/profile"


def test_another_browser_of_the_person_stays_signed_in(bob, cast, browser_of):
    other = browser_of(cast.bob)
    sign_out(bob)
    assert other.get("/settings/profile").status == 200


def test_signing_out_is_recorded_once(bob, cast, database):
    token = bob.csrf_token()
    sign_out(bob)
    assert bob.post("/sign-out", {"csrf_token": token}).status == 303
    [event] = events(database)
    assert (event.action, event.actor_id, event.address) == ("session.ended", cast.bob.id, "127.0.0.1")


def test_a_session_that_was_ended_by_another_tab_is_ended_once(cast, database):
    person = database.transaction(
        lambda session: begin_session(session, session.get_one(User, cast.bob.id), address=None, now=utc_now())
    )
    for _ in range(2):
        database.transaction(lambda session: service.end(session, person, address=None, now=utc_now()))
    assert len(events(database, "session.ended")) == 1


def test_signing_out_needs_a_post_with_its_token(bob):
    assert bob.get("/sign-out").status == 405
    assert bob.post("/sign-out").status == 400
    assert bob.get("/settings/profile").status == 200
