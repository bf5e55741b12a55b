"""How much a token is used: counted in memory, written in batches, never backwards and never twice."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import OperationalError

from portal.clock import utc_now
from portal.current import running_in
from portal.database import Database
from portal.errors import DatabaseUnavailable, OutcomeUnknown
from portal.tokens.models import Token, TokenUsage
from portal.tokens.service import revoke_all
from portal.tokens.usage import MOST_USES, Uses
from portal.tokens.usage_days import CHART_DAYS, usage_of, usage_of_token
from tests.builders import actor_of, ago, make_account_token, make_token
from tests.cast import add_cast
from tests.personal_tokens.steps import token, works

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOON.date()


def rows(database):
    """Token, day, calls, refusals of every row."""
    with database.reading() as session:
        found = session.scalars(select(TokenUsage).order_by(TokenUsage.token_id, TokenUsage.day))
        return [(row.token_id, row.day, row.calls, row.refusals) for row in found]


def call(uses, token_id, times=1, *, at=NOON, address="203.0.113.7"):
    for _ in range(times):
        uses.note_call(token_id, at, address)


@pytest.fixture
def bobs(database, cast):
    """The id of a token of Bob's."""
    return make_token(database, cast.bob)[0]


@pytest.fixture
def postgres(emptied_postgres_url):
    """On SQLite one writer is let in at a time, so nobody can be in the middle of a change."""
    database = Database(emptied_postgres_url)
    yield database
    database.close()


@pytest.fixture
def uses():
    return Uses()


