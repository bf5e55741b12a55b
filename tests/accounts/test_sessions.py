"""Signed-in browsers as rows: how long they live and what ends them."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.accounts.models import User, UserSession
from portal.accounts.sessions import (
    IDLE,
    LONGEST,
    begin_session,
    end_all_sessions,
    end_session,
    find_signed_in,
    start_session,
)
from portal.clock import utc_now
from tests.accounts.log import events, write_notes

NOW = utc_now()
MOMENT = timedelta(seconds=1)


@pytest.fixture
def secret(database, cast):
    return database.transaction(lambda session: start_session(session, session.get_one(User, cast.bob.id), now=NOW))


@pytest.fixture
def find(database):
    def find(secret, at):
        found = find_signed_in(database, secret, now=at)
        return found and found[0]

    return find


def test_a_secret_finds_its_person(find, secret, cast):
    person = find(secret, NOW)
    assert (person.user_id, person.email, person.account_name) == (cast.bob.id, cast.bob.email, "Acme")
    assert secret not in repr(person)


def test_v7_2_3_secrets_are_long_unlike_and_not_stored(database, cast, secret):
    other = database.transaction(lambda session: start_session(session, session.get_one(User, cast.bob.id), now=NOW))
    with database.reading() as session:
        digests = session.scalars(select(UserSession.digest)).all()
    assert other != secret
    assert len(secret) >= 43
    assert not {secret, other} & set(digests)


@pytest.mark.parametrize("wrong", ["", "x", " ", "x" * 5000])
def test_another_secret_finds_nobody(find, secret, wrong):
    assert find(wrong, NOW) is None
    assert find(secret + wrong, NOW) is None or not wrong


def test_v7_3_1_a_session_not_used_for_twelve_hours_is_over(find, secret):
    assert find(secret, NOW + IDLE - MOMENT)
    assert find(secret, NOW + IDLE) is None


def test_v7_3_2_a_session_used_all_the_time_is_over_after_thirty_days(database, find, secret):
    with database.engine.begin() as connection:
        connection.execute(UserSession.__table__.update().values(last_used_at=NOW + LONGEST))
    assert find(secret, NOW + LONGEST - MOMENT)
    assert find(secret, NOW + LONGEST) is None


def test_an_ended_session_finds_nobody_and_ends_once(database, find, secret):
    session_id = find(secret, NOW).session_id
    assert database.transaction(lambda session: end_session(session, session_id, now=NOW))
    assert not database.transaction(lambda session: end_session(session, session_id, now=NOW))
    assert find(secret, NOW) is None


def test_ending_all_of_one_person_leaves_the_others(database, cast, find, secret):
    alices = database.transaction(lambda session: start_session(session, session.get_one(User, cast.alice.id), now=NOW))
    database.transaction(lambda session: end_all_sessions(session, cast.bob.id, now=NOW))
    assert find(secret, NOW) is None
    assert find(alices, NOW).user_id == cast.alice.id


def test_v7_4_2_a_deactivated_person_has_no_session(database, cast, find, secret):
    def deactivate(session):
        session.get_one(User, cast.bob.id).deactivated_at = NOW

    database.transaction(deactivate)
    assert find(secret, NOW) is None


def test_a_session_that_begins_is_recorded_with_its_address(database, cast, find):
    person = database.transaction(
        lambda session: begin_session(
            session, session.get_one(User, cast.bob.id), address="192.0.2.7", now=NOW, detail="password changed"
        )
    )
    assert find(person.cookie_secret, NOW) == person
    [event] = events(database, "session.started")
    assert (event.actor_id, event.address, event.detail) == (cast.bob.id, "192.0.2.7", "password changed")


def test_using_a_page_keeps_a_session_alive(app, database, bob):
    with database.engine.begin() as connection:
        connection.execute(UserSession.__table__.update().values(last_used_at=utc_now() - timedelta(hours=11)))
    assert bob.get("/settings/profile").status == 200
    write_notes(app)
    with database.reading() as session:
        assert utc_now() - session.scalars(select(UserSession.last_used_at)).one() < timedelta(minutes=1)


def test_v7_3_1_an_idle_browser_has_to_sign_in_again(database, bob):
    with database.engine.begin() as connection:
        connection.execute(UserSession.__table__.update().values(last_used_at=utc_now() - IDLE))
    answer = bob.get("/settings/profile")
    assert (answer.status, answer.location) == (303, "/sign-in?next=/settings/profile")
