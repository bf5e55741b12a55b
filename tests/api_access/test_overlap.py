"""While two tokens work: what the page shows, how the old one stops by itself, and how an owner stops it."""

import pytest

from portal.tokens.models import Token
from tests.api_access.conftest import PATH
from tests.api_access.steps import get_token, rotate, turn_off
from tests.builders import ago

ROTATE = f"{PATH}/rotate"


@pytest.fixture
def lapse(database):
    """Lets the overlap of that token end, as if the time had passed."""

    def end(token):
        def work(session):
            session.get_one(Token, token.id).stops_at = ago(seconds=1)

        database.transaction(work)

    return end


def test_after_its_stop_the_old_token_is_dead(alice, call, account_tokens, lapse):
    first = get_token(alice)
    rotate(alice)

    lapse(account_tokens()[0])

    assert call(first) == "token_revoked"
    assert "still works" not in alice.get(PATH).main


def test_while_it_overlaps_the_page_shows_the_time_left(alice, account_tokens):
    get_token(alice)
    rotate(alice, "604800")

    page = alice.get(PATH)

    assert f"The old token {account_tokens()[0].hint} still works. It stops in 6 days" in page.main
    assert "Stop the old token now" in page.buttons()


def test_rotating_again_stops_the_oldest_at_once(alice, call, log):
    first = get_token(alice)
    second = rotate(alice)

    assert "Rotating stops it at once." in alice.get(ROTATE).main
    third = rotate(alice)

    assert [call(secret) for secret in (first, second, third)] == ["token_revoked", "200", "200"]
    assert [event.action for event in log()][-3:] == ["statement.agreed", "token.stopped", "token.rotated"]


def test_the_end_of_an_overlap_makes_no_form_old(alice, account_tokens, lapse):
    get_token(alice)
    rotate(alice)
    form = alice.get(ROTATE)
    lapse(account_tokens()[0])

    assert form.submit("Agree").status == 200


def test_stopping_the_old_token_kills_it_at_once(alice, call):
    first = get_token(alice)
    second = rotate(alice)

    answer = alice.get(PATH).submit("Stop the old token now")

    assert (answer.status, answer.location) == (303, PATH)
    assert (call(first), call(second)) == ("token_revoked", "200")
    page = answer.follow()
    assert "has stopped. From now on every call with it is refused." in page.main
    assert "Stop the old token now" not in page.buttons()


def test_stopping_the_old_token_is_recorded(alice, log):
    get_token(alice)
    rotate(alice)
    alice.get(PATH).submit("Stop the old token now")

    event = log()[-1]
    assert (event.action, event.actor, event.target) == ("token.stopped", "Alice", "token API access")


def test_stopping_what_has_stopped_does_nothing_and_says_so(alice, log):
    get_token(alice)
    rotate(alice)
    form = alice.get(PATH)
    form.submit("Stop the old token now")
    recorded = log()

    answer = form.submit("Stop the old token now")

    assert answer.status == 303
    assert "The old token has stopped already." in answer.follow().main
    assert log() == recorded


def test_stopping_the_old_token_after_all_was_turned_off_says_that_it_has_stopped(alice):
    get_token(alice)
    rotate(alice)
    form = alice.get(PATH)
    turn_off(alice)

    answer = form.submit("Stop the old token now")

    assert answer.status == 303
    assert "The old token has stopped already." in answer.follow().main


def test_a_form_of_an_older_overlap_stops_nothing(alice, second_owner, call):
    get_token(alice)
    second = rotate(alice)
    form = alice.get(PATH)
    rotate(second_owner)

    page = form.submit("Stop the old token now")

    assert page.status == 409
    assert "Adam rotated the token on" in page.main
    assert call(second) == "200"
