"""`Idempotency-Key`: a call that is repeated makes nothing a second time."""

import pytest
from sqlalchemy import update

from portal.tokens.models import IdempotencyKey
from tests.api.calls import TOKENS, code, errors
from tests.builders import ago, ahead, make_token

KEY = {"Idempotency-Key": "0f3c-1"}


def test_a_repeated_creation_is_told_what_came_of_it(alices):
    made = alices.post(json={"name": "CI"}, headers=KEY).get_json()
    again = alices.post(json={"name": "CI"}, headers=KEY)

    assert (again.status_code, code(again)) == (409, "already_done")
    assert (again.get_json()["id"], again.get_json()["token_prefix"]) == (made["id"], made["token_prefix"])
    assert made["token"] not in again.text
    assert len(alices.get(TOKENS).get_json()["items"]) == 2


def test_a_repeated_rotation_is_told_by_self_and_by_id(alices):
    own_id = alices.get().get_json()["token"]["id"]
    made = alices.post(f"{TOKENS}/self/rotate", json={}, headers=KEY).get_json()
    again = alices.post(f"{TOKENS}/{own_id}/rotate", json={}, headers=KEY)

    assert (code(again), again.get_json()["id"]) == ("already_done", made["id"])


def test_the_key_comes_before_the_state(alices, database, cast):
    token_id, _ = make_token(database, cast.alice)
    body = {"overlap_seconds": 0}
    alices.post(f"{TOKENS}/{token_id}/rotate", json=body, headers=KEY)

    assert code(alices.post(f"{TOKENS}/{token_id}/rotate", json=body, headers=KEY)) == "already_done"
    assert code(alices.post(f"{TOKENS}/{token_id}/rotate", json=body)) == "not_found"


@pytest.mark.parametrize(("path", "body"), [(TOKENS, {"name": "Other"}), (f"{TOKENS}/self/rotate", {"name": "CI"})])
def test_a_key_is_good_for_one_call_only(alices, path, body):
    alices.post(json={"name": "CI"}, headers=KEY)
    answer = alices.post(path, json=body, headers=KEY)

    assert answer.status_code == 422


def test_a_refused_call_uses_no_key_up(alices):
    alices.post(json={"name": "Caller"}, headers=KEY)

    assert alices.post(json={"name": "CI"}, headers=KEY).status_code == 201


def test_keys_are_each_persons_own(alices, program, cast):
    alices.post(json={"name": "CI"}, headers=KEY)

    assert program(cast.bob).post(json={"name": "CI"}, headers=KEY).status_code == 201


def test_keys_are_kept_for_a_day(alices, database):
    alices.post(json={"name": "CI"}, headers=KEY)
    age = update(IdempotencyKey).values(created_at=ago(hours=24))
    database.transaction(lambda session: session.execute(age))

    assert alices.post(json={"name": "Other"}, headers=KEY).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "two words", "é", "x" * 256, "a\tb"])
def test_a_key_of_another_shape_is_refused(alices, key):
    answer = alices.post(json={"name": "CI"}, environ_overrides={"HTTP_IDEMPOTENCY_KEY": key})

    assert (answer.status_code, list(errors(answer))) == (422, ["/Idempotency-Key"])


def test_the_longest_key_is_taken(alices):
    assert alices.post(json={"name": "CI"}, headers={"Idempotency-Key": "~" * 255}).status_code == 201


def test_who_may_not_is_told_so_before_the_key_is_looked_at(program, cast):
    caller = program(cast.alice, expires_at=ahead(days=1))
    caller.post(json={"name": "CI"}, headers=KEY)

    assert code(caller.post(json={"name": "CI", "expires_at": None}, headers=KEY)) == "forbidden"
