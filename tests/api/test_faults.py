"""Bad times: the database away or locked, and faults of our own. A good token is never told that it is bad."""

import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import text

from portal.accounts.service import lock_account
from portal.errors import OutcomeUnknown
from portal.tokens.secret import make_secret
from tests.api.calls import ME, TOKENS, Program, code
from tests.authentication.test_authenticator import unreachable
from tests.builders import make_token
from tests.conftest import settings_for


@pytest.fixture
def away(make_app, settings, tmp_path):
    """A program whose portal cannot reach its database."""
    return Program(make_app(settings_for(unreachable(settings, tmp_path), tmp_path)), make_secret("pat").reveal())


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ME), ("GET", TOKENS), ("POST", TOKENS), ("DELETE", f"{TOKENS}/self")]
)
def test_f04_without_the_database_the_answer_is_503_never_401(away, method, path):
    started = monotonic()
    answer = away.call(method, path, json={"name": "x"})

    assert (answer.status_code, code(answer), answer.headers["Retry-After"]) == (503, "unavailable", "5")
    assert "WWW-Authenticate" not in answer.headers
    assert monotonic() - started < 3


def test_f04_what_needs_no_database_is_answered_all_the_same(away):
    assert code(away.with_token(None).get()) == "token_missing"
    assert code(away.with_token("x").get()) == "token_malformed"


def test_f04_connections_that_broke_are_opened_again(alices, database):
    assert alices.get().status_code == 200
    break_connections(database)

    assert alices.get().status_code == 200
    assert alices.get(TOKENS).status_code == 200


def break_connections(database):
    """Cuts every connection on PostgreSQL; on SQLite puts a copy of the file in the place of the one held open."""
    if database.is_sqlite:
        path = Path(database.url.database)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
        shutil.copy(path, path.with_suffix(".copy"))
        path.with_suffix(".copy").replace(path)
        return
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
    )
    with database.engine.connect() as connection:
        connection.execute(text(others))


def test_f06_while_a_writer_holds_the_lock_reads_go_on_and_writes_are_told_to_wait(alices, database, cast, row):
    token_id, secret = make_token(database, cast.alice)

    def hold(session):
        lock_account(session, cast.alice.account_id)
        reads = [alices.get().status_code, alices.get(TOKENS).status_code, alices.get(f"{TOKENS}/self").status_code]
        return reads, alices.post(f"{TOKENS}/{token_id}/rotate", json={"overlap_seconds": 0})

    reads, write = database.transaction(hold)

    assert reads == [200, 200, 200]
    assert (write.status_code, code(write)) == (503, "unavailable")
    # AC-017: nothing is half done.
    assert alices.with_token(secret).get().status_code == 200
    assert row(token_id).superseded_at is None


def test_f32_fifty_at_once_make_no_more_than_the_cap(settings, make_app, tmp_path, database, cast):
    capped = make_app(settings_for(settings.database_url, tmp_path, tokens_per_user="3"))
    caller = Program(capped, make_token(database, cast.bob, "Caller")[1])
    caller.post(json={"name": "Second"})
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: caller.post(json={"name": f"Third {number}"}), range(50)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 49
    assert {code(answer) for answer in answers if answer.status_code == 409} == {"limit_reached"}
    assert len(caller.get(TOKENS).get_json()["items"]) == 3


@pytest.fixture
def broken(app, alices):
    """A portal of which one call fails with whatever is put into the list."""
    errors = []

    def fail(**_):
        raise errors.pop()

    app.view_functions["api.me"] = fail
    return errors


def test_a_fault_of_ours_is_logged_with_the_request_id_and_told_without_a_trace(broken, alices, caplog):
    broken.append(ValueError(f"odd: {alices.secret}"))
    with caplog.at_level(logging.ERROR):
        answer = alices.get()
    logged = [record for record in caplog.records if record.name == "portal.api.problems"]

    assert (answer.status_code, code(answer)) == (500, "internal_error")
    assert "odd" not in answer.text
    assert [record.request_id for record in logged] == [answer.headers["X-Request-Id"]]
    assert "ValueError: odd: [redacted]" in logged[0].getMessage()
    assert alices.secret not in caplog.text


def test_when_nobody_knows_whether_it_was_saved_the_answer_says_so(broken, alices):
    broken.append(OutcomeUnknown())
    answer = alices.get()

    assert (answer.status_code, code(answer)) == (503, "unavailable")
    assert "it may have been done" in answer.get_json()["detail"]
