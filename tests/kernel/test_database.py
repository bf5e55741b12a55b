"""What the rest of the portal relies on when it writes and reads, on both databases."""

import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import ProgrammingError, StatementError

from portal.accounts.models import Account
from portal.database import Database, UtcDateTime, as_utc
from portal.errors import DatabaseUnavailable, OutcomeUnknown
from tests.cast import add_account

NAMES = select(Account.name).order_by(Account.id)


@pytest.fixture
def database(database_url):
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def sqlite(sqlite_template, tmp_path):
    path = tmp_path / "portal.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def postgres(emptied_postgres_url):
    database = Database(emptied_postgres_url)
    yield database
    database.close()


def names(database):
    with database.reading() as session:
        return list(session.scalars(NAMES))


def file_of(database):
    return Path(str(database.url.database))


class TestTransaction:
    def test_what_work_returns_comes_back_committed(self, database):
        account = database.transaction(lambda session: add_account(session, "Acme"))

        assert account.name == "Acme"
        assert names(database) == ["Acme"]

    def test_a_refusal_undoes_everything(self, database):
        def work(session):
            add_account(session, "Acme")
            raise LookupError

        with pytest.raises(LookupError):
            database.transaction(work)

        assert names(database) == []

    def test_an_unflushed_violation_is_the_works_own_and_not_an_unknown_outcome(self, database):
        def work(session):
            account = add_account(session, "Acme")
            account.name_key = None

        with pytest.raises(Exception, match=r"NOT NULL|not-null"):
            database.transaction(work)

        assert names(database) == []

    def test_a_naive_time_is_refused(self, database):
        def work(session):
            add_account(session, "Acme").created_at = datetime.fromisoformat("2026-11-22T10:00:00")

        with pytest.raises(StatementError, match="without a zone"):
            database.transaction(work)

    def test_a_time_in_another_zone_comes_back_in_utc(self, database):
        berlin = timezone(timedelta(hours=1))
        account = database.transaction(lambda session: add_account(session, "Acme"))

        def work(session):
            session.get_one(Account, account.id).created_at = datetime(2026, 11, 22, 10, tzinfo=berlin)

        database.transaction(work)

        with database.reading() as session:
            found = session.get_one(Account, account.id).created_at
        assert (found, found.utcoffset()) == (datetime(2026, 11, 22, 9, tzinfo=UTC), timedelta(0))


class TestSecondTry:
    """Real failures of PostgreSQL: `work` runs once more, on a new session, and never a third time."""

    def test_a_serialization_failure_is_tried_once_more(self, postgres):
        account = postgres.transaction(lambda session: add_account(session, "Acme"))
        tries = []

        def work(session):
            tries.append(session)
            _lose_the_race(session, account.id, with_loss=len(tries) == 1)
            session.get_one(Account, account.id).name = "Acme Ltd"

        postgres.transaction(work)

        assert len(set(map(id, tries))) == 2
        assert names(postgres) == ["Acme Ltd"]

    def test_a_second_failure_is_told(self, postgres):
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

    def test_a_deadlock_is_tried_once_more(self, postgres):
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

    def test_any_other_failure_is_not_tried_again(self, database):
        tries = []

        def work(session):
            tries.append(1)
            session.execute(text("SELECT nothing FROM nowhere"))

        with pytest.raises((DatabaseUnavailable, ProgrammingError)):
            database.transaction(work)

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

    def test_a_commit_that_sqlite_refuses_is_not_tried_again(self, sqlite):
        tries = []

        def work(session):
            tries.append(1)
            session.execute(text("PRAGMA defer_foreign_keys = ON"))
            session.execute(text("INSERT INTO sessions VALUES (1, 99, 'x', '2026-11-22', '2026-11-22', NULL)"))

        with pytest.raises(OutcomeUnknown):
            sqlite.transaction(work)

        assert len(tries) == 1
        assert sqlite.transaction(lambda session: session.scalar(text("SELECT count(*) FROM sessions"))) == 0


def terminate(database, pid):
    with database.engine.connect() as other:
        other.execute(select(func.pg_terminate_backend(pid, 5000)))


