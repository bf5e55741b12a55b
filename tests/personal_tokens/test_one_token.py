"""One token: its page, its name, its end; and that all of it is its owner's alone."""

import pytest

from portal.audit import Action, Outcome
from portal.clock import utc_now
from portal.current import running_in
from tests.builders import ago, ahead, make_token
from tests.page import path_of
from tests.personal_tokens.steps import LIST, NAME, create, events, one, token, works

PAGES = ("rename", "rotate", "revoke")
BUTTONS = {"rename": "Rename token", "rotate": "Rotate token", "revoke": "Revoke"}


def details(page) -> dict[str, str]:
    """Term → value of the page's list of details."""
    values = [" ".join(value.text_content().split()) for value in page.all("//dl//dd")]
    return dict(zip([term.text_content() for term in page.all("//dl//dt")], values, strict=True))


@pytest.fixture
def zapier(database, cast) -> int:
    """The id of Bob's one token."""
    return make_token(database, cast.bob, NAME)[0]


def test_the_page_of_a_token_shows_what_it_is(database, cast, bob):
    token_id, secret = make_token(database, cast.bob, NAME, scopes=("tokens:read",), expires_at=ahead(days=30))
    page = bob.get(one(token_id))
    shown = details(page)
    assert page.h1 == NAME
    assert shown["Token"] == secret[:12] + "…"
    assert (shown["Access"], shown["Status"], shown["Last used"]) == ("tokens:read", "Active", "Never")
    assert shown["Expires"].endswith("UTC")
    assert list(PAGES) == [name.lower() for name in page.links() if name.lower() in PAGES]


def test_the_page_of_a_token_never_shows_its_secret(database, cast, bob):
    token_id, secret = make_token(database, cast.bob)
    for path in (LIST, one(token_id), *(one(token_id, page) for page in PAGES)):
        assert secret not in bob.get(path).response.get_data(as_text=True)


def test_an_expired_token_can_still_be_renamed_rotated_and_revoked(database, cast, bob):
    token_id, _ = make_token(database, cast.bob, expires_at=utc_now())
    page = bob.get(one(token_id))
    assert details(page)["Status"] == "Expired"
    assert {"Rename", "Rotate", "Revoke"} <= set(page.links())


def test_a_revoked_token_shows_when_and_offers_a_new_one_only(bob, zapier):
    bob.get(one(zapier, "revoke")).submit("Revoke")
    page = bob.get(one(zapier))
    assert details(page)["Status"] == "Revoked"
    assert details(page)["Revoked"].endswith("UTC")
    assert not {"Rename", "Rotate", "Revoke"} & set(page.links())
    assert "Create token" in page.links()


@pytest.mark.parametrize("who", ["alice", "adam", "charlie"])
def test_nobody_opens_the_pages_of_anothers_token(cast, browser_of, zapier, who):
    browser = browser_of(getattr(cast, who))
    for path in (one(zapier), *(one(zapier, page) for page in PAGES)):
        page = browser.get(path)
        assert page.status == 404
        assert NAME not in page.text


@pytest.mark.parametrize("who", ["alice", "adam", "charlie"])
@pytest.mark.parametrize("action", PAGES)
def test_ac_037_nobody_changes_anothers_token(app, database, cast, browser_of, who, action):
    token_id, secret = make_token(database, cast.bob)
    before = token(database, token_id)
    browser = browser_of(getattr(cast, who))
    form = {"csrf_token": browser.csrf_token("/settings/tokens/new"), "name": "Mine", "expires": "never"}
    page = browser.post(one(token_id, action), form)
    after = token(database, token_id)
    assert page.status == 404
    assert (after.name, after.revoked_at, after.superseded_at) == (before.name, None, None)
    assert works(app, secret)


def test_ac_037_trying_to_revoke_anothers_token_is_recorded(app, database, cast, charlie, zapier):
    charlie.post(one(zapier, "revoke"), {"csrf_token": charlie.csrf_token("/settings/tokens/new")})
    running_in(app).recorder.flush(is_last=True)
    (event,) = events(database, Action.CALL_REFUSED)
    assert (event.account_id, event.actor_id) == (cast.charlie.account_id, cast.charlie.id)
    assert (event.outcome, event.detail) == (Outcome.REFUSED, "not_found")


def test_a_token_that_never_was_looks_like_somebody_elses(alice, zapier):
    texts = {alice.get(one(token_id)).main.partition("Request id")[0] for token_id in (zapier, zapier + 1000)}
    assert len(texts) == 1


# Rename


def test_renaming_shows_the_new_name_and_says_so(bob, zapier):
    page = bob.get(one(zapier, "rename"))
    assert page.value("Name") == NAME
    answer = page.submit("Rename token", name=" Make ")
    assert (answer.status, path_of(answer.location)) == (303, one(zapier))
    shown = answer.follow()
    assert shown.h1 == "Make"
    assert "The token is now named “Make”." in shown.main


def test_a_renamed_token_goes_on_working(app, database, cast, bob):
    token_id, secret = make_token(database, cast.bob)
    bob.get(one(token_id, "rename")).submit("Rename token", name="Make")
    assert works(app, secret)


def test_renaming_is_recorded_with_the_former_name(database, cast, bob, zapier):
    bob.get(one(zapier, "rename")).submit("Rename token", name="Make")
    (event,) = events(database, Action.TOKEN_RENAMED)
    assert (event.actor_id, event.token_id, event.target_name) == (cast.bob.id, zapier, "Make")
    assert event.detail == f"before: {NAME}"


