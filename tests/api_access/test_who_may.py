"""Who may: owners. What everybody else meets, on every address of the room."""

import pytest

from portal.accounts.models import Role
from tests.api_access.conftest import PATH
from tests.api_access.steps import get_token, turn_on

READ = [PATH, f"{PATH}/rotate", f"{PATH}/disable"]
WRITTEN = [PATH, f"{PATH}/agree", f"{PATH}/rotate", f"{PATH}/disable", f"{PATH}/stop-old"]


@pytest.mark.parametrize("path", READ)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER])
def test_admins_and_members_may_not_open_it(cast, bob, set_role, role, path):
    set_role(cast.bob, role)

    assert bob.get(path).status == 403


@pytest.mark.parametrize("path", WRITTEN)
@pytest.mark.parametrize("role", [Role.ADMIN, Role.MEMBER])
def test_admins_and_members_may_not_do_it(cast, alice, bob, set_role, log, role, path):
    set_role(cast.bob, Role.OWNER)
    token = bob.csrf_token(PATH)
    set_role(cast.bob, role)

    assert bob.post(path, {"csrf_token": token, "enabled": "y", "version": "off-0-none"}).status == 403
    assert log() == []


def test_only_owners_see_it_in_the_navigation(alice, adam, bob):
    entries = [len(browser.get("/nope").all("//nav//a[.='API access']")) for browser in (alice, adam, bob)]

    assert entries == [1, 0, 0]


@pytest.mark.parametrize("path", READ)
def test_signed_out_the_pages_lead_to_the_sign_in(stranger, path):
    answer = stranger.get(path)

    assert answer.status == 303
    assert answer.location.startswith("/sign-in?next=")


@pytest.mark.parametrize("path", WRITTEN)
def test_signed_out_nothing_is_done(stranger, cast, log, path):
    answer = stranger.post(path, {"enabled": "y", "version": "off-0-none"})

    assert answer.status == 303
    assert log() == []


@pytest.mark.parametrize("path", WRITTEN)
def test_without_a_csrf_token_nothing_is_done(alice, log, path):
    assert alice.post(path, {"enabled": "y", "version": "off-0-none"}).status == 400
    assert log() == []


@pytest.mark.parametrize("path", [f"{PATH}/agree", f"{PATH}/stop-old"])
def test_what_only_does_something_cannot_be_opened(alice, path):
    answer = alice.get(path)

    assert answer.status == 405
    assert "POST" in answer.response.headers["Allow"]


def test_ac_059_what_was_sent_signed_out_is_not_done_after_signing_in(stranger, cast, browser_of, log):
    answer = stranger.post(PATH, {"enabled": "y", "version": "off-0-none"})

    assert answer.location == "/sign-in?next=/account/api-access"
    assert "What it gives, and what it risks" in browser_of(cast.alice).get(PATH).main
    assert log() == []


@pytest.mark.parametrize("path", [f"{PATH}/agree", f"{PATH}/stop-old"])
def test_ac_059_an_address_that_cannot_be_opened_leads_to_the_page_above_it(stranger, cast, path):
    assert stranger.post(path).location == "/sign-in?next=/account/api-access"


def test_ac_019_an_owner_who_lost_the_role_since_opening_the_form_makes_nothing(
    alice, cast, set_role, account_tokens, log
):
    form = turn_on(alice)
    set_role(cast.alice, Role.ADMIN)

    assert form.submit("Agree").status == 403
    assert account_tokens() == []
    assert [event.action for event in log()] == ["api_access.enabled"]


def test_an_account_does_not_see_the_token_of_another(alice, charlie):
    get_token(alice)

    assert "What it gives, and what it risks" in charlie.get(PATH).main


def test_a_form_of_one_account_does_nothing_to_another(alice, charlie, account_tokens, call):
    secret = get_token(alice)
    get_token(charlie)

    charlie.get(f"{PATH}/disable").submit("Turn API access off")

    assert call(secret) == "200"
    assert [token.is_current for token in account_tokens()] == [True]


def test_what_programs_ask_of_it_with_another_method_is_refused(alice):
    assert alice._page(alice.client.delete(PATH, base_url=alice.base_url)).status == 405
