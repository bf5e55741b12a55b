"""`POST /api/v1/tokens`: a token makes another, and never more than itself."""

import pytest

from portal.clock import as_iso
from tests.api.calls import TOKENS, code, errors
from tests.builders import ago, ahead, make_token
from tests.conftest import settings_for

WRITER = ("tokens:read", "tokens:write")
FIELDS = {
    "id", "name", "token_prefix", "scopes", "created_at", "expires_at", "last_used_at", "stops_at", "revoked_at",
}  # fmt: skip


def test_a_created_token_works_and_is_shown_whole(alices):
    answer = alices.post(json={"name": "  CI "})
    made = answer.get_json()

    assert answer.status_code == 201
    assert set(made) == FIELDS | {"token"}
    assert (made["name"], made["scopes"], made["expires_at"]) == ("CI", None, None)
    assert alices.with_token(made["token"]).get().get_json()["token"]["id"] == made["id"]


def test_the_location_leads_to_the_token_without_its_secret(alices):
    answer = alices.post(json={"name": "CI"})
    found = alices.get(answer.headers["Location"]).get_json()

    assert answer.headers["Location"] == f"{TOKENS}/{answer.get_json()['id']}"
    assert found == {name: value for name, value in answer.get_json().items() if name != "token"}


def test_scopes_and_expiry_are_taken(alices):
    end = ahead(days=5)
    made = alices.post(json={"name": "CI", "scopes": ["tokens:write", "account:read"], "expires_at": as_iso(end)})

    assert made.get_json()["scopes"] == ["account:read", "tokens:write"]
    assert made.get_json()["expires_at"] == as_iso(end)


def test_times_of_every_zone_are_taken_and_given_in_utc(alices):
    made = alices.post(json={"name": "CI", "expires_at": "2999-11-22T12:00:00.5+02:00"}).get_json()

    assert made["expires_at"] == "2999-11-22T10:00:00Z"


def test_left_out_they_are_those_of_the_caller(program, cast):
    end = ahead(days=5)
    made = program(cast.alice, scopes=WRITER, expires_at=end).post(json={"name": "CI"}).get_json()

    assert (made["scopes"], made["expires_at"]) == (list(WRITER), as_iso(end))


def test_creating_is_recorded_with_the_token_that_did_it(nobody, database, cast, events):
    caller_id, secret = make_token(database, cast.alice)
    made = nobody.with_token(secret).post(json={"name": "CI"}).get_json()
    event = events()[-1]

    assert (event.action, event.outcome, event.actor_id) == ("token.created", "done", cast.alice.id)
    assert (event.token_id, event.target_id, event.target_name) == (made["id"], made["id"], "CI")
    assert caller_id != made["id"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": " \t "}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"name": "a\u202eb"}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": None}, "/name"),
        ({"name": "x", "scopes": []}, "/scopes"),
        ({"name": "x", "scopes": "tokens:read"}, "/scopes"),
        ({"name": "x", "scopes": ["tokens:read", "*"]}, "/scopes/1"),
        ({"name": "x", "scopes": ["Tokens:Read"]}, "/scopes/0"),
        ({"name": "x", "scopes": [None]}, "/scopes/0"),
        ({"name": "x", "expires_at": "2999-11-22T10:00:00"}, "/expires_at"),
        ({"name": "x", "expires_at": "2999-11-22"}, "/expires_at"),
        ({"name": "x", "expires_at": "2999-02-30T10:00:00Z"}, "/expires_at"),
        ({"name": "x", "expires_at": "9999-12-31T23:59:59-01:00"}, "/expires_at"),
        ({"name": "x", "expires_at": 4102444800}, "/expires_at"),
        ({"name": "x", "expires_at": "never"}, "/expires_at"),
        ({"name": "x", "kind": "account"}, "/kind"),
        ({"name": "x", "a/b~c": 1}, "/a~1b~0c"),
        ([], ""),
        (7, ""),
        ("x", ""),
    ],
)
def test_a_wrong_value_is_named(alices, body, pointer):
    answer = alices.post(json=body)

    assert (answer.status_code, code(answer)) == (422, "validation_failed")
    assert list(errors(answer)) == [pointer]
    assert errors(answer)[pointer]


def test_all_wrong_values_are_named_at_once_but_not_thousands(alices):
    two = alices.post(json={"name": "", "expires_at": 1})
    many = alices.post(json={str(number): 1 for number in range(3000)})

    assert list(errors(two)) == ["/name", "/expires_at"]
    assert len(errors(many)) == 20


def test_a_time_that_is_over_is_refused(alices):
    answer = alices.post(json={"name": "CI", "expires_at": as_iso(ago(hours=1))})

    assert (answer.status_code, list(errors(answer))) == (422, ["/expires_at"])


