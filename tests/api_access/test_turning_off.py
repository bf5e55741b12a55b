"""Turning API access off: the confirm page, what dies, and the state in which a token was stopped elsewhere."""

import pytest

from portal.accounts.service import lock_account
from portal.audit import OPERATOR, Actor, ActorKind
from portal.clock import utc_now
from portal.tokens import service as tokens
from portal.tokens.models import Token
from tests.api_access.conftest import PATH
from tests.api_access.steps import get_token, rotate, turn_off, turn_on
from tests.builders import actor_of, make_token

DISABLE = f"{PATH}/disable"


@pytest.fixture
def revoke(database, cast, account_tokens):
    """Revokes Acme's account token as a call of the API does, by default one that carries the token itself."""

    def by(actor=None):
        token = account_tokens()[-1]
        itself = Actor(kind=ActorKind.ACCOUNT, account_id=token.account_id, id=token.account_id, name="Acme")

        def work(session):
            lock_account(session, token.account_id)
            tokens.revoke(session, actor or itself, session.get_one(Token, token.id), now=utc_now())

        database.transaction(work)

    return by


def test_the_confirm_page_says_what_will_stop_working(alice, account_tokens):
    get_token(alice)
    rotate(alice)

    page = alice.get(DISABLE)

    old, new = account_tokens()
    assert page.h1 == "Turn API access off for Acme"
    assert f"every program that uses the account’s token {new.hint}" in page.main
    assert f"The old token {old.hint}, which still works, stops too." in page.main


def test_the_confirm_page_says_whether_the_token_was_used(app, alice, call):
    secret = get_token(alice)
    before = alice.get(DISABLE).main
    call(secret)
    app.extensions["portal"].recorder.flush()

    assert "It has never been used." in before
    assert "It was last used just now" in alice.get(DISABLE).main


def test_without_a_token_the_confirm_page_says_that_nothing_will_stop(alice):
    turn_on(alice)

    assert "There is no token, so nothing will stop working." in alice.get(DISABLE).main


def test_opening_the_confirm_page_turns_nothing_off(alice, call):
    secret = get_token(alice)
    alice.get(DISABLE)

    assert call(secret) == "200"


def test_turning_off_leads_back_to_the_page_which_is_off(alice):
    get_token(alice)

    answer = turn_off(alice)

    assert (answer.status, answer.location) == (303, PATH)
    page = answer.follow()
    assert "API access is off. From now on every call with its token is refused." in page.main
    assert page.field("Enable API access").get("checked") is None


def test_ac_011_the_very_next_call_after_turning_off_is_refused(alice, call):
    secret = get_token(alice)
    assert call(secret) == "200"

    turn_off(alice)

    assert call(secret) == "api_access_disabled"


def test_turning_off_kills_the_overlapping_token_too(alice, call, account_tokens):
    first = get_token(alice)
    second = rotate(alice)

    turn_off(alice)

    assert (call(first), call(second)) == ("api_access_disabled", "api_access_disabled")
    assert all(token.revoked_at is not None for token in account_tokens())


def test_turning_off_leaves_personal_tokens_alone(alice, cast, database, call):
    turn_on(alice)
    _, personal = make_token(database, cast.bob)

    turn_off(alice)

    assert call(personal) == "200"


def test_turning_off_is_recorded_together_with_what_it_killed(alice, log):
    get_token(alice)
    rotate(alice)
    turn_off(alice)

    stopped, revoked, disabled = log()[-3:]
    assert (stopped.action, stopped.target) == ("token.stopped", "token API access")
    assert (revoked.action, revoked.detail) == ("token.revoked", "API access turned off")
    assert (disabled.action, disabled.actor, disabled.target) == ("api_access.disabled", "Alice", "account Acme")


def test_turning_off_without_a_token_records_the_switch_alone(alice, log):
    turn_on(alice)
    turn_off(alice)

    assert [event.action for event in log()] == ["api_access.enabled", "api_access.disabled"]


