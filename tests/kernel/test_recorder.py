"""What is noted in a request is written soon, in batches, and never costs the request anything."""

import threading
from time import monotonic, sleep

import pytest
from sqlalchemy import select

from portal.accounts.models import User, UserSession
from portal.accounts.refusals import Refusals
from portal.accounts.sessions import Touches, end_session, start_session
from portal.audit import Action, Actor, ActorKind, AuditEvent
from portal.clock import utc_now
from portal.database import Database
from portal.errors import DatabaseUnavailable
from portal.metrics import WRITES, Counts, fresh_folder
from portal.recorder import FLUSH_SECONDS, MOST_NOTES, Recorder
from portal.tokens.models import Token
from portal.tokens.usage import Uses
from tests.builders import actor_of, ago, make_token
from tests.full_disk import disk_of


class Counted:
    """A batch that counts how often it was written."""

    name = "counted"

    def __init__(self):
        self.written = []

    def write(self, database, *, is_last):
        self.written.append(is_last)


class Broken(Counted):
    """A batch whose first notes cannot be written."""

    error: type[Exception] = DatabaseUnavailable

    def write(self, database, *, is_last):
        super().write(database, is_last=is_last)
        if len(self.written) == 1:
            raise self.error


class BrokenOtherwise(Broken):
    error = ZeroDivisionError


class Uncountable(Counted):
    """A batch that cannot be counted: its name is no word."""

    def __init__(self):
        super().__init__()
        self.name = []


@pytest.fixture
def recorder(database):
    recorder = Recorder(database)
    yield recorder
    recorder.stop()


def last_used(database, token_id):
    with database.reading() as session:
        return session.get_one(Token, token_id).last_used_at


def events(database):
    with database.reading() as session:
        return list(session.scalars(select(AuditEvent).where(AuditEvent.outcome == "refused").order_by(AuditEvent.id)))


class TestThread:
    def test_notes_are_written_within_the_flush_time(self, recorder, database, cast):
        token_id, _ = make_token(database, cast.bob)
        at = utc_now()

        recorder.batch(Uses).note_call(token_id, at, None)
        until = monotonic() + FLUSH_SECONDS + 2
        while last_used(database, token_id) is None and monotonic() < until:
            sleep(0.05)

        assert last_used(database, token_id) == at

    def test_no_thread_runs_before_the_first_note(self, database):
        before = set(threading.enumerate())
        recorder = Recorder(database)
        recorder.flush()

        assert not set(threading.enumerate()) - before
        recorder.stop()

    def test_one_thread_writes_all_kinds(self, recorder):
        before = set(threading.enumerate())
        recorder.batch(Counted)
        recorder.batch(Uses)

        assert len(set(threading.enumerate()) - before) == 1
        assert recorder.batch(Counted) is recorder.batch(Counted)

    def test_what_is_left_is_written_at_stop(self, database, cast):
        recorder = Recorder(database)
        token_id, _ = make_token(database, cast.bob)
        recorder.batch(Uses).note_call(token_id, utc_now(), None)

        started = monotonic()
        recorder.stop()

        assert last_used(database, token_id) is not None
        assert monotonic() - started < FLUSH_SECONDS

    def test_the_last_writing_knows_that_it_is(self, recorder):
        batch = recorder.batch(Counted)
        recorder.flush()
        recorder.stop()

        assert batch.written == [False, True]

    @pytest.mark.parametrize(
        ("kind", "said"), [(Broken, "notes not written, the database is away"), (BrokenOtherwise, "notes lost")]
    )
    def test_a_batch_that_fails_stops_no_other_and_is_said_in_the_log(self, kind, said, recorder, caplog):
        broken, other = recorder.batch(kind), recorder.batch(Counted)

        recorder.flush()
        recorder.flush()

        assert (len(broken.written), len(other.written)) == (2, 2)
        assert [record.message for record in caplog.records] == [said]

    def test_a_batch_that_cannot_be_counted_stops_no_other(self, recorder, caplog):
        uncountable, other = recorder.batch(Uncountable), recorder.batch(Counted)

        recorder.flush()

        assert (len(uncountable.written), len(other.written)) == (1, 1)
        assert [record.message for record in caplog.records] == ["notes lost"]

    def test_f08_numbers_that_have_no_room_keep_no_note_from_being_written(self, database, cast, tmp_path):
        token_id, _ = make_token(database, cast.bob)
        folder = fresh_folder(tmp_path, "full")
        with disk_of(folder, room=0):
            recorder = Recorder(database, counts := Counts(folder))
            recorder.batch(Uses).note_call(token_id, utc_now(), None)
            recorder.flush()
            recorder.stop()

        assert last_used(database, token_id) is not None
        assert counts.total() == ({(WRITES, "uses", "written"): 2}, 1)

    def test_a_database_that_stays_away_is_said_once_a_minute_and_at_the_end(self, tmp_path, caplog):
        recorder = Recorder(Database(f"sqlite:///{tmp_path / 'gone.db'}"))
        recorder.batch(Uses).note_call(1, utc_now(), None)

        for _ in range(3):
            recorder.flush()
        said = len(caplog.records)
        recorder.stop()

        assert (said, len(caplog.records)) == (1, 2)

    def test_a_database_that_is_away_loses_no_call(self, tmp_path):
        recorder = Recorder(Database(f"sqlite:///{tmp_path / 'gone.db'}"))
        uses = recorder.batch(Uses)

        uses.note_call(1, utc_now(), None)
        recorder.flush()
        uses.note_call(1, utc_now(), None)
        recorder.stop()