def test_a_taken_name_is_refused_in_any_case(alices):
    alices.post(json={"name": "Straße"})
    answer = alices.post(json={"name": "STRASSE"})

    assert (answer.status_code, code(answer)) == (409, "name_taken")


def test_the_cap_is_kept(settings, make_app, cast, tmp_path, alices):
    full = make_app(settings_for(settings.database_url, tmp_path, tokens_per_user="1"))
    answer = type(alices)(full, alices.secret).post(json={"name": "one more"})

    assert (answer.status_code, code(answer)) == (409, "limit_reached")


def test_ac_026_a_body_cannot_choose_whose_token_it_makes(alices, nobody, cast):
    for field in ("user_id", "permissions", "rate_limit", "remaining", "account_id"):
        assert nobody.post(json={"name": "x", field: cast.bob.id}).status_code == 401
        assert errors(alices.post(json={"name": "x", field: cast.bob.id})) == {f"/{field}": "There is no such field."}


def test_ac_022_a_token_that_ends_makes_none_that_ends_later(program, cast):
    end = ahead(hours=1)
    caller = program(cast.alice, expires_at=end)

    for later in (None, as_iso(ahead(days=365)), "9999-12-31T23:59:59Z"):
        answer = caller.post(json={"name": "x", "expires_at": later})
        assert (answer.status_code, code(answer)) == (403, "forbidden")
        assert "WWW-Authenticate" not in answer.headers
    assert caller.post(json={"name": "x"}).get_json()["expires_at"] == as_iso(end)


def test_a_token_that_was_replaced_makes_none_that_outlives_its_overlap(alices):
    stops_at = (
        alices.post(f"{TOKENS}/self/rotate", json={"overlap_seconds": 600})
        and alices.get(f"{TOKENS}/self").get_json()["stops_at"]
    )

    assert code(alices.post(json={"name": "x", "expires_at": None})) == "forbidden"
    assert alices.post(json={"name": "x"}).get_json()["expires_at"] == stops_at


def test_ac_028_a_token_makes_none_with_more_scopes(program, cast):
    caller = program(cast.alice, scopes=WRITER)
    beyond = caller.post(json={"name": "x", "scopes": ["tokens:read", "account:read"]})
    full = caller.post(json={"name": "x", "scopes": None})

    assert (beyond.status_code, code(beyond)) == (403, "insufficient_scope")
    assert beyond.headers["WWW-Authenticate"].endswith('scope="account:read"')
    assert full.headers["WWW-Authenticate"].endswith('scope="*"')


def test_ac_028_a_token_that_only_reads_changes_nothing_of_itself(nobody, database, cast, row):
    token_id, secret = make_token(database, cast.alice, scopes=("tokens:read",))
    reader = nobody.with_token(secret)

    assert code(reader.post(json={"name": "x", "scopes": ["*"]})) == "insufficient_scope"
    assert code(reader.patch(f"{TOKENS}/self", json={"scopes": ["tokens:write"]})) == "insufficient_scope"
    assert row(token_id).scopes == ("tokens:read",)


def test_ac_029_an_owners_reading_token_writes_nowhere(program, cast):
    reader = program(cast.alice, scopes=("tokens:read", "account:read"))
    own = f"{TOKENS}/self"
    calls = [("POST", TOKENS), ("PATCH", own), ("DELETE", f"{TOKENS}/1"), ("POST", f"{own}/rotate")]

    for method, path in calls:
        answer = reader.call(method, path, data="not even JSON")
        assert (answer.status_code, code(answer)) == (403, "insufficient_scope")
        assert 'scope="tokens:write"' in answer.headers["WWW-Authenticate"]


def test_ac_049_an_expiry_cannot_be_taken_away(nobody, database, cast, row):
    token_id, secret = make_token(database, cast.alice, expires_at=ahead(days=1))
    answer = nobody.with_token(secret).patch(f"{TOKENS}/self", json={"name": "x", "expires_at": None})

    assert (answer.status_code, list(errors(answer))) == (422, ["/expires_at"])
    assert row(token_id).expires_at is not None


def test_an_account_token_makes_lists_and_rotates_none(acmes):
    calls = [("POST", TOKENS), ("GET", TOKENS), ("GET", f"{TOKENS}/self"), ("POST", f"{TOKENS}/self/rotate"),
             ("PATCH", f"{TOKENS}/self"), ("DELETE", f"{TOKENS}/1")]  # fmt: skip

    for method, path in calls:
        answer = acmes.call(method, path)
        assert (answer.status_code, code(answer)) == (403, "forbidden")