def test_turned_on_again_the_old_token_stays_dead_and_the_statement_is_due(alice, call, account_tokens):
    secret = get_token(alice)
    turn_off(alice)

    page = turn_on(alice)

    assert call(secret) == "token_revoked"
    assert "Agree" in page.buttons()
    assert "The token was stopped" not in page.main
    assert len(account_tokens()) == 1


def test_opening_the_confirm_page_while_it_is_off_leads_back(alice):
    answer = alice.get(DISABLE)

    assert (answer.status, answer.location) == (303, PATH)
    assert "API access is off already." in answer.follow().main


def test_turning_off_what_is_off_does_nothing_whatever_version_the_form_carries(alice, log):
    turn_on(alice)
    form = alice.get(DISABLE)
    form.submit("Turn API access off")
    recorded = log()

    answer = form.submit("Turn API access off", version="on-99-token")

    assert answer.status == 303
    assert "API access is off already." in answer.follow().main
    assert log() == recorded


def test_a_form_of_an_older_state_turns_nothing_off_and_gets_the_button_again(alice, second_owner, call):
    get_token(alice)
    form = alice.get(DISABLE)
    second = rotate(second_owner)

    page = form.submit("Turn API access off")

    assert page.status == 409
    assert "Adam rotated the token on" in page.main
    assert call(second) == "200"
    assert page.submit("Turn API access off").status == 303
    assert call(second) == "api_access_disabled"


def test_a_form_with_its_version_twice_turns_nothing_off(alice, call):
    secret = get_token(alice)

    page = alice.get(DISABLE).submit("Turn API access off", version=["a", "b"])

    assert page.status == 422
    assert call(secret) == "200"


def test_a_token_stopped_by_a_call_of_its_own_is_told_with_the_statement(alice, revoke, call):
    secret = get_token(alice)
    revoke()

    page = alice.get(PATH)

    assert "The token was stopped by a call that carried the token itself on" in page.main
    assert "Security statement" in page.main
    assert "Agree" in page.buttons()
    assert call(secret) == "token_revoked"


def test_a_token_stopped_by_another_owner_is_told_with_the_name(alice, cast, revoke):
    get_token(alice)
    revoke(actor_of(cast.adam))

    assert "The token was stopped by Adam on" in alice.get(PATH).main


def test_a_token_stopped_by_oneself_is_told_so(alice, cast, revoke):
    get_token(alice)
    revoke(actor_of(cast.alice))

    assert "The token was stopped by you on" in alice.get(PATH).main


def test_a_token_stopped_by_the_operator_is_told_so(alice, revoke):
    get_token(alice)
    revoke(OPERATOR)

    assert "The token was stopped by Operator on" in alice.get(PATH).main


def test_after_the_token_was_stopped_elsewhere_agreeing_makes_another(alice, revoke, call):
    first = get_token(alice)
    revoke()

    second = alice.get(PATH).submit("Agree").value("API access token").removeprefix("Bearer ")

    assert (call(first), call(second)) == ("token_revoked", "200")


def test_a_personal_token_that_is_revoked_later_is_not_told_of(alice, cast, database, revoke):
    token_id, _ = make_token(database, cast.bob)
    get_token(alice)
    revoke()

    def revoke_personal(session):
        lock_account(session, cast.bob.account_id)
        tokens.revoke(session, actor_of(cast.bob), session.get_one(Token, token_id), now=utc_now())

    database.transaction(revoke_personal)

    assert "The token was stopped by a call that carried the token itself on" in alice.get(PATH).main


def test_an_old_form_after_the_token_was_stopped_elsewhere_is_told_of_it(alice, revoke):
    get_token(alice)
    form = alice.get(f"{PATH}/rotate")
    revoke()

    page = form.submit("Agree")

    assert page.status == 409
    assert "A call that carried the token itself stopped the token on" in page.main
