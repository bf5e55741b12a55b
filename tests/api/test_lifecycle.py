"""What happens to people and tokens counts from the very next call on; nothing is remembered between calls."""

import pytest
from sqlalchemy import event

from portal.authentication.needs import NEEDS
from portal.clock import utc_now
from portal.current import running_in
from tests.api.calls import ME, TOKENS, code
from tests.builders import make_account_token, make_token

CARRIERS = ("Authorization", "X-Access-Token", "X-Api-Token")


def by(carrier, secret):
    return {carrier: f"Bearer {secret}" if carrier == "Authorization" else secret}


def test_ac_001_a_deactivated_persons_token_is_dead_by_every_carrier(nobody, database, cast, change_user):
    _, secret = make_token(database, cast.bob)
    before = [nobody.get(headers=by(carrier, secret)).status_code for carrier in CARRIERS]
    change_user(cast.bob, deactivated_at=utc_now())
    after = [nobody.get(headers=by(carrier, secret)) for carrier in CARRIERS]

    assert before == [200] * 3
    assert [(answer.status_code, code(answer)) for answer in after] == [(401, "user_inactive")] * 3
    assert all('error="invalid_token"' in answer.headers["WWW-Authenticate"] for answer in after)


def test_ac_001_a_refused_use_is_no_use(app, nobody, database, cast, change_user, row):
    token_id, secret = make_token(database, cast.bob)
    nobody.with_token(secret).get()
    running_in(app).recorder.flush()
    used_at = row(token_id).last_used_at
    change_user(cast.bob, deactivated_at=utc_now())
    nobody.with_token(secret).get()
    running_in(app).recorder.flush()

    assert used_at is not None
    assert row(token_id).last_used_at == used_at


def test_ac_002_a_deactivated_person_reaches_no_endpoint(app, program, cast, change_user):
    caller = program(cast.bob)
    change_user(cast.bob, deactivated_at=utc_now())

    for rule in app.url_map.iter_rules():
        asks_for_a_token = rule.rule.startswith("/api/") and hasattr(app.view_functions[rule.endpoint], NEEDS)
        for method in rule.methods - {"HEAD"} if asks_for_a_token else ():
            answer = caller.call(method, rule.rule.replace("<reference>", "self"))
            assert (answer.status_code, code(answer)) == (401, "user_inactive")


def test_deactivating_who_made_it_leaves_the_account_token_alive(nobody, database, cast, change_user):
    _, secret = make_account_token(database, cast.alice)
    change_user(cast.alice, deactivated_at=utc_now())

    assert nobody.with_token(secret).get().status_code == 200


def test_ac_014_a_token_revoked_between_two_calls_is_refused(nobody, database, cast, revoke):
    for number in range(20):
        token_id, secret = make_token(database, cast.bob, f"Token {number}")
        caller = nobody.with_token(secret)
        before = caller.get().status_code
        revoke(cast.bob, token_id)

        assert (before, code(caller.get())) == (200, "token_revoked")


def test_ac_014_a_token_revoked_during_its_own_call_makes_nothing(app, nobody, database, cast, revoke, events):
    token_id, secret = make_token(database, cast.bob)
    engine = database.engine
    done = []

    def revoke_first(*_):
        # The call has been let in and is about to change something: the last moment for somebody to be quicker.
        if not done:
            done.append("revoked")
            revoke(cast.bob, token_id)

    event.listen(engine, "checkout", revoke_first)
    answer = nobody.with_token(secret).post(json={"name": "Born too late"})

    assert (answer.status_code, code(answer)) == (401, "token_revoked")
    assert "Born too late" not in [found.target_name for found in events()]


@pytest.mark.parametrize("path", ["/settings", "/settings/tokens", "/settings/security", "/account/api-access"])
def test_ac_031_a_token_opens_no_page_and_starts_no_session(app, database, cast, path):
    _, secret = make_token(database, cast.alice)
    client = app.test_client()
    answer = client.get(path, headers={"Authorization": f"Bearer {secret}"}, base_url="http://localhost:8000")

    assert answer.status_code == 303
    assert "/sign-in" in answer.headers["Location"]
    assert "Set-Cookie" not in answer.headers


def test_ac_055_a_cookie_beside_a_token_counts_for_nothing(alice, database, cast):
    _, secret = make_token(database, cast.bob)
    headers = {"Authorization": f"Bearer {secret}"}
    client = alice.client

    me = client.get(ME, headers=headers, base_url=alice.base_url)
    made = client.post(TOKENS, headers=headers, json={"name": "x"}, base_url=alice.base_url)

    assert me.get_json()["user"]["id"] == cast.bob.id
    assert made.status_code == 201
    assert alice.client.get(ME, base_url=alice.base_url).status_code == 401
    assert "x" in [item["name"] for item in client.get(TOKENS, headers=headers, base_url=alice.base_url).json["items"]]


def test_ac_055_a_stale_cookie_does_no_harm(app, alices):
    client = app.test_client()
    client.set_cookie("session", "stale", domain="localhost")
    headers = {"Authorization": f"Bearer {alices.secret}"}

    assert client.get(ME, headers=headers, base_url="http://localhost:8000").status_code == 200


def test_a_use_shows_in_the_list(app, alices):
    alices.get()
    running_in(app).recorder.flush()

    assert alices.get(TOKENS).get_json()["items"][0]["last_used_at"]
