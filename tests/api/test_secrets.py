"""No secret stays behind: not in the log, not in the database, not in anything that is printed."""

import pytest

from portal.current import running_in
from portal.database import Base
from tests.api.calls import ME, TOKENS
from tests.builders import make_token


def everything_in(app, database):
    running_in(app).recorder.flush(is_last=True)
    with database.reading() as session:
        return str([session.execute(table.select()).all() for table in Base.metadata.sorted_tables])


@pytest.mark.parametrize("field", ["api_token", "access_token", "token", "x"])
def test_ac_110_the_log_holds_no_token_of_an_address(alices, lines, field):
    alices.with_token(None).get(f"{ME}?{field}={alices.secret}")
    logged = b"".join(lines)

    assert alices.secret.encode() not in logged
    assert b"[redacted]" in logged


def test_no_secret_is_left_in_log_or_database_after_a_whole_life(app, database, cast, nobody, lines, capfd, caplog):
    caller = nobody.with_token(make_token(database, cast.alice)[1])
    made = caller.post(json={"name": "CI"}, headers={"Idempotency-Key": "k"}).get_json()["token"]
    rotated = caller.with_token(made).post(f"{TOKENS}/self/rotate").get_json()["token"]
    for secret in (made, rotated):
        caller.with_token(secret).get(headers={"X-Api-Token": secret})
        caller.with_token(secret).get(f"{TOKENS}/{secret}")
    caller.with_token(rotated).delete(f"{TOKENS}/self")
    out, err = capfd.readouterr()
    places = (b"".join(lines).decode(), everything_in(app, database), out, err, caplog.text)

    for secret in (caller.secret, made, rotated):
        assert all(secret not in place and secret[12:] not in place for place in places)


def test_the_log_names_the_token_that_called(alices, lines):
    token_id = alices.get().get_json()["token"]["id"]

    assert f'"caller":"token:{token_id}"'.encode() in lines[-1]
