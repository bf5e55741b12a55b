"""`DELETE /api/v1/tokens/{id}` and `self`: dead from the next call on."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.calls import TOKENS, code
from tests.builders import make_token


def test_a_revoked_token_is_dead_at_the_next_call(alices, database, cast, events):
    token_id, secret = make_token(database, cast.alice)
    before = alices.with_token(secret).get().status_code
    answer = alices.delete(f"{TOKENS}/{token_id}")
    after = alices.with_token(secret).get()

    assert (before, answer.status_code, answer.data, code(after)) == (200, 204, b"", "token_revoked")
    assert "Content-Type" not in answer.headers
    assert [event.action for event in events() if event.token_id == token_id] == [
        "token.created", "token.revoked", "call.refused",
    ]  # fmt: skip


def test_revoking_twice_is_not_found(alices, database, cast):
    token_id, _ = make_token(database, cast.alice)
    alices.delete(f"{TOKENS}/{token_id}")

    assert alices.delete(f"{TOKENS}/{token_id}").status_code == 404


@pytest.mark.parametrize("scopes", [None, ("account:read",)])
def test_a_token_can_kill_itself_whatever_its_scopes(program, cast, scopes):
    caller = program(cast.bob, scopes=scopes)

    assert caller.delete(f"{TOKENS}/self").status_code == 204
    assert code(caller.get()) == "token_revoked"


def test_an_account_token_can_kill_itself(acmes, events, cast):
    assert acmes.delete(f"{TOKENS}/self").status_code == 204
    assert code(acmes.get()) == "token_revoked"
    last = [event for event in events() if event.action == "token.revoked"][-1]
    assert (last.actor_kind, last.actor_id) == ("account", cast.alice.account_id)


def test_killing_the_new_one_kills_the_one_that_overlaps(alices):
    new = alices.post(f"{TOKENS}/self/rotate", json={}).get_json()

    assert alices.get().status_code == 200
    assert alices.with_token(new["token"]).delete(f"{TOKENS}/self").status_code == 204
    assert code(alices.get()) == "token_revoked"


def test_ac_037_nobody_kills_anothers_token_and_the_try_is_recorded(program, alices, cast, events):
    token_id = alices.get().get_json()["token"]["id"]
    bobs = program(cast.bob)

    assert code(bobs.delete(f"{TOKENS}/{token_id}")) == "not_found"
    assert alices.get().status_code == 200
    refusal = events()[-1]
    assert (refusal.action, refusal.actor_id, refusal.detail) == ("call.refused", cast.bob.id, "not_found")


def test_f31_twenty_at_once_revoke_once(alices, database, cast, events):
    token_id, _ = make_token(database, cast.alice)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: alices.delete(f"{TOKENS}/{token_id}").status_code, range(20)))

    assert sorted(answers) == [204] + [404] * 19
    assert [event.action for event in events()].count("token.revoked") == 1


def test_f31_a_revoked_token_cannot_be_rotated(alices, database, cast):
    token_id, _ = make_token(database, cast.alice)
    alices.delete(f"{TOKENS}/{token_id}")

    assert code(alices.post(f"{TOKENS}/{token_id}/rotate", json={})) == "not_found"