class TestUses:
    def test_a_token_that_is_gone_costs_nothing(self, recorder, database, cast):
        token_id, _ = make_token(database, cast.bob)
        uses = recorder.batch(Uses)
        uses.note_call(99_999, utc_now(), None)
        uses.note_call(token_id, utc_now(), None)

        recorder.flush()

        assert last_used(database, token_id) is not None

    def test_time_never_runs_backwards(self, recorder, database, cast):
        token_id, _ = make_token(database, cast.bob)
        now = utc_now()
        for at in (now, ago(hours=1)):
            recorder.batch(Uses).note_call(token_id, at, None)
            recorder.flush()

        assert last_used(database, token_id) == now

    def test_more_tokens_than_fit_are_dropped(self, database, cast, monkeypatch):
        monkeypatch.setattr("portal.tokens.usage.MOST_USES", 10)
        token_id, _ = make_token(database, cast.bob)
        uses = Uses()
        for number in range(10):
            uses.note_call(1_000_000 + number, utc_now(), None)

        uses.note_call(token_id, utc_now(), None)
        uses.write(database, is_last=True)

        assert last_used(database, token_id) is None

    def test_nothing_noted_opens_no_transaction(self, tmp_path):
        Uses().write(Database(f"sqlite:///{tmp_path / 'gone.db'}"), is_last=True)


class TestTouches:
    @pytest.fixture
    def session_row(self, database, cast):
        """A session of Bob's, last used an hour ago."""

        def start(session):
            start_session(session, session.get_one(User, cast.bob.id), now=ago(hours=1))
            return session.scalars(select(UserSession)).one()

        return database.transaction(start)

    @staticmethod
    def last_used(database):
        with database.reading() as session:
            return session.scalars(select(UserSession.last_used_at)).one()

    def test_a_use_is_written(self, database, session_row):
        now = utc_now()
        touches = Touches()
        touches.note(session_row.id, now)

        touches.write(database, is_last=False)

        assert self.last_used(database) == now

    def test_time_never_runs_backwards(self, database, session_row):
        touches = Touches()
        touches.note(session_row.id, ago(hours=2))

        touches.write(database, is_last=False)

        assert self.last_used(database) == session_row.last_used_at

    def test_a_session_that_has_ended_stays_as_it_was(self, database, session_row):
        database.transaction(lambda session: end_session(session, session_row.id, now=utc_now()))
        touches = Touches()
        touches.note(session_row.id, utc_now())

        touches.write(database, is_last=False)

        assert self.last_used(database) == session_row.last_used_at


class TestRefusals:
    @staticmethod
    def note(refusals, person, *, detail="forbidden", at=None, **more):
        actor = Actor(ActorKind.USER, person.account_id, person.id, person.name, **more)
        refusals.note(Action.CALL_REFUSED, actor, account_id=person.account_id, detail=detail, at=at or ago(minutes=5))

    def test_one_row_for_a_principal_an_action_and_a_minute_with_its_count(self, database, cast):
        refusals = Refusals()
        at = ago(minutes=5).replace(second=10)
        for second in (0, 20, 40):
            self.note(refusals, cast.bob, at=at.replace(second=second))

        refusals.write(database, is_last=False)

        (row,) = events(database)
        assert (row.count, row.at, row.detail) == (3, at.replace(second=0, microsecond=0), "forbidden")

    def test_many_addresses_make_one_row(self, database, cast):
        refusals = Refusals()
        at = ago(minutes=5)
        for number in range(20):
            self.note(refusals, cast.bob, address=f"203.0.113.{number}", at=at)

        refusals.write(database, is_last=False)

        assert [row.count for row in events(database)] == [20]

    def test_people_and_minutes_are_told_apart(self, database, cast):
        refusals = Refusals()
        at = ago(minutes=5)
        self.note(refusals, cast.bob, at=at)
        self.note(refusals, cast.adam, at=at)
        self.note(refusals, cast.charlie, at=at)
        self.note(refusals, cast.bob, at=ago(minutes=9))

        refusals.write(database, is_last=False)

        assert sorted(row.actor_name for row in events(database)) == ["Adam", "Bob", "Bob", "Charlie"]

    def test_a_minute_that_is_not_over_waits(self, database, cast):
        refusals = Refusals()
        self.note(refusals, cast.bob, at=utc_now())

        refusals.write(database, is_last=False)
        assert events(database) == []
        refusals.write(database, is_last=True)

        assert [row.count for row in events(database)] == [1]

    def test_a_row_is_written_once(self, database, cast):
        refusals = Refusals()
        self.note(refusals, cast.bob)

        refusals.write(database, is_last=False)
        refusals.write(database, is_last=True)

        assert len(events(database)) == 1

    def test_notes_are_bounded(self, database, cast):
        refusals = Refusals()
        at = ago(minutes=5)
        for number in range(MOST_NOTES):
            refusals.note(Action.CALL_REFUSED, actor_of(cast.bob), account_id=99, detail=str(number), at=at)
        self.note(refusals, cast.bob, at=at)

        with pytest.raises(Exception, match="nothing here"):
            refusals.write(database, is_last=True)

        assert events(database) == []
