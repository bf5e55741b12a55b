"""A Redis that dies, hangs or comes back: no call fails for it, and no token comes back to life."""

from datetime import timedelta

import pytest

from portal.clock import utc_now
from portal.database import Database
from tests.api.calls import Program
from tests.builders import make_token
from tests.cast import PASSWORD, add_cast
from tests.conftest import settings_for
from tests.page import Browser
from tests.served import Client, serve
from tests.sign_in.test_sign_in import WRONG, sign_in
from tests.valkey import Valkey

LIMITS = "token=5/900s,address=5/900s,signin=3/900s"


@pytest.fixture
def valkey(tmp_path):
    server = Valkey(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def settings(database_url, tmp_path, valkey):
    return settings_for(database_url, tmp_path, redis_url=valkey.url, limits=LIMITS)


@pytest.fixture
def ready(stranger):
    """What `/readyz` says: the status, and how Redis is."""

    def ask():
        page = stranger.get("/readyz")
        return page.status, page.response.get_json()["redis"]

    return ask


def test_f13_readiness_says_degraded_and_the_portal_stays_ready(ready, valkey):
    before = ready()
    valkey.kill()

    assert (before, ready(), ready()) == ((200, "ok"), (200, "degraded"), (200, "degraded"))


def test_f13_it_says_ok_again_by_itself(ready, valkey, monkeypatch):
    monkeypatch.setattr("portal.shared_windows.REST_SECONDS", 0.0)
    valkey.kill()
    before = ready()
    valkey.start()

    assert (before, ready()) == ((200, "degraded"), (200, "ok"))


def test_f14_a_frozen_one_is_said_within_the_time_of_a_health_check(ready, valkey):
    valkey.freeze()
    started = utc_now()

    assert ready() == (200, "degraded")
    assert utc_now() - started < timedelta(seconds=0.5)


def test_ac_013_a_token_revoked_while_redis_is_away_is_dead_before_and_after_it_is_back(
    app, database, cast, bob, valkey
):
    token_id, secret = make_token(database, cast.bob)
    program = Program(app, secret)
    before = program.get().status_code
    valkey.kill()
    bob.get(f"/settings/tokens/{token_id}/revoke").submit("Revoke")
    away = program.get().status_code
    valkey.start()

    assert (before, away, program.get().status_code) == (200, 401, 401)


def test_f13_nobody_is_signed_out_and_the_limits_of_signing_in_hold(app, alice, cast, valkey):
    visitor = Browser(app.test_client())
    for _ in range(2):
        sign_in(visitor, cast.bob.email, WRONG)
    valkey.kill()

    assert alice.get("/settings/tokens").status == 200
    assert [sign_in(visitor, cast.bob.email, word).status for word in (WRONG, PASSWORD)] == [422, 429]


def test_f13_the_workers_of_a_portal_count_together_and_serve_on_when_it_dies(sqlite_template, tmp_path, valkey):
    path = tmp_path / "portal.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    bob = database.transaction(add_cast).bob
    first, second = (make_token(database, bob, name)[1] for name in ("First", "Second"))
    database.close()

    def ask(token):
        # A connection of its own, so that both workers are met.
        return Client(served.port).get("/api/v1/me", token=token).status

    with serve(f"sqlite:///{path}", tmp_path, workers="2", redis_url=valkey.url, limits=LIMITS) as served:
        together = [ask(first) for _ in range(20)]
        valkey.kill()
        alone = [ask(second) for _ in range(20)]
        printed = served.printed()

    assert together == [200] * 5 + [429] * 15
    assert set(alone) == {200, 429}
    assert 5 <= alone.count(200) <= 10
    assert 1 <= printed.count("Redis cannot answer") <= 2