def test_renaming_twice_with_one_form_is_recorded_once(database, bob, zapier):
    form = bob.get(one(zapier, "rename"))
    assert [form.submit("Rename token", name="Make").status for _ in range(2)] == [303, 303]
    assert len(events(database, Action.TOKEN_RENAMED)) == 1


@pytest.mark.parametrize("typed", ["", " ", "x" * 101, "a\0b", "\u202e"])
def test_a_name_that_cannot_be_is_refused_on_renaming(database, bob, zapier, typed):
    page = bob.get(one(zapier, "rename")).submit("Rename token", name=typed)
    assert page.status == 422
    assert page.errors()[0].startswith("Name: ")
    assert token(database, zapier).name == NAME


def test_renaming_to_a_name_in_use_is_refused_and_keeps_what_was_typed(database, cast, bob, zapier):
    make_token(database, cast.bob, "Make")
    page = bob.get(one(zapier, "rename")).submit("Rename token", name="MAKE")
    assert (page.status, page.value("Name")) == (422, "MAKE")
    assert page.errors()[0].startswith("Name: That name is used by another of your tokens.")
    assert token(database, zapier).name == NAME
    assert events(database, Action.TOKEN_RENAMED) == []


def test_a_token_may_change_the_case_of_its_own_name(database, bob, zapier):
    bob.get(one(zapier, "rename")).submit("Rename token", name=NAME.upper())
    assert token(database, zapier).name == NAME.upper()


# Revoke


def test_the_revoke_page_says_what_stops_working(database, cast, bob, zapier):
    page = bob.get(one(zapier, "revoke"))
    assert "Whatever uses this token stops working at once." in page.main
    assert f"Revoke “{NAME}”" in page.buttons()
    assert "It was never used." in page.main


def test_the_revoke_page_says_when_the_token_was_last_used(database, bob, zapier):
    def use(session):
        session.get_one(type(token(database, zapier)), zapier).last_used_at = ago(hours=2)

    database.transaction(use)
    assert "It was last used 2 hours ago" in bob.get(one(zapier, "revoke")).main


def test_opening_the_revoke_page_revokes_nothing(app, database, cast, bob):
    token_id, secret = make_token(database, cast.bob)
    bob.get(one(token_id, "revoke"))
    assert works(app, secret)


def test_revoking_ends_the_token_at_once_and_says_so(app, database, cast, bob):
    token_id, secret = make_token(database, cast.bob, NAME)
    answer = bob.get(one(token_id, "revoke")).submit(f"Revoke “{NAME}”")
    assert not works(app, secret)
    assert (answer.status, path_of(answer.location)) == (303, LIST)
    shown = answer.follow()
    assert f"“{NAME}” was revoked. Calls with it are refused from now on." in shown.main
    assert "You have no active tokens." in shown.main


def test_revoking_is_recorded(database, cast, bob, zapier):
    bob.get(one(zapier, "revoke")).submit("Revoke")
    (event,) = events(database, Action.TOKEN_REVOKED)
    assert (event.actor_id, event.token_id, event.target_name) == (cast.bob.id, zapier, NAME)
    assert (event.outcome, event.address) == ("done", "127.0.0.1")


def test_revoking_twice_with_one_form_is_one_revocation(database, bob, zapier):
    form = bob.get(one(zapier, "revoke"))
    form.submit("Revoke")
    revoked_at = token(database, zapier).revoked_at
    again = form.submit("Revoke")
    assert (again.status, path_of(again.location)) == (303, one(zapier))
    assert f"“{NAME}” is revoked already, so nothing was changed." in again.follow().main
    assert token(database, zapier).revoked_at == revoked_at
    assert len(events(database, Action.TOKEN_REVOKED)) == 1


def test_a_revoked_tokens_name_is_free_again(bob, zapier):
    bob.get(one(zapier, "revoke")).submit("Revoke")
    assert create(bob, NAME).status == 200


@pytest.mark.parametrize("action", PAGES)
def test_the_pages_that_change_a_token_lead_away_from_a_revoked_one(bob, zapier, action):
    bob.get(one(zapier, "revoke")).submit("Revoke")
    answer = bob.get(one(zapier, action))
    assert (answer.status, path_of(answer.location)) == (303, one(zapier))
    assert "is revoked already" in answer.follow().main


@pytest.mark.parametrize("action", ["rename", "rotate"])
def test_a_form_opened_before_the_revocation_changes_nothing(database, bob, zapier, action):
    form = bob.get(one(zapier, action))
    bob.get(one(zapier, "revoke")).submit("Revoke")
    before = len(events(database, Action.TOKEN_REVOKED))
    answer = form.submit(BUTTONS[action])
    assert (answer.status, path_of(answer.location)) == (303, one(zapier))
    assert len(events(database, Action.TOKEN_REVOKED)) == before
    assert events(database, Action.TOKEN_RENAMED) + events(database, Action.TOKEN_ROTATED) == []


@pytest.mark.parametrize("action", PAGES)
def test_a_form_without_its_csrf_token_changes_nothing(database, bob, zapier, action):
    page = bob.get(one(zapier, action)).submit(BUTTONS[action], csrf_token="")
    after = token(database, zapier)
    assert page.status == 400
    assert (after.name, after.revoked_at, after.superseded_at) == (NAME, None, None)


def test_a_list_that_was_left_open_does_not_hurt(database, cast, bob, zapier):
    page = bob.get(LIST)
    bob.get(one(zapier, "revoke")).submit("Revoke")
    assert bob.get(page.links()[NAME]).status == 200
