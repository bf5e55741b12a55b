"""The paths of older clients: the same handlers, so programs written for them move over unchanged."""

import pytest

from portal.authentication.decorator import NEEDS
from tests.api.calls import BASE_URL, TOKENS, code, errors
from tests.builders import ago, ahead, make_token

# The handlers are tried on both kinds of database where they are at home.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OLDER = "/api-tokens"
PERSONAL = "/advanced/v1/personal_access_token/"
SAME = {
    "older.create": "api_tokens.create",
    "older.index": "api_tokens.index",
    "older.revoke": "api_tokens.revoke",
    "older.revoke_self": "api_tokens.revoke_self",
    "older.create_personal": "api_tokens.create",
    "older.create_personal_bare": "api_tokens.create",
}
# Everything that programs call, in spellings that are none of ours.
MISSPELT = (
    ("GET", "//api/v1/me"),
    ("GET", "/api//v1/me"),
    ("GET", "/api/v1/me/"),
    ("GET", "/API/v1/me"),
    ("POST", "/api/v1/tokens/"),
    ("POST", "//api-tokens"),
    ("POST", "/api-tokens/"),
    ("POST", "/Api-Tokens"),
    ("DELETE", "/api-tokens//1"),
    ("DELETE", "/api-tokens/1/"),
    ("POST", "/advanced//v1/personal_access_token/"),
    ("POST", "/advanced/v1/personal_access_token//"),
    ("POST", "/advanced/v1/Personal_access_token/"),
    ("POST", "//introspect"),
    ("POST", "//revoke"),
)


@pytest.fixture(params=["POST /api-tokens", "POST with a slash", "POST without a slash"])
def making(request):
    """A path that makes a token, and the status of its answer."""
    return {
        "POST /api-tokens": (OLDER, 200),
        "POST with a slash": (PERSONAL, 201),
        "POST without a slash": (PERSONAL.rstrip("/"), 201),
    }[request.param]


def test_a_token_is_made_and_works(alices, making):
    path, status = making

    answer = alices.post(path, json={"name": "Smart Watch"})
    made = answer.get_json()

    assert answer.status_code == status
    assert answer.headers["Location"] == f"{TOKENS}/{made['id']}"
    assert (made["name"], made["last_used_at"]) == ("Smart Watch", None)
    assert made["token_prefix"] == f"{made['token'][:12]}…"
    assert made["created_at"].endswith("Z")
    assert alices.with_token(made["token"]).get().get_json()["token"]["id"] == made["id"]


def test_it_answers_what_the_api_answers(alices, making):
    path, _ = making

    older = alices.post(path, json={"name": "One"}).get_json()
    ours = alices.post(json={"name": "Other"}).get_json()

    assert list(older) == list(ours)


def test_an_end_can_be_asked_for(alices, making):
    path, _ = making

    made = alices.post(path, json={"name": "Script", "expires_at": "2999-11-22T10:00:00+00:00"}).get_json()

    assert made["expires_at"] == "2999-11-22T10:00:00Z"


def test_the_list_is_one_page_of_all_that_live(alices, database, cast):
    for number in range(101):
        make_token(database, cast.alice, f"Token {number}")
    make_token(database, cast.alice, "Expired", expires_at=ago(hours=1), now=ago(days=1))
    make_token(database, cast.bob, "Bob's")

    listed = alices.get(OLDER).get_json()

    assert [item["name"] for item in listed["items"]] == [
        *(f"Token {number}" for number in range(100, -1, -1)),
        "Caller",
    ]
    assert listed["next_cursor"] is None
    assert not any("token" in item for item in listed["items"])


@pytest.mark.parametrize("query", ["limit=1", "status=all", "cursor=x", "user_id=1", "x="])
def test_the_list_takes_no_query_field(alices, query):
    answer = alices.get(f"{OLDER}?{query}")

    assert (answer.status_code, list(errors(answer))) == (422, [f"/{query.partition('=')[0]}"])


def test_a_token_is_revoked_and_not_twice(alices):
    made = alices.post(OLDER, json={"name": "Smart Watch"}).get_json()

    gone, again = (alices.delete(f"{OLDER}/{made['id']}") for _ in range(2))

    assert (gone.status_code, gone.data) == (204, b"")
    assert (again.status_code, code(again)) == (404, "not_found")
    assert code(alices.with_token(made["token"]).get()) == "token_revoked"


