"""What the rest of the portal relies on when it writes and reads, on both databases."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import ProgrammingError, StatementError

from portal.accounts.models import Account
from portal.database import UtcDateTime, as_utc, filled_up
from portal.errors import DatabaseUnavailable, OutcomeUnknown
from tests.cast import add_account
from tests.kernel.conftest import names, terminate


class TestTransaction:
    def test_what_work_returns_comes_back_committed(self, either):
        account = either.transaction(lambda session: add_account(session, "Acme"))

        assert account.name == "Acme"
        assert names(either) == ["Acme"]

    def test_a_refusal_undoes_everything(self, either):
        def work(session):
            add_account(session, "Acme")
            raise LookupError

        with pytest.raises(LookupError):
            either.transaction(work)

        assert names(either) == []

    def test_an_unflushed_violation_is_the_works_own_and_not_an_unknown_outcome(self, either):
        def work(session):
            account = add_account(session, "Acme")
            account.name_key = None

        with pytest.raises(Exception, match=r"NOT NULL|not-null"):
            either.transaction(work)

        assert names(either) == []

    def test_a_naive_time_is_refused(self, either):
        def work(session):
            add_account(session, "Acme").created_at = datetime.fromisoformat("2026-11-22T10:00:00")

        with pytest.raises(StatementError, match="without a zone"):
            either.transaction(work)

    def test_a_time_in_another_zone_comes_back_in_utc(self, either):
        berlin = timezone(timedelta(hours=1))
        account = either.transaction(lambda session: add_account(session, "Acme"))

        def work(session):
            session.get_one(Account, account.id).created_at = datetime(2026, 11, 22, 10, tzinfo=berlin)

        either.transaction(work)

        with either.reading() as session:
            found = session.get_one(Account, account.id).created_at
        assert (found, found.utcoffset()) == (datetime(2026, 11, 22, 9, tzinfo=UTC), timedelta(0))


class TestSecondTry:
    """Real failures of PostgreSQL: `work` runs once more, on a new session, and never a third time."""

    def test_f07_a_serialization_failure_is_tried_once_more(self, postgres):
        account = postgres.transaction(lambda session: add_account(session, "Acme"))
        tries = []

        def work(session):
            tries.append(session)
            _lose_the_race(session, account.id, with_loss=len(tries) == 1)
            session.get_one(Account, account.id).name = "Acme Ltd"

        postgres.transaction(work)

        assert len(set(map(id, tries))) == 2
        assert names(postgres) == ["Acme Ltd"]

    def test_f07_a_second_failure_is_told(self, postgres):
        account = postgres.transaction(lambda session: add_account(session, "Acme"))
        tries = []

        def work(session):
            tries.append(session)
            _lose_the_race(session, account.id, with_loss=True)
            session.get_one(Account, account.id).name = "Acme Ltd"

        with pytest.raises(DatabaseUnavailable):
            postgres.transaction(work)

        assert len(tries) == 2
        assert names(postgres) == ["Quicker"]

    def test_f07_a_deadlock_is_tried_once_more(self, postgres):
        first = postgres.transaction(lambda session: add_account(session, "Acme"))
        second = postgres.transaction(lambda session: add_account(session, "Globex"))
        both_hold_one = threading.Barrier(2)
        tries = []

        def rename_both(ids):
            def work(session):
                tries.append(ids)
                _rename(session, ids[0])
                if len(tries) <= 2:
                    both_hold_one.wait(timeout=10)
                _rename(session, ids[1])

            postgres.transaction(work)

        other = threading.Thread(target=rename_both, args=[(second.id, first.id)])
        other.start()
        rename_both((first.id, second.id))
        other.join(timeout=20)

        assert len(tries) == 3
        assert names(postgres) == ["Acme!!", "Globex!!"]

    def test_any_other_failure_is_not_tried_again(self, either):
        tries = []

        def work(session):
            tries.append(1)
            session.execute(text("SELECT nothing FROM nowhere"))

        with pytest.raises((DatabaseUnavailable, ProgrammingError)):
            either.transaction(work)

        assert len(tries) == 1


def _lose_the_race(session, account_id, *, with_loss):
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    session.get_one(Account, account_id)
    if with_loss:
        with session.get_bind().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
            other.execute(update(Account).values(name="Quicker"))


def _rename(session, account_id):
    session.execute(update(Account).where(Account.id == account_id).values(name=Account.name + "!"))


class TestCommit:
    def test_a_connection_lost_before_the_commit_leaves_the_outcome_unknown(self, postgres):
        tries = []

        def work(session):
            tries.append(1)
            add_account(session, "Acme")
            terminate(postgres, session.scalar(select(func.pg_backend_pid())))

        with pytest.raises(OutcomeUnknown):
            postgres.transaction(work)

        assert len(tries) == 1
        assert names(postgres) == []

    def test_a_connection_lost_earlier_is_known_to_have_done_nothing(self, postgres):
        def work(session):
            terminate(postgres, session.scalar(select(func.pg_backend_pid())))
            add_account(session, "Acme")

        with pytest.raises(DatabaseUnavailable) as caught:
            postgres.transaction(work)

        assert not isinstance(caught.value, OutcomeUnknown)
        assert names(postgres) == []

    def test_a_commit_that_sqlite_refuses_has_changed_nothing_and_is_not_tried_again(self, sqlite):
        tries = []

        def work(session):
            tries.append(1)
            session.execute(text("PRAGMA defer_foreign_keys = ON"))
            session.execute(text("INSERT INTO sessions VALUES (1, 99, 'x', '2026-11-22', '2026-11-22', NULL)"))

        with pytest.raises(DatabaseUnavailable) as caught:
            sqlite.transaction(work)

        assert not isinstance(caught.value, OutcomeUnknown)
        assert len(tries) == 1
        assert sqlite.transaction(lambda session: session.scalar(text("SELECT count(*) FROM sessions"))) == 0

    def test_a_row_that_stays_locked_is_given_up_on_postgresql(self, postgres):
        account = postgres.transaction(lambda session: add_account(session, "Acme"))
        with postgres.engine.begin() as other:
            other.execute(select(Account.id).with_for_update())
            with pytest.raises(DatabaseUnavailable):
                postgres.transaction(lambda session: _rename(session, account.id))

        assert names(postgres) == ["Acme"]


class TestReading:
    def test_readers_do_not_wait_for_a_writer(self, either):
        def work(session):
            add_account(session, "Acme")
            return names(either)

        assert either.transaction(work) == []

    def test_what_only_reads_cannot_write_on_postgresql(self, postgres):
        with pytest.raises(DatabaseUnavailable), postgres.reading() as session:
            add_account(session, "Acme")

        assert names(postgres) == []

    def test_a_snapshot_does_not_see_what_is_committed_meanwhile(self, either):
        either.transaction(lambda session: add_account(session, "Acme"))
        with either.snapshot() as session:
            before = session.scalar(select(func.count(Account.id)))
            either.transaction(lambda session: add_account(session, "Globex"))

            assert (before, session.scalar(select(func.count(Account.id)))) == (1, 1)
        assert names(either) == ["Acme", "Globex"]

    def test_what_was_changed_while_reading_is_not_kept(self, sqlite):
        with sqlite.reading() as session:
            add_account(session, "Acme")

        assert names(sqlite) == []


def test_an_error_does_not_carry_the_values_along(either):
    def work(session):
        session.execute(text("INSERT INTO accounts (name) VALUES (:name)"), {"name": "Acme the confidential"})

    with pytest.raises(Exception, match="INSERT") as caught:
        either.transaction(work)

    assert "VALUES" in str(caught.value)
    assert "parameters hidden" in str(caught.value)


def test_a_text_from_sqlite_is_utc():
    assert as_utc("2026-11-22 10:00:00") == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_a_naive_time_is_refused_by_the_column_itself():
    with pytest.raises(ValueError, match="without a zone"):
        UtcDateTime().process_bind_param(datetime.fromisoformat("2026-11-22T10:00:00"), None)


def test_closing_gives_all_connections_back(either):
    names(either)
    assert either.engine.pool.checkedin() == 1

    either.close()

    assert either.engine.pool.checkedin() == 0


def test_an_in_is_filled_up_to_few_lengths_and_asks_for_the_same():
    asked = {count: filled_up(list(range(count))) for count in range(600)}

    assert all(set(asked[count]) == set(range(count)) for count in asked)
    assert {len(ids) for ids in asked.values()} == {0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024}
