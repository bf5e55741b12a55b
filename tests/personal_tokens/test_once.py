"""A token is made once for each form, wholly or not at all."""

from datetime import timedelta

import pytest
from flask import before_render_template

from portal.accounts.models import Role, User
from portal.audit import Action
from portal.clock import utc_now
from portal.errors import NotAllowed
from portal.personal_tokens import service
from portal.tokens.models import Token
from portal.tokens.nonces import FormOnce, make_nonce
from tests.builders import actor_of, make_token
from tests.conftest import settings_for
from tests.page import Browser, path_of
from tests.personal_tokens.steps import NAME, NEW, create, events, nonces, one, token, tokens_of, works


class PageFault(Exception):
    """Stands for any fault while the page that shows the secret is made."""


@pytest.fixture
def broken_page(app):
    """The page that shows a secret cannot be made."""

    def fail(sender, template, **more):
        if template.name == "personal_tokens/created.html":
            raise PageFault

    with before_render_template.connected_to(fail, app):
        yield


def make(session, person, *, once=None, name=NAME):
    """The verb itself, for tests that need the transaction in their own hands."""
    return service.create(
        session,
        actor_of(person),
        name=name,
        scopes=None,
        expires_at=None,
        prefix="pat",
        most=100,
        once=once,
        now=utc_now(),
    )


def test_ac_118_reloading_makes_no_second_token_and_shows_none(database, cast, bob):
    form = bob.get(NEW)
    secret = form.submit("Create token", name=NAME).value("Personal access token")
    again = form.submit("Create token", name=NAME)
    (made,) = tokens_of(database, cast.bob)
    assert (again.status, path_of(again.location)) == (303, one(made.id))
    assert secret not in again.follow().response.get_data(as_text=True)


def test_ac_118_the_second_answer_says_why_and_how_to_go_on(bob):
    form = bob.get(NEW)
    form.submit("Create token", name=NAME)
    page = form.submit("Create token", name=NAME).follow()
    assert f"“{NAME}” was already created, it cannot be shown again." in page.main
    assert {"Rotate", "Revoke"} <= set(page.links())


def test_ac_119_a_used_form_with_another_name_is_told_not_dropped(database, cast, bob):
    form = bob.get(NEW)
    form.submit("Create token", name=NAME)
    page = form.submit("Create token", name="Another").follow()
    assert f"“{NAME}” was already created" in page.main
    assert "For another token, open a new form." in page.main
    assert len(tokens_of(database, cast.bob)) == 1


def test_the_notice_is_shown_once(bob):
    form = bob.get(NEW)
    form.submit("Create token", name=NAME)
    page = form.submit("Create token", name=NAME).follow()
    assert "already created" not in bob.get(page.response.request.path).main


def test_a_form_used_before_leads_to_its_token_even_when_that_is_revoked(bob):
    form = bob.get(NEW)
    form.submit("Create token", name=NAME)
    first = form.submit("Create token", name=NAME).location
    bob.get(first + "/revoke").submit("Revoke")
    assert form.submit("Create token", name=NAME).location == first


def test_two_forms_make_two_tokens(database, cast, bob):
    create(bob, "One")
    create(bob, "Two")
    assert [made.name for made in tokens_of(database, cast.bob)] == ["One", "Two"]


def test_one_persons_nonce_is_none_of_anothers(database, cast, bob, adam):
    nonce = bob.get(NEW).hidden("nonce")
    assert create(bob, nonce=nonce).status == 200
    assert create(adam, nonce=nonce).status == 200


@pytest.mark.parametrize("nonce", ["", "short", "x" * 65, "ö" * 20, "\0" * 20])
def test_a_form_without_its_nonce_makes_nothing_and_can_be_sent_again(database, cast, bob, nonce):
    page = create(bob, nonce=nonce)
    assert (page.status, tokens_of(database, cast.bob)) == (422, [])
    assert page.errors() == ["This form was incomplete. Nothing was made. Send it again."]
    assert page.submit("Create token").status == 200


def test_two_nonces_in_one_form_are_refused(database, cast, bob):
    page = create(bob, nonce=[make_nonce(), make_nonce()])
    assert (page.status, tokens_of(database, cast.bob)) == (422, [])


def test_a_fault_in_the_page_leaves_no_token_that_nobody_saw(database, cast, bob, broken_page):
    page = create(bob)
    assert page.status == 500
    assert tokens_of(database, cast.bob) == []
    assert nonces(database) == []
    assert events(database, Action.TOKEN_CREATED) == []


def test_f01_a_form_that_died_before_the_commit_makes_its_token_when_sent_again(database, cast, bob):
    form = bob.get(NEW)
    nonce = form.hidden("nonce")

    def dies(session):
        make(session, cast.bob, once=FormOnce("personal_tokens.new", nonce))
        raise PageFault

    with pytest.raises(PageFault):
        database.transaction(dies)
    assert events(database, Action.TOKEN_CREATED) == []
    assert form.submit("Create token", name=NAME).status == 200
    assert len(tokens_of(database, cast.bob)) == 1