class TestReading:
    def test_readers_do_not_wait_for_a_writer(self, database):
        def work(session):
            add_account(session, "Acme")
            return names(database)

        assert database.transaction(work) == []

    def test_what_only_reads_cannot_write_on_postgresql(self, postgres):
        with pytest.raises(DatabaseUnavailable), postgres.reading() as session:
            add_account(session, "Acme")

        assert names(postgres) == []

    def test_what_was_changed_while_reading_is_not_kept(self, sqlite):
        with sqlite.reading() as session:
            add_account(session, "Acme")

        assert names(sqlite) == []


class TestSqlite:
    @pytest.mark.parametrize(
        ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)]
    )
    def test_every_connection_is_prepared(self, pragma, value, sqlite):
        def ask(session):
            return session.scalar(text(f"PRAGMA {pragma}"))

        with sqlite.reading() as session:
            assert ask(session) == value
        assert sqlite.transaction(ask) == value

    def test_a_writer_locks_from_its_first_moment(self, sqlite):
        def work(session):
            session.connection()
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                _begin_at_once(file_of(sqlite))

        sqlite.transaction(work)

    def test_a_missing_file_is_unavailable_and_is_not_made(self, tmp_path):
        database = Database(f"sqlite:///{tmp_path / 'gone.db'}")

        with pytest.raises(DatabaseUnavailable):
            names(database)
        with pytest.raises(DatabaseUnavailable):
            database.transaction(lambda session: add_account(session, "Acme"))

        assert list(tmp_path.iterdir()) == []

    def test_a_file_that_was_moved_away_is_missed_at_once(self, sqlite):
        sqlite.transaction(lambda session: add_account(session, "Acme"))
        file_of(sqlite).rename(file_of(sqlite).with_suffix(".moved"))

        with pytest.raises(DatabaseUnavailable):
            names(sqlite)
        with pytest.raises(DatabaseUnavailable):
            sqlite.transaction(lambda session: add_account(session, "Globex"))

    def test_a_file_that_came_back_is_used_again(self, sqlite):
        sqlite.transaction(lambda session: add_account(session, "Acme"))
        moved = file_of(sqlite).rename(file_of(sqlite).with_suffix(".moved"))
        with pytest.raises(DatabaseUnavailable):
            names(sqlite)

        moved.rename(file_of(sqlite))

        assert names(sqlite) == ["Acme"]

    def test_a_file_that_is_no_database_is_unavailable(self, tmp_path):
        path = tmp_path / "portal.db"
        path.write_text("This is a shopping list and no database at all." * 100)

        with pytest.raises(DatabaseUnavailable):
            names(Database(f"sqlite:///{path}"))


def _begin_at_once(path):
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
    finally:
        connection.close()


HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


@pytest.fixture
def locked_for(sqlite):
    """Another process writes to the file for that many seconds."""
    processes = []

    def lock(seconds):
        command = [sys.executable, "-c", HOLD, str(file_of(sqlite)), str(seconds)]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert processes[-1].stdout.readline() == "held\n"

    yield lock
    for process in processes:
        process.kill()
        process.communicate()


class TestAnotherWriter:
    def test_a_lock_of_two_seconds_is_waited_out(self, sqlite, locked_for):
        locked_for(2)

        sqlite.transaction(lambda session: add_account(session, "Acme"))

        assert names(sqlite) == ["Acme"]

    def test_a_lock_of_half_a_minute_is_not(self, sqlite, locked_for):
        locked_for(30)
        started = monotonic()

        with pytest.raises(DatabaseUnavailable):
            sqlite.transaction(lambda session: add_account(session, "Acme"))

        assert 4 < monotonic() - started < 8
        assert names(sqlite) == []

    def test_a_row_that_stays_locked_is_given_up_on_postgresql(self, postgres):
        account = postgres.transaction(lambda session: add_account(session, "Acme"))
        with postgres.engine.begin() as other:
            other.execute(select(Account.id).with_for_update())
            with pytest.raises(DatabaseUnavailable):
                postgres.transaction(lambda session: _rename(session, account.id))

        assert names(postgres) == ["Acme"]


