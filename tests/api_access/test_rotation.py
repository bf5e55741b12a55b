"""Rotation: a new token for the old one, which works on for as long as the owner chose."""

from datetime import timedelta

import pytest
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import select

from portal.api_access import service
from portal.api_access.models import DEFAULT_STATEMENT, Agreement, read_statement
from portal.api_access.service import Consent
from portal.clock import utc_now
from portal.tokens.nonces import FormOnce
from tests.api_access.conftest import PATH
from tests.api_access.steps import get_token, rotate, turn_off, turn_on
from tests.builders import actor_of

ROTATE = f"{PATH}/rotate"


def test_the_page_shows_the_statement_and_the_choice(alice):
    get_token(alice)

    page = alice.get(ROTATE)

    assert page.h1 == "Rotate token"
    assert "Security statement" in page.main
    assert "Agree" in page.buttons()
    assert page.all("//fieldset/legend")[0].text_content() == "Stop the old token"
    labels = [" ".join(label.text_content().split()) for label in page.all("//fieldset//label")]
    assert labels == ["Now", "In 1 hour", "In 24 hours", "In 7 days"]
    assert page.field("In 1 hour").get("checked") is not None


def test_rotating_shows_another_token_once(alice):
    get_token(alice)

    page = alice.get(ROTATE).submit("Agree")

    assert page.status == 200
    assert page.h1 == "Copy your API access token now"
    assert page.response.headers["Cache-Control"] == "no-store"
    assert "still works. It stops in 59 minutes" in page.main


@pytest.mark.parametrize(("overlap", "hours"), [("3600", 1), ("86400", 24), ("604800", 168)])
def test_the_old_token_works_on_for_as_long_as_was_chosen(alice, call, account_tokens, overlap, hours):
    first = get_token(alice)

    second = rotate(alice, overlap)

    old, new = account_tokens()
    assert (call(first), call(second)) == ("200", "200")
    assert old.stops_at - new.created_at == timedelta(hours=hours)
    assert new.replaces_id == old.id


def test_stopped_now_the_old_token_is_dead_at_once(alice, call, account_tokens):
    first = get_token(alice)

    second = rotate(alice, "0")

    assert (call(first), call(second)) == ("token_revoked", "200")
    assert account_tokens()[0].revoked_at is not None


def test_stopped_now_the_page_with_the_token_says_so(alice):
    get_token(alice)

    assert "The old token has stopped." in alice.get(ROTATE).submit("Agree", overlap="0").main


def test_rotating_is_recorded_after_the_agreement_to_it(alice, log, database, account_tokens):
    get_token(alice)
    rotate(alice)

    agreed, rotated = log()[-2:]
    old, new = account_tokens()
    assert (agreed.action, agreed.detail) == ("statement.agreed", read_statement(DEFAULT_STATEMENT).version)
    assert (rotated.action, rotated.actor, rotated.detail) == ("token.rotated", "Alice", f"replaced by {new.hint}")
    with database.reading() as session:
        assert session.scalars(select(Agreement.token_id).order_by(Agreement.id)).all() == [old.id, new.id]


def test_by_whom_the_new_token_was_made_is_shown(alice, second_owner):
    get_token(alice)
    rotate(second_owner)

    assert "by Adam on" in alice.get(PATH).main


def test_without_a_choice_the_form_comes_back(alice, account_tokens):
    get_token(alice)

    page = alice.get(ROTATE).submit("Agree", overlap=None)

    assert page.status == 422
    assert page.errors() == ["Stop the old token: Choose when the old token stops."]
    assert len(account_tokens()) == 1
    assert page.submit("Agree", overlap="0").status == 200


@pytest.mark.parametrize("overlap", ["1", "-1", "Now", "", "99999999999"])
def test_a_choice_that_is_none_is_refused(alice, account_tokens, overlap):
    get_token(alice)

    assert alice.get(ROTATE).submit("Agree", overlap=overlap).status == 422
    assert len(account_tokens()) == 1


