"""`/verify` when something is broken: it says that it cannot know, and never that a good token is bad."""

import logging
from time import monotonic

import orjson
import pytest
from sqlalchemy import text

from portal.accounts.service import lock_account
from portal.app import create_app
from portal.authentication.decorator import authenticator_in
from portal.clock import utc_now
from portal.current import running_in
from portal.logs import JsonLines
from portal.metrics import UNAVAILABLE, Counts, fresh_folder
from portal.tokens import service
from portal.tokens.models import Token
from portal.tokens.secret import make_secret
from tests.api.test_faults import break_connections
from tests.authentication.test_authenticator import unreachable
from tests.builders import actor_of, make_token
from tests.conftest import settings_for
from tests.full_disk import disk_of
from tests.gateway.asking import VERIFY, Gateway, code


@pytest.fixture
def away(make_app, settings, tmp_path):
    """A gateway whose portal cannot reach its database."""
    return Gateway(make_app(settings_for(unreachable(settings, tmp_path), tmp_path)))


@pytest.fixture
def log(caplog):
    """The lines of the application's log, as it writes them."""
    caplog.set_level(logging.INFO)
    return lambda: [orjson.loads(JsonLines().format(record)) for record in caplog.records]


def test_f04_without_the_database_the_answer_is_503_never_401(away, log):
    secret, started = make_secret("pat").reveal(), monotonic()
    answer = away.ask(secret)

    assert (answer.status_code, code(answer), answer.headers["Retry-After"]) == (503, "unavailable", "5")
    assert "WWW-Authenticate" not in answer.headers
    assert monotonic() - started < 3
    assert [line["level"] for line in log()] == ["warning"]
    assert secret not in str(log())


def test_f04_each_503_is_counted_for_whoever_watches(away):
    for secret in (make_secret("pat").reveal(), "x", make_secret("pat").reveal()):
        away.ask(secret)
    totals, _ = running_in(away.app).counts.total()

    assert totals[UNAVAILABLE,] == 2


def test_f04_what_needs_no_database_is_refused_all_the_same(away):
    assert code(away.ask()) == "token_missing"
    assert code(away.ask("x")) == "token_malformed"


def test_f11_connections_that_broke_are_opened_again(gateway, database, cast):
    _, secret = make_token(database, cast.bob)
    assert gateway.ask(secret).status_code == 204
    break_connections(database)

    assert [gateway.ask(secret).status_code for _ in range(3)] == [204] * 3


def test_f06_while_a_writer_holds_the_lock_it_answers(gateway, app, database, cast):
    _, secret = make_token(database, cast.alice)

    def hold(session):
        lock_account(session, cast.alice.account_id)
        return [gateway.ask(secret).status_code for _ in range(3)]

    assert database.transaction(hold) == [204] * 3


def test_f09_on_a_database_that_takes_no_writes_it_answers_and_says_what_waits(gateway, app, database, cast, log):
    _, secret = make_token(database, cast.bob)
    _take_no_writes(database)

    assert gateway.ask(secret).status_code == 204
    running_in(app).recorder.flush()
    assert [line["event"] for line in log()] == ["notes not written, the database is away"]
    assert gateway.ask(secret).status_code == 204


def test_f08_numbers_that_have_no_room_cost_no_answer(settings, database, cast, tmp_path, log):
    _, secret = make_token(database, cast.bob)
    folder = fresh_folder(tmp_path, "full")
    with disk_of(folder, room=0):
        app = create_app(settings, counts=Counts(folder))
        asked = [Gateway(app).ask(one) for one in (secret, "x", make_secret("pat").reveal(), secret)]
        running_in(app).recorder.stop()
        running_in(app).database.close()

    assert [answer.status_code for answer in asked] == [204, 401, 401, 204]
    assert [line["event"] for line in log() if line["level"] == "warning"] == ["this process counts for itself alone"]


def _take_no_writes(database):
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA query_only = ON")
        return
    with database.engine.connect() as connection:
        connection.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))
        connection.commit()


def test_f21_a_token_of_8_kb_is_refused_by_its_length(away):
    # The database is away: had it been asked, the answer would be 503.
    assert code(away.ask("pat_" + "a" * 8000)) == "token_malformed"


