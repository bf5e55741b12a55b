"""`POST /api/v1/tokens/{id}/rotate`: a new secret, and an old one that ends."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from portal.clock import as_iso, utc_now
from portal.tokens.models import Token
from tests.api.calls import TOKENS, code, errors
from tests.builders import ago, ahead, make_token

SELF = f"{TOKENS}/self/rotate"


def rotate(caller, token_id, **body):
    return caller.post(f"{TOKENS}/{token_id}/rotate", json=body)


def stop(database, token_id):
    moments = {"superseded_at": ago(hours=2), "stops_at": ago(hours=1)}
    database.transaction(lambda session: session.execute(update(Token).where(Token.id == token_id).values(**moments)))


def test_rotating_now_makes_the_old_secret_useless(alices, database, cast):
    token_id, old = make_token(database, cast.alice, scopes=("account:read",))
    answer = rotate(alices, token_id, overlap_seconds=0)
    new = answer.get_json()

    assert (answer.status_code, answer.headers["Location"]) == (201, f"{TOKENS}/{new['id']}")
    assert (new["name"], new["scopes"]) == ("Zapier: badge issuing", ["account:read"])
    assert alices.with_token(new["token"]).get().status_code == 200
    assert code(alices.with_token(old).get()) == "token_revoked"


def test_by_default_the_old_one_works_for_an_hour(alices, row, events):
    before = utc_now()
    new = alices.post(SELF).get_json()
    rotated_by = utc_now()
    old = alices.get(f"{TOKENS}/self").get_json()
    stops_at, hour, told_in_whole = datetime.fromisoformat(old["stops_at"]), timedelta(hours=1), timedelta(seconds=1)

    assert before + hour - told_in_whole < stops_at <= rotated_by + hour
    assert alices.get().headers["X-Token-Expires-At"] == old["stops_at"]
    assert [(event.action, event.token_id) for event in events()[-2:]] in (
        [("token.rotated", old["id"]), ("token.rotated", new["id"])],
        [("token.created", old["id"]), ("token.rotated", old["id"])],
    )


def test_the_overlap_never_outlives_the_old_expiry(program, cast):
    end = ahead(minutes=10)
    caller = program(cast.alice, expires_at=end)
    caller.post(SELF, json={"overlap_seconds": 604800})

    assert caller.get(f"{TOKENS}/self").get_json()["stops_at"] == as_iso(end)


def test_a_whole_number_may_be_written_with_a_point(alices):
    assert alices.post(SELF, content_type="application/json", data=b'{"overlap_seconds": 60.0}').status_code == 201


@pytest.mark.parametrize("overlap", [-1, 604801, 1.5, "60", None, True, 10**30])
def test_a_wrong_overlap_is_refused(alices, overlap):
    answer = alices.post(SELF, json={"overlap_seconds": overlap})

    assert (answer.status_code, list(errors(answer))) == (422, ["/overlap_seconds"])


def test_a_caller_leaves_itself_a_minute(alices):
    own_id = alices.get().get_json()["token"]["id"]

    assert list(errors(alices.post(SELF, json={"overlap_seconds": 59}))) == ["/overlap_seconds"]
    assert list(errors(rotate(alices, own_id, overlap_seconds=0))) == ["/overlap_seconds"]
    assert alices.post(SELF, json={"overlap_seconds": 60}).status_code == 201


def test_what_was_replaced_by_a_living_one_is_not_rotated_again(alices):
    alices.post(SELF, json={})
    answer = alices.post(SELF, json={})

    assert (answer.status_code, code(answer)) == (409, "conflict")


def test_what_expired_is_not_rotated_here(alices, database, cast):
    token_id, _ = make_token(database, cast.alice, expires_at=ago(hours=1), now=ago(days=1))
    answer = rotate(alices, token_id)

    assert (answer.status_code, code(answer)) == (409, "conflict")


def test_what_has_stopped_is_not_there(alices, database, cast):
    token_id, _ = make_token(database, cast.alice)
    stop(database, token_id)

    assert rotate(alices, token_id).status_code == 404


def test_rotating_again_stops_the_oldest_at_once(alices):
    second = alices.with_token(alices.post(SELF, json={}).get_json()["token"])
    second.post(SELF, json={})

    assert (code(alices.get()), second.get().status_code) == ("token_revoked", 200)


def test_the_caller_must_cover_what_it_rotates(program, database, cast):
    caller = program(cast.alice, scopes=("tokens:write",))
    token_id, _ = make_token(database, cast.alice, scopes=("account:read", "tokens:write"))
    full_id, _ = make_token(database, cast.alice, "Full")
    answer = rotate(caller, token_id)

    assert (answer.status_code, code(answer)) == (403, "insufficient_scope")
    assert answer.headers["WWW-Authenticate"].endswith('scope="account:read"')
    assert code(rotate(caller, full_id)) == "insufficient_scope"


def test_a_new_end_can_be_chosen_and_the_callers_is_the_default(alices, program, database, cast):
    end, sooner = ahead(days=9), ahead(days=2)
    token_id, _ = make_token(database, cast.alice, expires_at=ahead(days=1))
    chosen = rotate(alices, token_id, expires_at=as_iso(end)).get_json()

    assert chosen["expires_at"] == as_iso(end)
    short = program(cast.alice, "Short", expires_at=sooner)
    assert rotate(short, chosen["id"], overlap_seconds=0).get_json()["expires_at"] == as_iso(sooner)


def test_ac_017_a_refused_rotation_leaves_everything_as_it_was(program, database, cast):
    caller = program(cast.alice, expires_at=ahead(hours=1))
    for expires_at in (None, as_iso(ahead(days=365)), as_iso(ago(days=1))):
        assert caller.post(SELF, json={"expires_at": expires_at}).status_code in {403, 422}

    assert caller.get(f"{TOKENS}/self").get_json()["stops_at"] is None
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Token)) == 1


def test_ac_016_a_stopped_token_presented_again_is_refused_and_recorded(alices, database, events, cast):
    token_id, old = make_token(database, cast.alice)
    new = rotate(alices, token_id, overlap_seconds=0).get_json()["token"]
    answer = alices.with_token(old).post(SELF, json={})

    assert (answer.status_code, code(answer)) == (401, "token_revoked")
    assert alices.with_token(new).get().status_code == 200
    last = events()[-1]
    assert (last.action, last.token_id, last.detail) == ("call.refused", token_id, "token_revoked")