def test_two_choices_are_refused(alice, account_tokens):
    get_token(alice)

    page = alice.get(ROTATE).submit("Agree", overlap=["0", "3600"])

    assert page.status == 422
    assert len(account_tokens()) == 1


def test_sending_the_form_again_makes_nothing_and_says_so(alice, account_tokens):
    get_token(alice)
    form = alice.get(ROTATE)
    form.submit("Agree")

    answer = form.submit("Agree")

    assert (answer.status, answer.location) == (303, PATH)
    assert "already created, it cannot be shown again" in answer.follow().main
    assert len(account_tokens()) == 2


def test_ac_119_a_used_form_with_another_choice_is_told_and_not_dropped_silently(alice, call, account_tokens):
    first = get_token(alice)
    form = alice.get(ROTATE)
    form.submit("Agree", overlap="3600")

    answer = form.submit("Agree", overlap="0")

    assert "already created, it cannot be shown again" in answer.follow().main
    assert call(first) == "200"
    assert len(account_tokens()) == 2


def test_a_form_of_an_older_token_rotates_nothing(alice, second_owner, account_tokens):
    get_token(alice)
    form = alice.get(ROTATE)
    rotate(second_owner)

    page = form.submit("Agree")

    assert page.status == 409
    assert "Adam rotated the token on" in page.main
    assert account_tokens()[-1].hint in page.main
    assert len(account_tokens()) == 2


@pytest.mark.parametrize("prepare", [lambda owner: None, turn_on], ids=["off", "without a token"])
def test_where_there_is_no_token_the_page_leads_back(alice, prepare):
    prepare(alice)

    answer = alice.get(ROTATE)

    assert (answer.status, answer.location) == (303, PATH)
    assert "There is no token to rotate." in answer.follow().main


def test_a_form_from_before_it_was_turned_off_rotates_nothing(alice, second_owner, account_tokens):
    get_token(alice)
    form = alice.get(ROTATE)
    turn_off(second_owner)

    page = form.submit("Agree")

    assert page.status == 409
    assert "Adam turned API access off on" in page.main
    assert len(account_tokens()) == 1


def test_rotating_nothing_is_refused_even_with_the_right_version(alice, account_tokens):
    get_token(alice)
    form = alice.get(ROTATE)
    turn_off(alice)
    present = alice.get(PATH).hidden("version")

    assert form.submit("Agree", version=present).status == 409
    assert len(account_tokens()) == 1


def test_f03_a_failure_between_the_end_of_the_old_token_and_the_new_one_leaves_the_old_alive(
    alice, cast, database, call, account_tokens, log
):
    first = get_token(alice)
    page = alice.get(ROTATE)
    recorded = log()
    consent = Consent(
        statement=read_statement(DEFAULT_STATEMENT),
        seen_statement=page.hidden("statement"),
        seen_state=page.hidden("version"),
        once=FormOnce("api_access.rotate", page.hidden("nonce")),
    )

    def work(session):
        # No checksum can be made for such a prefix: the old token is superseded by then, the new one not inserted.
        service.rotate(
            session, actor_of(cast.alice), consent=consent, overlap=timedelta(0), prefix="ключ", now=utc_now()
        )

    with pytest.raises(UnicodeEncodeError):
        database.transaction(work)

    (token,) = account_tokens()
    assert token.is_current
    assert call(first) == "200"
    assert log() == recorded
    assert page.submit("Agree").status == 200


def test_f03_a_fault_in_the_page_of_the_new_token_leaves_the_old_alive(app, alice, call, account_tokens):
    first = get_token(alice)
    form = alice.get(ROTATE)
    broken = DictLoader({"api_access/created.html": "{{ secret }}{{ nothing_of_that_name }}"})
    app.jinja_env.loader = ChoiceLoader([broken, app.jinja_env.loader])

    assert form.submit("Agree").status == 500
    assert call(first) == "200"
    assert len(account_tokens()) == 1