def test_ac_037_somebody_elses_token_is_not_there(alices, nobody, database, cast):
    token_id, secret = make_token(database, cast.bob)

    answer = alices.delete(f"{OLDER}/{token_id}")

    assert (answer.status_code, code(answer)) == (404, "not_found")
    assert nobody.with_token(secret).get().status_code == 200


def test_any_token_can_end_itself(program, cast):
    reader = program(cast.bob, scopes=("account:read",))

    assert code(reader.delete(f"{OLDER}/1")) == "insufficient_scope"
    assert reader.delete(f"{OLDER}/self").status_code == 204
    assert code(reader.get()) == "token_revoked"


def test_ac_022_here_too_a_token_makes_none_that_lives_longer(program, cast, making):
    path, _ = making
    caller = program(cast.alice, expires_at=ahead(hours=1))

    answer = caller.post(path, json={"name": "x", "expires_at": None})

    assert (answer.status_code, code(answer)) == (403, "forbidden")


def test_a_repeated_call_is_told_what_came_of_it(alices, making):
    path, _ = making
    key = {"Idempotency-Key": "0f3c-1"}

    made = alices.post(path, json={"name": "CI"}, headers=key).get_json()
    again = alices.post(path, json={"name": "CI"}, headers=key)

    assert (again.status_code, code(again), again.get_json()["id"]) == (409, "already_done", made["id"])


@pytest.mark.parametrize("limits", ["create=1/900s"])
def test_tokens_made_here_count_with_those_made_elsewhere(alices, making):
    path, _ = making
    alices.post(json={"name": "One"})

    answer = alices.post(path, json={"name": "Two"})

    assert (answer.status_code, code(answer)) == (429, "rate_limited")
    assert answer.headers["RateLimit-Policy"] == '"create";q=1;w=900'


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ({"json": {"name": "x", "user_id": 1}}, "validation_failed"),
        ({"data": "{", "content_type": "application/json"}, "malformed_json"),
        ({"data": {"name": "x"}}, "unsupported_media_type"),
        ({"data": b" " * 70_000, "content_type": "application/json"}, "too_large"),
        ({"json": {"name": "Caller"}}, "name_taken"),
    ],
)
def test_what_cannot_be_taken_is_a_problem(alices, making, options, refused):
    path, _ = making

    assert code(alices.post(path, **options)) == refused


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", OLDER, {"GET", "HEAD", "POST"}),
        ("OPTIONS", OLDER, {"GET", "HEAD", "POST"}),
        ("GET", f"{OLDER}/1", {"DELETE"}),
        ("GET", f"{OLDER}/self", {"DELETE"}),
        ("GET", PERSONAL, {"POST"}),
        ("GET", PERSONAL.rstrip("/"), {"POST"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(alices, method, path, allowed):
    answer = alices.call(method, path)

    assert (answer.status_code, code(answer)) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", [f"{OLDER}/1/rotate", f"{OLDER}x", "/advanced/", "/advanced/v1/x", f"{PERSONAL}1"])
def test_an_unlisted_path_is_a_problem_of_its_own(nobody, path):
    answer = nobody.post(path)

    assert (answer.status_code, code(answer)) == (404, "not_found")


@pytest.mark.parametrize(("method", "path"), MISSPELT)
def test_a_misspelt_path_is_not_found_and_never_redirected(app, alices, method, path):
    client = app.test_client()

    answer = client.open(path, method=method, base_url=BASE_URL, headers={"Authorization": f"Bearer {alices.secret}"})

    assert (answer.status_code, answer.headers.get("Location")) == (404, None)


@pytest.mark.parametrize(("method", "path"), [("POST", OLDER), ("GET", OLDER), ("POST", PERSONAL)])
def test_ac_031_without_a_token_a_cookie_is_none(alice, method, path):
    answer = alice.client.open(path, method=method, base_url=BASE_URL)

    assert (answer.status_code, code(answer), "Set-Cookie" in answer.headers) == (401, "token_missing", False)


def test_each_needs_what_the_same_call_of_the_api_needs(app):
    views = app.view_functions

    assert {older: getattr(views[older], NEEDS) for older in SAME} == {
        older: getattr(views[ours], NEEDS) for older, ours in SAME.items()
    }
    assert set(SAME) == {endpoint for endpoint in views if endpoint.startswith("older.")}