class TestCounting:
    def test_calls_and_refusals_are_kept_for_each_token_and_day(self, uses, database, cast, bobs):
        adams, _ = make_token(database, cast.adam)
        call(uses, bobs, 3)
        call(uses, bobs, at=NOON + timedelta(hours=12))
        call(uses, adams, 2)
        uses.note_refusal(adams, NOON, was_noted=False)

        uses.write(database, is_last=False)

        tomorrow = TODAY + timedelta(days=1)
        assert rows(database) == [(bobs, TODAY, 3, 0), (bobs, tomorrow, 1, 0), (adams, TODAY, 2, 1)]

    def test_later_batches_add_to_what_is_there(self, uses, database, bobs):
        for _ in range(3):
            call(uses, bobs, 2)
            uses.write(database, is_last=False)

        assert rows(database) == [(bobs, TODAY, 6, 0)]

    def test_notes_are_written_once(self, uses, database, bobs):
        call(uses, bobs)

        uses.write(database, is_last=False)
        uses.write(database, is_last=True)

        assert rows(database) == [(bobs, TODAY, 1, 0)]

    def test_f33_calls_from_many_threads_while_notes_are_written_are_all_counted(self, uses, database, bobs):
        threads = [threading.Thread(target=call, args=(uses, bobs, 2000)) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            uses.write(database, is_last=False)
        uses.write(database, is_last=True)

        assert rows(database) == [(bobs, TODAY, 8000, 0)]

    def test_f33_two_processes_that_write_the_same_tokens_lose_nothing(self, database, cast):
        ids = [make_token(database, cast.bob, f"Token {number}")[0] for number in range(20)]
        both, failed = (Uses(), Uses()), []

        def write(own, order):
            try:
                for _ in range(10):
                    for token_id in order:
                        call(own, token_id)
                    own.write(database, is_last=False)
            except Exception as error:
                failed.append(error)

        threads = [threading.Thread(target=write, args=given) for given in zip(both, (ids, ids[::-1]), strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for own in both:
            own.write(database, is_last=True)

        assert failed == []
        assert rows(database) == [(token_id, TODAY, 20, 0) for token_id in ids]

    def test_a_token_that_somebody_is_changing_waits_for_the_next_time(self, uses, postgres):
        cast = postgres.transaction(add_cast)
        bobs, adams = (make_token(postgres, person)[0] for person in (cast.bob, cast.adam))
        call(uses, bobs)
        call(uses, adams)
        with postgres.engine.begin() as connection:
            connection.execute(text("SELECT 1 FROM tokens WHERE id = :id FOR UPDATE"), {"id": bobs})
            uses.write(postgres, is_last=False)
            before = rows(postgres)
        uses.write(postgres, is_last=False)

        assert before == [(adams, TODAY, 1, 0)]
        assert rows(postgres) == [(bobs, TODAY, 1, 0), (adams, TODAY, 1, 0)]

    def test_more_tokens_than_one_transaction_takes_are_written(self, uses, database, bobs, monkeypatch):
        monkeypatch.setattr("portal.tokens.usage._IN_ONE_GO", 2)
        for number in range(5):
            call(uses, 10**6 + number)
        call(uses, bobs)

        uses.write(database, is_last=False)

        assert rows(database) == [(bobs, TODAY, 1, 0)]

    def test_a_token_that_is_gone_is_dropped_and_keeps_nobody_from_being_counted(self, uses, database, cast, bobs):
        gone, _ = make_token(database, cast.adam)
        call(uses, gone)
        call(uses, bobs)
        uses.note_refusal(gone, NOON, was_noted=False)
        with database.engine.begin() as connection:
            connection.execute(text("DELETE FROM audit_events"))
            connection.execute(delete(Token).where(Token.id == gone))

        uses.write(database, is_last=False)

        assert rows(database) == [(bobs, TODAY, 1, 0)]
        assert uses._noted == {}

    def test_notes_are_bounded_and_those_that_are_kept_count_on(self, uses):
        for token_id in range(MOST_USES + 10):
            call(uses, token_id)
        uses.note_refusal(MOST_USES + 1, NOON, was_noted=False)
        call(uses, 0)

        assert len(uses._noted) == MOST_USES
        assert uses._noted[0, TODAY.toordinal()].calls == 2

    def test_uses_that_do_not_fit_are_told_once_a_minute_and_at_the_end(self, uses, database, monkeypatch, caplog):
        monkeypatch.setattr("portal.tokens.usage.MOST_USES", 1)
        for is_last in (False, False, True):
            for token_id in range(3):
                call(uses, 10**6 + token_id)
            uses.write(database, is_last=is_last)

        assert [record.dropped for record in caplog.records] == [2, 4]


class TestRefusedLater:
    """A call that a good token made, and that was refused afterwards, is no call that was let in."""

    @staticmethod
    def refuse(uses, token_id, *, at=NOON):
        call(uses, token_id, at=at)
        uses.note_refusal(token_id, at, was_noted=True)

    def test_it_counts_as_a_refusal_alone_and_stays_the_last_use(self, uses, database, bobs):
        call(uses, bobs, at=NOON - timedelta(hours=1))
        self.refuse(uses, bobs)

        uses.write(database, is_last=False)

        assert rows(database) == [(bobs, TODAY, 1, 1)]
        assert token(database, bobs).last_used_at == NOON

    def test_a_token_that_is_only_ever_refused_was_used_all_the_same(self, uses, database, bobs):
        self.refuse(uses, bobs)

        uses.write(database, is_last=False)

        assert rows(database) == [(bobs, TODAY, 0, 1)]
        assert token(database, bobs).last_used_from == "203.0.113.7"

    def test_a_call_that_was_written_before_its_refusal_is_taken_back(self, uses, database, bobs):
        call(uses, bobs, 2)
        uses.write(database, is_last=False)
        uses.note_refusal(bobs, NOON, was_noted=True)

        uses.write(database, is_last=False)

        assert rows(database) == [(bobs, TODAY, 1, 1)]

    def test_calls_never_fall_below_zero(self, uses, database, bobs):
        for _ in range(2):
            uses.note_refusal(bobs, NOON, was_noted=True)
            uses.write(database, is_last=False)

        assert rows(database) == [(bobs, TODAY, 0, 2)]


class TestLastUse:
    def test_when_and_from_where_are_those_of_the_latest_call(self, uses, database, bobs):
        call(uses, bobs, at=NOON, address="203.0.113.7")
        call(uses, bobs, at=NOON - timedelta(hours=1), address="203.0.113.8")

        uses.write(database, is_last=False)

        found = token(database, bobs)
        assert (found.last_used_at, found.last_used_from) == (NOON, "203.0.113.7")

    def test_f33_an_older_use_of_another_process_never_overwrites_a_newer_one(self, database, bobs):
        here, there = Uses(), Uses()
        call(here, bobs, at=NOON)
        call(there, bobs, at=NOON - timedelta(seconds=1), address="203.0.113.8")

        here.write(database, is_last=False)
        there.write(database, is_last=True)

        found = token(database, bobs)
        assert (found.last_used_at, found.last_used_from) == (NOON, "203.0.113.7")
        assert rows(database) == [(bobs, TODAY, 2, 0)]

    def test_a_use_on_each_side_of_midnight_leaves_the_later_one(self, uses, database, bobs):
        late = NOON + timedelta(hours=11, minutes=59)
        call(uses, bobs, at=late)
        call(uses, bobs, at=late + timedelta(minutes=2))

        uses.write(database, is_last=False)

        assert token(database, bobs).last_used_at == late + timedelta(minutes=2)

    def test_a_refused_call_is_no_use(self, uses, database, bobs):
        uses.note_refusal(bobs, NOON, was_noted=False)

        uses.write(database, is_last=False)

        assert token(database, bobs).last_used_at is None
        assert rows(database) == [(bobs, TODAY, 0, 1)]

    def test_writing_a_use_brings_no_revoked_token_back(self, uses, database, cast, bobs):
        call(uses, bobs)
        database.transaction(lambda session: revoke_all(session, actor_of(cast.bob), user_id=cast.bob.id, now=NOON))

        uses.write(database, is_last=False)

        assert token(database, bobs).revoked_at == NOON


class TestDatabaseAway:
    @staticmethod
    def away(tmp_path):
        return Database(f"sqlite:///{tmp_path / 'gone.db'}")

    def test_what_could_not_be_written_is_written_later(self, uses, database, bobs, tmp_path):
        call(uses, bobs, 2)
        with pytest.raises(DatabaseUnavailable):
            uses.write(self.away(tmp_path), is_last=False)
        call(uses, bobs, at=NOON + timedelta(seconds=1), address="203.0.113.9")
        uses.note_refusal(bobs, NOON, was_noted=False)

        uses.write(database, is_last=False)

        assert rows(database) == [(bobs, TODAY, 3, 1)]
        assert token(database, bobs).last_used_from == "203.0.113.9"

    def test_the_parts_after_the_one_that_failed_are_kept_too(self, uses, database, bobs, tmp_path, monkeypatch):
        monkeypatch.setattr("portal.tokens.usage._IN_ONE_GO", 1)
        for token_id in (bobs, 10**6, 10**6 + 1):
            call(uses, token_id)

        with pytest.raises(DatabaseUnavailable):
            uses.write(self.away(tmp_path), is_last=False)

        assert len(uses._noted) == 3

    def test_what_is_kept_stays_within_bounds(self, uses, tmp_path):
        for token_id in range(MOST_USES):
            call(uses, token_id)
        with pytest.raises(DatabaseUnavailable):
            self.write_while(lambda: call(uses, 10**6), uses, self.away(tmp_path))

        assert len(uses._noted) == MOST_USES

    @pytest.mark.parametrize(("seconds", "last_from"), [(-1, "203.0.113.7"), (1, "203.0.113.8")])
    def test_what_came_in_meanwhile_is_added(self, uses, database, bobs, tmp_path, seconds, last_from):
        call(uses, bobs, 2)
        later = NOON + timedelta(seconds=seconds)
        with pytest.raises(DatabaseUnavailable):
            self.write_while(lambda: call(uses, bobs, at=later, address="203.0.113.8"), uses, self.away(tmp_path))

        uses.write(database, is_last=False)

        assert rows(database) == [(bobs, TODAY, 3, 0)]
        assert token(database, bobs).last_used_from == last_from

    @staticmethod
    def write_while(meanwhile, uses, database):
        class Slow:
            def transaction(self, work):
                meanwhile()
                return database.transaction(work)

        uses.write(Slow(), is_last=False)

    def test_f33_what_may_have_been_committed_is_rather_lost_than_counted_twice(self, uses, database, bobs, cast):
        adams, _ = make_token(database, cast.adam)
        call(uses, bobs)
        call(uses, adams)

        class Breaks:
            def transaction(self, work):
                database.transaction(work)
                raise OutcomeUnknown from OperationalError("COMMIT", {}, Exception())

        with pytest.raises(OutcomeUnknown):
            uses.write(Breaks(), is_last=False)
        uses.write(database, is_last=False)

        assert rows(database) == [(bobs, TODAY, 1, 0), (adams, TODAY, 1, 0)]

    def test_without_notes_the_database_is_not_asked(self, uses, tmp_path):
        uses.write(self.away(tmp_path), is_last=True)


class TestCalls:
    """What the calls themselves note."""

    def test_a_use_is_written_when_the_notes_are(self, app, database, cast):
        token_id, secret = make_token(database, cast.bob)
        works(app, secret)
        assert token(database, token_id).last_used_at is None

        running_in(app).recorder.flush()

        assert ago(minutes=1) < token(database, token_id).last_used_at
        assert rows(database) == [(token_id, utc_now().date(), 1, 0)]

    def test_where_a_call_came_from_is_noted(self, app, database, cast):
        token_id, secret = make_token(database, cast.bob)
        app.test_client().get(
            "/api/v1/me", headers={"X-Api-Token": secret}, environ_base={"REMOTE_ADDR": "203.0.113.7"}
        )

        running_in(app).recorder.flush()

        assert token(database, token_id).last_used_from == "203.0.113.7"

    def test_a_dead_token_and_one_that_is_not_enough_are_counted_as_refused(self, app, database, cast):
        dead, dead_secret = make_token(database, cast.bob, expires_at=ago(days=1))
        small, small_secret = make_token(database, cast.bob, "Small", scopes=("events:read",))
        for secret in (dead_secret, small_secret, small_secret):
            app.test_client().get("/api/v1/account", headers={"X-Api-Token": secret})

        running_in(app).recorder.flush()

        assert [(row[0], row[3]) for row in rows(database)] == [(dead, 1), (small, 2)]


class TestReading:
    @pytest.fixture
    def used(self, database, cast, bobs):
        """Bob's token was used today and a week ago, Alice's and the account's today, Charlie's too."""
        uses = Uses()
        alices, charlies = (make_token(database, person)[0] for person in (cast.alice, cast.charlie))
        accounts, _ = make_account_token(database, cast.alice)
        for token_id, times in ((bobs, 3), (alices, 2), (accounts, 5), (charlies, 7)):
            call(uses, token_id, times)
        call(uses, bobs, 4, at=NOON - timedelta(days=7))
        uses.note_refusal(bobs, NOON - timedelta(days=29), was_noted=False)
        call(uses, bobs, at=NOON - timedelta(days=30))
        uses.write(database, is_last=True)
        return {"alices": alices, "accounts": accounts}

    @staticmethod
    def counted(database, **whose):
        with database.reading() as session:
            return [(row.day, row.token_id, row.calls) for row in usage_of(session, today=TODAY, **whose)]

    def test_every_day_has_a_bar(self, database, used, bobs):
        with database.reading() as session:
            usage = usage_of_token(session, bobs, today=TODAY)

        assert len(usage.days) == CHART_DAYS
        assert (usage.days[0].day, usage.days[-1].day) == (date(2026, 10, 24), TODAY)
        assert {day.day: day.calls for day in usage.days if day.calls} == {TODAY - timedelta(days=7): 4, TODAY: 3}

    def test_a_week_is_seven_days_with_today(self, database, used, bobs):
        with database.reading() as session:
            usage = usage_of_token(session, bobs, today=TODAY)
            day_before = usage_of_token(session, bobs, today=TODAY - timedelta(days=1))

        assert (usage.calls_this_week, usage.refusals) == (3, 1)
        assert day_before.calls_this_week == 4

    def test_a_person_sees_their_own_tokens(self, database, used, cast, bobs):
        assert self.counted(database, user_id=cast.bob.id, days=8) == [
            (TODAY - timedelta(days=7), bobs, 4),
            (TODAY, bobs, 3),
        ]

    def test_an_account_sees_all_of_its_own_and_no_others(self, database, used, cast, bobs):
        assert self.counted(database, account_id=cast.alice.account_id, days=1) == [
            (TODAY, bobs, 3),
            (TODAY, used["alices"], 2),
            (TODAY, used["accounts"], 5),
        ]
