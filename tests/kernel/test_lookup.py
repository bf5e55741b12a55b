"""The read of every call, on a connection that each thread holds."""

import socket
import threading
from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import func, select, text

from portal.database import Database
from portal.errors import DatabaseUnavailable
from portal.lookup import LOOK_SECONDS
from tests.cast import add_account
from tests.kernel.conftest import file_of, names


def ask(either, name="Acme"):
    row = either.lookup.fetch_one(f"SELECT name FROM accounts WHERE name = {either.lookup.placeholder}", name)
    return row and row[0]


@pytest.fixture(autouse=True)
def acme(request):
    for name in {"either", "sqlite", "postgres"} & set(request.fixturenames):
        request.getfixturevalue(name).transaction(lambda session: add_account(session, "Acme"))


def test_it_finds_and_does_not_find(either):
    assert ask(either) == "Acme"
    assert ask(either, "Globex") is None


def test_it_sees_the_last_commit_at_once(either):
    assert ask(either, "Globex") is None

    either.transaction(lambda session: add_account(session, "Globex"))

    assert ask(either, "Globex") == "Globex"


def test_it_cannot_write(sqlite):
    with pytest.raises(DatabaseUnavailable):
        sqlite.lookup.fetch_one("DELETE FROM accounts WHERE name = ?", "Acme")

    assert names(sqlite) == ["Acme"]


def test_it_keeps_as_much_of_the_file_as_it_is_told_and_is_never_stale(sqlite):
    roomy = Database(sqlite.url.render_as_string(hide_password=False), kept_kib=4000)
    assert roomy.lookup.fetch_one("SELECT cache_size FROM pragma_cache_size WHERE ?", "1") == (-4000,)
    assert ask(roomy, "Globex") is None

    sqlite.transaction(lambda session: add_account(session, "Globex"))

    assert ask(roomy, "Globex") == "Globex"
    roomy.close()


def test_it_goes_by_indexes_however_few_rows_there_are(postgres):
    joined = "SELECT a.name FROM users u JOIN accounts a ON a.id = u.account_id WHERE u.email_key = $1"
    (plan,) = postgres.lookup.fetch_one(f"EXPLAIN (FORMAT JSON) {joined}", "alice@acme.example")

    assert kinds_of_step(plan[0]["Plan"]) == {"Nested Loop", "Index Scan"}


def kinds_of_step(step):
    return {step["Node Type"]}.union(*(kinds_of_step(below) for below in step.get("Plans", ())))


def test_f11_a_connection_that_was_cut_is_opened_again(postgres):
    ask(postgres)
    with postgres.engine.connect() as other:
        others = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid != pg_backend_pid()")
        other.execute(others).all()

    assert ask(postgres) == "Acme"


def test_f11_pooled_connections_that_were_cut_are_opened_again(postgres):
    with postgres.engine.connect() as one, postgres.engine.connect() as two:
        pid = one.scalar(select(func.pg_backend_pid()))
        two.execute(select(func.pg_terminate_backend(pid, 5000)))
        one.invalidate()

    assert [names(postgres) for _ in range(3)] == [["Acme"]] * 3


def test_a_server_that_is_away_is_told():
    away = Database("postgresql://portal@127.0.0.1:1/portal")
    started = monotonic()

    with pytest.raises(DatabaseUnavailable):
        ask(away)
    with pytest.raises(DatabaseUnavailable):
        names(away)

    assert monotonic() - started < 6


def echo(database):
    row = database.lookup.fetch_one("SELECT $1::text", "here")
    return row and row[0]


def seconds_until_refused(database):
    started = monotonic()
    with pytest.raises(DatabaseUnavailable):
        echo(database)
    return monotonic() - started


def test_f04_a_server_that_takes_connections_and_says_nothing_is_waited_for_once():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        away = Database(f"postgresql://portal@127.0.0.1:{silent.getsockname()[1]}/portal")

        assert seconds_until_refused(away) < 3


def test_f04_a_frozen_server_is_given_up_in_time_and_answers_again_once_it_runs(own_server):
    database, freeze, thaw = own_server
    assert echo(database) == "here"

    freeze(database.lookup.fetch_one("SELECT pg_backend_pid(), $1::text", "")[0])
    on_the_held_connection, on_a_new_one = seconds_until_refused(database), seconds_until_refused(database)
    thaw()

    assert max(on_the_held_connection, on_a_new_one) < 3
    assert echo(database) == "here"


def test_f04_a_missing_file_is_never_an_unknown_token(sqlite):
    ask(sqlite)
    file_of(sqlite).unlink()
    sleep(LOOK_SECONDS)

    with pytest.raises(DatabaseUnavailable):
        ask(sqlite)
    assert not file_of(sqlite).exists()


def test_a_file_that_was_replaced_is_opened_anew(sqlite, sqlite_template):
    ask(sqlite)
    other = file_of(sqlite).with_suffix(".restored")
    other.write_bytes(sqlite_template.read_bytes())
    other.rename(file_of(sqlite))
    for leftover in ("-wal", "-shm"):
        Path(f"{file_of(sqlite)}{leftover}").unlink(missing_ok=True)
    sleep(LOOK_SECONDS)

    assert ask(sqlite) is None


def test_a_file_that_was_replaced_is_noticed_by_readers_in_a_moment_and_by_writers_at_once(sqlite, sqlite_template):
    ask(sqlite)
    file_of(sqlite).unlink()

    with pytest.raises(DatabaseUnavailable):
        sqlite.transaction(lambda session: add_account(session, "Globex"))
    started = monotonic()
    while ask_or_none(sqlite) is not None:
        assert monotonic() - started < LOOK_SECONDS + 1


def ask_or_none(either):
    try:
        return ask(either)
    except DatabaseUnavailable:
        return None


def test_it_answers_while_another_process_writes(sqlite, locked_for):
    locked_for(30)
    started = monotonic()

    assert ask(sqlite) == "Acme"
    assert monotonic() - started < 3


def test_each_thread_holds_its_own(either):
    ask(either)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask_and_close(either))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == ["Acme"] * 4


def ask_and_close(either):
    found = ask(either)
    either.lookup.close()
    return found
