"""The switch: off, on, and back by way of the confirm page."""

from tests.api_access.conftest import PATH
from tests.api_access.steps import get_token, turn_off, turn_on


def test_off_the_page_says_what_it_gives_and_risks(alice):
    page = alice.get(PATH)

    assert page.h1 == "API access"
    assert "What it gives, and what it risks" in page.main
    assert page.field("Enable API access").get("checked") is None
    assert page.buttons()[-1] == "Update"


def test_off_the_page_does_not_show_the_statement(alice):
    assert "Security statement" not in alice.get(PATH).main


def test_turning_it_on_leads_back_to_the_page_with_the_statement(alice):
    answer = alice.get(PATH).submit("Update", enabled="y")

    assert (answer.status, answer.location) == (303, PATH)
    page = answer.follow()
    assert "Security statement" in page.main
    assert "Agree" in page.buttons()


def test_turning_it_on_is_recorded_with_who_when_and_from_where(alice, log):
    turn_on(alice)

    (event,) = log()
    assert (event.action, event.actor, event.target) == ("api_access.enabled", "Alice", "account Acme")
    assert event.address == "127.0.0.1"


def test_turning_it_on_makes_no_token(alice, account_tokens):
    turn_on(alice)

    assert account_tokens() == []


def test_turning_on_what_is_on_does_nothing_and_says_so(alice, log):
    form = alice.get(PATH)
    form.submit("Update", enabled="y")

    answer = form.submit("Update", enabled="y")

    assert answer.status == 303
    assert "API access is on already." in answer.follow().main
    assert [event.action for event in log()] == ["api_access.enabled"]


def test_leaving_it_off_does_nothing_and_says_so(alice, log):
    answer = alice.get(PATH).submit("Update")

    assert answer.status == 303
    assert "API access is off already." in answer.follow().main
    assert log() == []


def test_unticking_leads_to_the_confirm_page_and_turns_nothing_off(alice, call):
    secret = get_token(alice)

    answer = alice.get(PATH).submit("Update", enabled=None)

    assert (answer.status, answer.location) == (303, f"{PATH}/disable")
    assert call(secret) == "200"


def test_a_ticked_form_of_an_older_state_changes_nothing(alice, second_owner, log):
    turn_on(alice)
    form = alice.get(PATH)
    turn_off(second_owner)

    page = form.submit("Update", enabled="y")

    assert page.status == 409
    assert "Adam turned API access off on" in page.main
    assert "What it gives, and what it risks" in page.main
    assert [event.action for event in log()][-1] == "api_access.disabled"


def test_an_unticked_form_of_an_older_state_shows_the_present_one(alice, second_owner):
    form = alice.get(PATH)
    turn_on(second_owner)

    page = form.submit("Update")

    assert page.status == 409
    assert "Adam turned API access on" in page.main
    assert "Security statement" in page.main


def test_a_form_from_the_409_page_works(alice, second_owner):
    turn_on(alice)
    form = alice.get(PATH)
    turn_off(second_owner)

    answer = form.submit("Update", enabled="y").submit("Update", enabled="y")

    assert answer.status == 303
    assert "Security statement" in answer.follow().main


def test_a_version_that_was_made_up_is_answered_with_the_present_state(alice):
    page = alice.get(PATH).submit("Update", enabled="y", version="on-7-token")

    assert page.status == 409
    assert "This has changed since you opened the page. Nothing of what you asked for was done." in page.main


def test_a_form_with_a_field_twice_is_refused(alice, log):
    page = alice.get(PATH).submit("Update", enabled="y", version=["off-0-none", "off-0-none"])

    assert page.status == 422
    assert "That form was incomplete. Nothing was done." in page.main
    assert log() == []


def test_a_form_without_a_version_is_an_older_one(alice):
    assert alice.get(PATH).submit("Update", enabled="y", version=None).status == 409
