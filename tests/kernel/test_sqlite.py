"""What is SQLite's own: one file, one writer at a time."""

import sqlite3
from time import monotonic

import pytest
from sqlalchemy import text

from portal.database import Database
from portal.errors import DatabaseUnavailable
from tests.cast import add_account
from tests.kernel.conftest import file_of, names


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
