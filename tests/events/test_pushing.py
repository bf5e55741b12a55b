"""What is pushed: the events of the log, to those who may see them, as long as their token lives."""

import time
from contextlib import ExitStack
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from portal.accounts.models import Account, Role, User
from portal.accounts.service import lock_account
from portal.activity.service import Reach, events_after
from portal.audit import Action, AuditEvent, record
from portal.clock import utc_now
from portal.events import poller, reading
from portal.members import service as members
from portal.tokens import service as tokens
from portal.tokens.models import Token
from portal.tokens.scopes import TOKENS_READ
from tests.builders import actor_of, ahead, make_account_token, make_token

# The contract's bound.
CLOSED_SECONDS = 2.0


def happens(database, person, count=1, action=Action.USER_RENAMED):
    """So many events of that person's doing, in one transaction; their ids."""

    def work(session):
        lock_account(session, person.account_id)
        for _ in range(count):
            record(session, action, actor_of(person), account_id=person.account_id, now=utc_now())
        session.flush()
        query = select(AuditEvent.id).where(AuditEvent.account_id == person.account_id).order_by(AuditEvent.id.desc())
        return sorted(session.scalars(query.limit(count)))

    return database.transaction(work)


def ids(events):
    return [event["id"] for event in events]


def test_an_event_is_pushed_as_the_api_lists_it(stream, database, cast, alices):
    with stream.listen(alices) as socket:
        (event_id,) = happens(database, cast.bob)
        (pushed,) = socket.events(1)

    with database.reading() as session:
        (listed,) = events_after(session, Reach(cast.alice.account_id, None), after_id=event_id - 1, most=10)
    assert pushed == listed


def test_only_what_is_committed_after_ready_is_pushed_and_in_order(stream, database, cast, alices):
    happens(database, cast.bob, 3)
    with stream.listen(alices) as socket:
        first = happens(database, cast.bob, 2)
        later = happens(database, cast.alice, 2)

        assert ids(socket.events(4)) == first + later
        assert socket.hears_nothing()


def test_many_at_once_come_whole_and_in_order(stream, database, cast, alices, monkeypatch):
    monkeypatch.setattr(reading, "IN_ONE_READ", 150)
    with stream.listen(alices) as one, stream.listen(alices) as other:
        happened = happens(database, cast.bob, reading.BATCH * 3 + 7)

        assert ids(one.events(len(happened))) == happened
        assert ids(other.events(len(happened))) == happened


def test_no_read_asks_so_much_that_the_tokens_are_looked_at_too_late(database, cast, monkeypatch):
    token_id, _ = make_token(database, cast.bob)
    happened = happens(database, cast.bob, 5)
    monkeypatch.setattr(reading, "IN_ONE_READ", 2 * reading.A_QUESTION)
    places = [
        reading.Place(number, token_id, cast.bob.account_id, after_id, True)
        for number, after_id in enumerate(reversed(happened))
    ]

    found = reading.Reading(database, account_scopes=()).read(places, asks_all=False)

    # Those furthest behind have their turn; the others follow at once. Who has everything is not among them.
    assert [batch.listeners for batch in found.batches] == [[4], [3]]
    assert found.has_more


def test_members_get_their_own_and_nobody_gets_those_of_another_account(stream, database, cast, alices, bobs):
    _, charlies = make_token(database, cast.charlie)
    _, of_account = make_account_token(database, cast.alice)
    with ExitStack() as held:
        alice, bob, charlie, account = (
            held.enter_context(stream.listen(one)) for one in (alices, bobs, charlies, of_account)
        )
        (his,) = happens(database, cast.bob)
        (hers,) = happens(database, cast.alice)
        (theirs,) = happens(database, cast.charlie)

        assert ids(alice.events(2)) == [his, hers]
        assert ids(account.events(2)) == [his, hers]
        assert ids(bob.events(1)) == [his]
        assert ids(charlie.events(1)) == [theirs]
        assert bob.hears_nothing()
        assert charlie.hears_nothing(seconds=0.1)


def test_one_whose_role_was_cut_sees_only_their_own_from_then_on(stream, database, cast):
    _, secret = make_token(database, cast.adam)
    with stream.listen(secret) as socket:
        (seen,) = happens(database, cast.alice)
        assert ids(socket.events(1)) == [seen]
        database.transaction(
            lambda session: session.execute(update(User).where(User.id == cast.adam.id).values(role=Role.MEMBER))
        )
        happens(database, cast.alice)
        (own,) = happens(database, cast.adam)

        assert ids(socket.events(1)) == [own]


def revoke(database, person, token_id):
    database.transaction(
        lambda session: tokens.revoke(session, actor_of(person), session.get_one(Token, token_id), now=utc_now())
    )


def test_ac_124_a_revoked_token_is_closed_in_time_and_nothing_that_came_after_is_delivered(stream, database, cast):
    token_id, secret = make_token(database, cast.alice)
    with stream.listen(secret) as socket:
        (before,) = happens(database, cast.bob)
        assert ids(socket.events(1)) == [before]
        revoke(database, cast.alice, token_id)
        revoked_at = time.monotonic()
        happens(database, cast.bob, 3)

        # The one about the revoke itself, which was committed with it, is not pushed either.
        assert socket.next_or_end() == (4401, "token_revoked")
        assert time.monotonic() - revoked_at < CLOSED_SECONDS