def test_a_fault_of_ours_is_503_and_told_in_the_log_alone(gateway, app, log):
    secret = make_secret("pat").reveal()
    authenticator_in(app)._find = (_fail, _fail)

    answer = gateway.ask(secret)

    assert (answer.status_code, "odd" in answer.text) == (503, False)
    (line,) = log()
    assert (line["level"], line["request_id"]) == ("error", answer.headers["X-Request-Id"])
    assert "RuntimeError: odd [redacted]" in line["exception"]
    assert secret not in str(line)


def _fail(_digest):
    raise RuntimeError(f"odd {make_secret('pat').reveal()}")


def test_each_refusal_is_logged_with_its_reason_and_without_the_secret(gateway, database, cast, make_service, log):
    token_id, secret = make_token(database, cast.bob, scopes=("account:read",))
    database.transaction(
        lambda session: service.revoke(session, actor_of(cast.bob), session.get_one(Token, token_id), now=utc_now())
    )
    _, limited = make_token(database, cast.bob, scopes=("account:read",))
    asked = [
        gateway.ask(),
        gateway.ask("x"),
        gateway.ask(f"{secret},{secret}"),
        gateway.ask(make_secret("pat").reveal()),
        gateway.ask(secret),
        gateway.ask(limited, f"{VERIFY}?scope=tokens:write"),
        gateway.ask(make_service()),
    ]
    lines = log()

    assert [line["code"] for line in lines] == [
        "token_missing", "token_malformed", "ambiguous_credentials", "token_unknown", "token_revoked",
        "insufficient_scope", "forbidden",
    ]  # fmt: skip
    assert [line["request_id"] for line in lines] == [answer.headers["X-Request-Id"] for answer in asked]
    assert not any(one[4:] in str(lines) for one in (secret, limited))


def test_a_refusal_is_logged_with_the_gateways_address_and_the_callers(make_app, settings, tmp_path, log):
    gateway = Gateway(make_app(settings_for(settings.database_url, tmp_path, trusted_proxies="192.0.2.1")))
    headers = {"X-Forwarded-For": "203.0.113.9"}

    for peer in ("192.0.2.1", "192.0.2.2"):
        gateway.ask(headers=headers, environ_overrides={"REMOTE_ADDR": peer})

    told = [(line["peer"], line["address"]) for line in log() if "code" in line]
    assert told == [("192.0.2.1", "203.0.113.9"), ("192.0.2.2", "192.0.2.2")]


def test_a_known_tokens_refusals_are_noted_for_its_security_log(gateway, app, database, cast):
    _, secret = make_token(database, cast.bob, scopes=("account:read",))
    for _ in range(2):
        gateway.ask(secret, f"{VERIFY}?scope=tokens:write", environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    running_in(app).recorder.flush(is_last=True)

    with database.reading() as session:
        rows = session.execute(text("SELECT action, detail, address, count FROM audit_events WHERE outcome='refused'"))
        found = [tuple(row) for row in rows]
    assert sum(row[3] for row in found) == 2
    assert {row[:3] for row in found} == {("call.refused", "insufficient_scope", "203.0.113.7")}


def test_a_call_that_lacks_a_scope_counts_as_a_refusal_alone_and_stays_the_last_use(gateway, app, database, cast):
    _, secret = make_token(database, cast.bob, scopes=("account:read",))
    for scope in ("account:read", "tokens:write", "tokens:write"):
        gateway.ask(secret, f"{VERIFY}?scope={scope}")
    running_in(app).recorder.flush(is_last=True)

    with database.reading() as session:
        usage = session.execute(text("SELECT calls, refusals FROM token_usage")).one()
        last_used_at = session.scalar(text("SELECT last_used_at FROM tokens"))
    assert (tuple(usage), last_used_at is None) == ((1, 2), False)


def test_a_good_answer_leaves_no_line(gateway, database, cast, log, capfd):
    gateway.ask(make_token(database, cast.bob)[1])

    assert (log(), capfd.readouterr().out) == ([], "")
