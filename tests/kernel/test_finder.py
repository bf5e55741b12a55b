"""What finds a row by its key, as every check does."""

import sqlite3
import threading
from time import monotonic

import pytest
from sqlalchemy import text

from portal.authentication.rows import COLUMNS, SQLITE_TABLES
from portal.errors import DatabaseUnavailable
from tests.cast import add_account
from tests.kernel.conftest import file_of

BACKEND = ("pg_backend_pid()", "FROM (VALUES ('here')) AS one(place)", "place")
SILENT_SECONDS = 3


@pytest.fixture(autouse=True)
def acme(request):
    for name in {"either", "sqlite", "postgres"} & set(request.fixturenames):
        request.getfixturevalue(name).transaction(lambda session: add_account(session, "Acme"))


def by_name(database):
    return database.lookup.finder("name_key, id", "FROM accounts", "name")


def test_it_finds_by_text_and_by_number_and_does_not_find(either):
    by_id = either.lookup.finder("name", "FROM accounts", "id")
    name_key, account_id = by_name(either)("Acme")

    assert (name_key, by_id(str(account_id))) == ("acme", ("Acme",))
    assert by_name(either)("Globex") is None
    assert by_id("0") is None


def test_it_sees_the_last_commit_at_once(either):
    find = by_name(either)
    assert find("Globex") is None

    either.transaction(lambda session: add_account(session, "Globex"))

    assert find("Globex")[0] == "globex"


def test_a_row_that_was_found_leaves_no_transaction_open(sqlite):
    assert by_name(sqlite)("Acme")
    sqlite.transaction(lambda session: add_account(session, "Globex"))

    with sqlite3.connect(file_of(sqlite)) as other:
        (was_busy, *_) = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    other.close()

    assert was_busy == 0


def test_all_threads_share_a_connection_and_each_gets_its_own_answer(postgres):
    for number in range(8):
        postgres.transaction(lambda session, name=f"Acme {number}": add_account(session, name))
    find, before = by_name(postgres), connections(postgres)

    answers = in_threads(8, lambda number: {find(f"Acme {number}")[0] for _ in range(100)})

    assert sorted(answers) == [[f"acme {number}"] for number in range(8)]
    assert connections(postgres) - before == 1


def in_threads(count, work):
    """What `work` returned in that many threads at once, each sorted."""
    answers = []
    threads = [threading.Thread(target=lambda at: answers.append(sorted(work(at))), args=(at,)) for at in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return answers


def connections(database):
    with database.engine.connect() as connection:
        here = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        return connection.scalar(text(here))


def test_many_keys_are_found_by_index_however_few_rows_there_are(postgres):
    asked = "SELECT t.digest, u.role FROM tokens t LEFT JOIN users u ON u.id = t.user_id WHERE t.digest = ANY($1)"
    (plan,) = postgres.lookup.fetch_one(f"EXPLAIN (FORMAT JSON) {asked}", "{a,b,c}")

    assert "Seq Scan" not in str(plan)
    assert "Index" in str(plan)


def test_on_sqlite_a_check_does_not_look_into_the_table_of_tokens(sqlite):
    check = f"EXPLAIN QUERY PLAN SELECT {COLUMNS} {SQLITE_TABLES} WHERE t.digest = 'a'"
    with sqlite.engine.connect() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(check)]

    assert plan[0] == "SEARCH t USING COVERING INDEX ix_tokens_check (digest=?)"


def test_f11_a_connection_that_was_cut_is_opened_again(postgres):
    find = by_name(postgres)
    find("Acme")
    with postgres.engine.connect() as other:
        others = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid != pg_backend_pid()")
        other.execute(others).all()

    assert find("Acme")[0] == "acme"


def test_f04_all_who_wait_for_a_frozen_server_are_refused_in_time_and_answered_once_it_runs(own_server):
    database, freeze, thaw = own_server
    find = database.lookup.finder(*BACKEND)
    freeze(find("here")[0])

    waited = in_threads(4, lambda _number: [seconds_until_refused(find)])
    thaw()

    assert max(*waited)[0] < SILENT_SECONDS
    assert find("here")


def seconds_until_refused(find):
    started = monotonic()
    with pytest.raises(DatabaseUnavailable):
        find("here")
    return monotonic() - started