def test_f02_a_form_whose_answer_was_lost_makes_no_second_token(database, cast, bob):
    form = bob.get(NEW)
    nonce = form.hidden("nonce")
    database.transaction(lambda session: make(session, cast.bob, once=FormOnce("personal_tokens.new", nonce)))
    page = form.submit("Create token", name=NAME).follow()
    (made,) = tokens_of(database, cast.bob)
    assert "already created, it cannot be shown again" in page.main
    assert page.links()["Revoke"] == one(made.id, "revoke")
    assert made.last_used_at is None


def test_f03_ac_017_a_rotation_that_dies_leaves_everything_as_it_was(app, database, cast):
    token_id, secret = make_token(database, cast.bob)

    def dies(session):
        service.rotate(
            session,
            actor_of(cast.bob),
            token_id,
            overlap=timedelta(0),
            expires_at=lambda old: None,
            prefix="pat",
            once=None,
            now=utc_now(),
        )
        raise PageFault

    with pytest.raises(PageFault):
        database.transaction(dies)
    (old,) = tokens_of(database, cast.bob)
    assert (old.superseded_at, old.stops_at, old.revoked_at) == (None, None, None)
    assert events(database, Action.TOKEN_ROTATED) == []
    assert works(app, secret)


def test_ac_017_a_fault_in_the_page_undoes_the_rotation(app, database, cast, bob, broken_page):
    token_id, secret = make_token(database, cast.bob)
    page = bob.get(one(token_id, "rotate")).submit("Rotate token", overlap="0")
    assert page.status == 500
    assert len(tokens_of(database, cast.bob)) == 1
    assert works(app, secret)


def test_ac_017_a_rotation_with_a_date_that_cannot_be_changes_nothing(app, database, cast, bob):
    token_id, secret = make_token(database, cast.bob)
    page = bob.get(one(token_id, "rotate")).submit("Rotate token", expires="date", date="9999-12-31")
    assert page.status == 422
    assert len(tokens_of(database, cast.bob)) == 1
    assert works(app, secret)


def test_ac_019_a_form_opened_before_deactivation_makes_nothing(database, cast, bob):
    form = bob.get(NEW)
    deactivate(database, cast.bob)
    page = form.submit("Create token", name=NAME)
    assert (page.status, path_of(page.location)) == (303, "/sign-in")
    assert tokens_of(database, cast.bob) == []


def test_ac_019_deactivation_right_after_the_guard_is_seen_under_the_lock(database, cast):
    deactivate(database, cast.bob)
    with pytest.raises(NotAllowed):
        database.transaction(lambda session: make(session, cast.bob, once=FormOnce("personal_tokens.new", "x" * 22)))
    assert tokens_of(database, cast.bob) == []
    assert nonces(database) == []


def test_ac_019_a_form_opened_as_owner_makes_a_members_token(database, cast, alice):
    form = alice.get(NEW)
    database.transaction(lambda session: setattr(session.get_one(User, cast.alice.id), "role", Role.MEMBER))
    assert form.submit("Create token", name=NAME).status == 200
    assert "Member of Acme" in alice.get(NEW).text


@pytest.fixture
def few(database_url, tmp_path, make_app, database, cast, browser_of):
    """Bob's browser at a portal where a person may have two tokens."""
    app = make_app(settings_for(database_url, tmp_path, tokens_per_user="2"))
    make_token(database, cast.bob, "One", expires_at=utc_now())
    make_token(database, cast.bob, "Two")
    browser = browser_of(cast.bob)
    client = app.test_client()
    client._cookies = browser.client._cookies
    return Browser(client)


def test_the_cap_is_told_on_the_form_and_uses_up_no_nonce(database, cast, few):
    page = create(few, "Three")
    assert page.status == 409
    assert page.errors() == ["You have 2 tokens, which is the limit. Revoke one that you no longer need first."]
    assert page.value("Name") == "Three"
    assert nonces(database) == []


def test_at_the_cap_revoking_one_makes_room_for_the_same_form(database, cast, few):
    page = create(few, "Three")
    few.get(one(tokens_of(database, cast.bob)[0].id, "revoke")).submit("Revoke")
    assert page.submit("Create token").status == 200


def test_at_the_cap_rotating_still_works(database, cast, few):
    two = tokens_of(database, cast.bob)[1]
    assert few.get(one(two.id, "rotate")).submit("Rotate token").status == 200


def test_an_overlap_gets_nobody_past_the_cap(database, cast, few):
    two = tokens_of(database, cast.bob)[1]
    few.get(one(two.id, "rotate")).submit("Rotate token")
    successor = tokens_of(database, cast.bob)[2]
    revoke_alone(database, successor.id)
    make_token(database, cast.bob, "Three")
    page = few.get(one(two.id, "rotate")).submit("Rotate token")
    assert (page.status, page.errors()[0][:16]) == (409, "You have 2 token")
    assert token(database, two.id).superseded_at is not None


def revoke_alone(database, token_id):
    """As by the other host a moment later: the successor dies, its overlapping predecessor does not."""
    database.transaction(lambda session: setattr(session.get_one(Token, token_id), "revoked_at", utc_now()))


def deactivate(database, person):
    database.transaction(lambda session: setattr(session.get_one(User, person.id), "deactivated_at", utc_now()))