class TestLookup:
    """The read of every call, on a connection that each thread holds."""

    @staticmethod
    def ask(database, name="Acme"):
        row = database.lookup.fetch_one(f"SELECT name FROM accounts WHERE name = {database.lookup.placeholder}", name)
        return row and row[0]

    @pytest.fixture(autouse=True)
    def acme(self, request):
        for name in {"database", "sqlite", "postgres"} & set(request.fixturenames):
            request.getfixturevalue(name).transaction(lambda session: add_account(session, "Acme"))

    def test_it_finds_and_does_not_find(self, database):
        assert self.ask(database) == "Acme"
        assert self.ask(database, "Globex") is None

    def test_it_sees_the_last_commit_at_once(self, database):
        assert self.ask(database, "Globex") is None

        database.transaction(lambda session: add_account(session, "Globex"))

        assert self.ask(database, "Globex") == "Globex"

    def test_it_cannot_write(self, sqlite):
        with pytest.raises(DatabaseUnavailable):
            sqlite.lookup.fetch_one("DELETE FROM accounts WHERE name = ?", "Acme")

        assert names(sqlite) == ["Acme"]

    def test_f11_a_connection_that_was_cut_is_opened_again(self, postgres):
        self.ask(postgres)
        with postgres.engine.connect() as other:
            others = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid != pg_backend_pid()")
            other.execute(others).all()

        assert self.ask(postgres) == "Acme"

    def test_f11_pooled_connections_that_were_cut_are_opened_again(self, postgres):
        with postgres.engine.connect() as one, postgres.engine.connect() as two:
            pid = one.scalar(select(func.pg_backend_pid()))
            two.execute(select(func.pg_terminate_backend(pid, 5000)))
            one.invalidate()

        assert [names(postgres) for _ in range(3)] == [["Acme"]] * 3

    def test_a_server_that_is_away_is_told(self):
        database = Database("postgresql://portal@127.0.0.1:1/portal")
        started = monotonic()

        with pytest.raises(DatabaseUnavailable):
            self.ask(database)
        with pytest.raises(DatabaseUnavailable):
            names(database)

        assert monotonic() - started < 6

    def test_f04_a_missing_file_is_never_an_unknown_token(self, sqlite):
        self.ask(sqlite)
        file_of(sqlite).unlink()

        with pytest.raises(DatabaseUnavailable):
            self.ask(sqlite)
        assert not file_of(sqlite).exists()

    def test_a_file_that_was_replaced_is_opened_anew(self, sqlite, sqlite_template):
        self.ask(sqlite)
        other = file_of(sqlite).with_suffix(".restored")
        other.write_bytes(sqlite_template.read_bytes())
        other.rename(file_of(sqlite))
        for leftover in ("-wal", "-shm"):
            Path(f"{file_of(sqlite)}{leftover}").unlink(missing_ok=True)

        assert self.ask(sqlite) is None

    def test_it_answers_while_another_process_writes(self, sqlite, locked_for):
        locked_for(30)
        started = monotonic()

        assert self.ask(sqlite) == "Acme"
        assert monotonic() - started < 1

    def test_each_thread_holds_its_own(self, database):
        self.ask(database)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.ask_and_close(database))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert answers == ["Acme"] * 4

    def ask_and_close(self, database):
        found = self.ask(database)
        database.lookup.close()
        return found


def test_an_error_does_not_carry_the_values_along(database):
    def work(session):
        session.execute(text("INSERT INTO accounts (name) VALUES (:name)"), {"name": "Acme the confidential"})

    with pytest.raises(Exception, match="INSERT") as caught:
        database.transaction(work)

    assert "VALUES" in str(caught.value)
    assert "parameters hidden" in str(caught.value)


def test_a_text_from_sqlite_is_utc():
    assert as_utc("2026-11-22 10:00:00") == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_a_naive_time_is_refused_by_the_column_itself():
    with pytest.raises(ValueError, match="without a zone"):
        UtcDateTime().process_bind_param(datetime.fromisoformat("2026-11-22T10:00:00"), None)


def test_closing_gives_all_connections_back(database):
    names(database)
    assert database.engine.pool.checkedin() == 1

    database.close()

    assert database.engine.pool.checkedin() == 0
