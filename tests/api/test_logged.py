"""Why a program was refused is in the log, without what it sent: the code in the access log, the cause of a 503."""

import logging

import orjson
import pytest

from portal.authentication.refused import Refused
from portal.errors import DatabaseUnavailable
from portal.problems import PROBLEMS
from portal.tokens.secret import make_secret
from tests.api.calls import ME, TOKENS, Program, code
from tests.authentication.test_authenticator import unreachable
from tests.builders import ago, make_token
from tests.conftest import settings_for

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("reason", PROBLEMS)
def test_each_reason_of_the_table_is_in_its_line_and_no_secret(app, alices, lines, reason):
    def refuse(**_):
        raise Refused(reason, f"Sent was {alices.secret}.")

    app.view_functions["api.me"] = refuse
    alices.get(f"{ME}?q={alices.secret}")

    (line,) = lines
    assert (orjson.loads(line)["code"], orjson.loads(line)["status"]) == (reason, PROBLEMS[reason].status)
    assert alices.secret.encode() not in line


def test_refused_tokens_leave_their_reasons_and_good_answers_none(nobody, alices, lines, database, cast):
    expired = make_token(database, cast.alice, "Expired", expires_at=ago(days=1))[1]
    unknown = make_secret("pat").reveal()
    nobody.get()
    for secret in ("x", unknown, expired):
        nobody.with_token(secret).get()
    alices.get()
    alices.get(f"{TOKENS}/999999")
    alices.post(data="{", content_type="application/json")

    assert [orjson.loads(line)["code"] for line in lines] == [
        "token_missing", "token_malformed", "token_unknown", "token_expired", None, "not_found", "malformed_json",
    ]  # fmt: skip
    assert not any(secret.encode() in line for secret in (unknown, expired, alices.secret) for line in lines)


def test_f04_the_log_says_why_the_database_cannot_be_reached(make_app, settings, tmp_path, caplog):
    away = Program(make_app(settings_for(unreachable(settings, tmp_path), tmp_path)), make_secret("pat").reveal())
    with caplog.at_level(logging.WARNING, "portal.api.problems"):
        answer = away.get()

    (logged,) = (record for record in caplog.records if record.name == "portal.api.problems")
    assert (logged.levelname, logged.request_id) == ("WARNING", answer.headers["X-Request-Id"])
    assert logged.getMessage() == "database unavailable: unable to open database file"


def test_the_cause_of_a_503_is_logged_without_secrets(app, alices, caplog):
    def fail(**_):
        raise DatabaseUnavailable from ValueError(f"odd: {alices.secret}")

    app.view_functions["api.me"] = fail
    with caplog.at_level(logging.WARNING):
        answer = alices.get()

    assert code(answer) == "unavailable"
    assert "database unavailable: odd: [redacted]" in caplog.text
    assert alices.secret not in caplog.text