def test_ac_124_a_token_that_lost_the_scope_is_closed_in_time_and_nothing_more_is_delivered(stream, database, cast):
    token_id, secret = make_token(database, cast.alice)
    with stream.listen(secret) as socket:
        database.transaction(
            lambda session: session.execute(update(Token).where(Token.id == token_id).values(scopes=TOKENS_READ))
        )
        happens(database, cast.alice, 3)

        assert socket.next_or_end(seconds=CLOSED_SECONDS) == (4403, "insufficient_scope")


def test_ac_124_a_deactivated_person_is_closed_in_time(stream, database, cast, bobs):
    with stream.listen(bobs) as socket:
        database.transaction(
            lambda session: members.deactivate(session, actor_of(cast.alice), email=cast.bob.email, now=utc_now())
        )

        assert socket.next_or_end(seconds=CLOSED_SECONDS) == (4401, "user_inactive")


def test_ac_124_the_account_token_is_closed_when_api_access_is_turned_off(stream, database, cast):
    _, secret = make_account_token(database, cast.alice)
    with stream.listen(secret) as socket:
        database.transaction(
            lambda session: session.execute(
                update(Account).where(Account.id == cast.alice.account_id).values(api_access_enabled=False)
            )
        )

        assert socket.next_or_end(seconds=CLOSED_SECONDS) == (4401, "api_access_disabled")


def test_ac_128_a_token_that_expires_is_closed(stream, database, cast):
    _, secret = make_token(database, cast.bob, expires_at=ahead(seconds=1.5))
    with stream.listen(secret) as socket:
        opened_at = time.monotonic()

        assert socket.next_or_end(seconds=1.5 + CLOSED_SECONDS) == (4401, "token_expired")
        assert time.monotonic() - opened_at > 1


def test_a_token_in_its_overlap_is_closed_when_it_stops(stream, database, cast):
    token_id, secret = make_token(database, cast.bob)
    with stream.listen(secret) as socket:
        stops_at = utc_now() + timedelta(seconds=1)
        database.transaction(
            lambda session: session.execute(
                update(Token).where(Token.id == token_id).values(superseded_at=utc_now(), stops_at=stops_at)
            )
        )

        assert socket.next_or_end(seconds=1 + CLOSED_SECONDS) == (4401, "token_revoked")


@pytest.fixture
def database_file(tmp_path):
    """Where the file of the SQLite database lies, and where it may be put away."""
    return tmp_path / "portal.db", tmp_path / "away.db"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_f04_while_the_database_is_away_listeners_wait_and_get_later_what_they_missed(
    stream, database, cast, alices, database_file, caplog
):
    file, away = database_file
    with stream.listen(alices) as socket:
        file.rename(away)
        assert socket.hears_nothing()
        with stream.open(f"/ws/events?api_token={alices}") as another:
            assert another.end() == (1013, "unavailable")
        away.rename(file)
        happened = happens(database, cast.bob)

        assert ids(socket.events(1)) == happened
    assert [one.message for one in caplog.records].count("events wait, the database is away") == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_whoever_cannot_be_checked_for_long_is_closed(stream, alices, database_file, monkeypatch):
    monkeypatch.setattr(poller, "UNCHECKED_SECONDS", 1.5)
    file, away = database_file
    with stream.listen(alices) as socket:
        file.rename(away)

        assert socket.next_or_end(seconds=3) == (1013, "unavailable")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_took_too_long_to_read_is_not_sent_and_the_dead_are_closed_all_the_same(
    stream, database, cast, alices, monkeypatch
):
    token_id, secret = make_token(database, cast.alice, "Another")
    with stream.listen(alices) as living, stream.listen(secret) as dying:
        with monkeypatch.context() as patch:
            patch.setattr(poller, "STALE_SECONDS", -1.0)
            (event_id,) = happens(database, cast.bob)
            assert living.hears_nothing()
            revoke(database, cast.alice, token_id)
            assert dying.next_or_end(seconds=CLOSED_SECONDS) == (4401, "token_revoked")

        assert ids(living.events(1)) == [event_id]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_fault_of_ours_stops_nothing(stream, database, cast, alices, caplog):
    with stream.listen(alices) as socket:
        (event_id,) = happens(database, cast.bob)
        assert ids(socket.events(1)) == [event_id]
        torn = text("UPDATE audit_events SET at = :at WHERE id = (SELECT max(id) FROM audit_events)")
        with database.engine.begin() as connection:
            connection.execute(_AS_LAST)
            connection.execute(torn, {"at": "no time at all"})
        assert socket.hears_nothing()
        database.transaction(lambda session: session.execute(torn, {"at": "2026-11-22 10:00:00.000000"}))

        assert ids(socket.events(1)) == [event_id + 1]
    assert "events not read" in [one.message for one in caplog.records]


# One more row like the newest.
_AS_LAST = text(
    "INSERT INTO audit_events (account_id, at, action, outcome, actor_kind, actor_name, count) "
    "SELECT account_id, at, action, outcome, actor_kind, actor_name, count FROM audit_events ORDER BY id DESC LIMIT 1"
)
