"""`GET /api/v1/tokens`, `GET` and `PATCH /api/v1/tokens/{id}`: one's own tokens, and nobody else's."""

from base64 import urlsafe_b64encode

import pytest

from portal.api.queries import TOKEN_CURSORS
from tests.api.calls import TOKENS, code, errors
from tests.builders import ago, ahead, make_token


def names(answer):
    return [item["name"] for item in answer.get_json()["items"]]


@pytest.fixture
def bobs(program, cast):
    return program(cast.bob)


def test_the_list_shows_ones_own_living_tokens_newest_first(bobs, database, cast, revoke):
    make_token(database, cast.bob, "Second")
    make_token(database, cast.bob, "Expired", expires_at=ago(hours=1), now=ago(days=1))
    revoke(cast.bob, make_token(database, cast.bob, "Revoked")[0])
    make_token(database, cast.alice, "Alice's")
    make_token(database, cast.bob, "Third", expires_at=ahead(days=1))

    assert names(bobs.get(TOKENS)) == ["Third", "Second", "Caller"]
    assert names(bobs.get(f"{TOKENS}?status=active")) == ["Third", "Second", "Caller"]
    assert names(bobs.get(f"{TOKENS}?status=expired")) == ["Expired"]
    assert names(bobs.get(f"{TOKENS}?status=revoked")) == ["Revoked"]
    assert names(bobs.get(f"{TOKENS}?status=all")) == ["Third", "Revoked", "Expired", "Second", "Caller"]


def test_no_list_holds_a_secret(bobs):
    item = bobs.get(TOKENS).get_json()["items"][0]

    assert "token" not in item
    assert item["token_prefix"] == f"{bobs.secret[:12]}…"


def test_pages_follow_each_other_without_gaps(bobs, database, cast):
    for number in range(6):
        make_token(database, cast.bob, f"Token {number}")
    seen, cursor = [], ""
    while cursor is not None:
        answer = bobs.get(f"{TOKENS}?limit=3{cursor and '&cursor='}{cursor}")
        seen.append(names(answer))
        cursor = answer.get_json()["next_cursor"]

    assert seen == [["Token 5", "Token 4", "Token 3"], ["Token 2", "Token 1", "Token 0"], ["Caller"]]


def test_a_full_last_page_has_no_next(bobs):
    assert bobs.get(f"{TOKENS}?limit=1").get_json()["next_cursor"] is None


def test_ac_109_a_cursor_of_somebody_elses_row_shows_only_ones_own(bobs, database, cast):
    theirs, _ = make_token(database, cast.charlie)

    assert names(bobs.get(f"{TOKENS}?cursor={TOKEN_CURSORS.after(theirs)}")) == ["Caller"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "limit=1.5", "limit=٣", "limit=1&limit=2",
        "status=", "status=dead", "status=ACTIVE", "status=active&status=all",
        "cursor=", "cursor=x", "cursor=%00", "cursor=é", "cursor=AAAA", f"cursor={'A' * 5000}",
        f"cursor={urlsafe_b64encode(b'before:99999999999999999999').decode()}",
        f"cursor={urlsafe_b64encode(b'7').decode()}",
    ],
)  # fmt: skip
def test_ac_109_a_forged_cursor_or_another_wrong_query_is_refused_by_name(bobs, query):
    answer = bobs.get(f"{TOKENS}?{query}")

    assert (answer.status_code, list(errors(answer))) == (422, [f"/{query.partition('=')[0]}"])


def test_ac_044_unknown_fields_show_nothing_more(bobs):
    for query in ("token_hash=x", "sort=token_hash", "depth=5", "fields=*", "user_id=1"):
        answer = bobs.get(f"{TOKENS}?{query}")
        assert (answer.status_code, code(answer)) == (422, "validation_failed")


def test_one_token_by_id_and_by_self(bobs):
    own = bobs.get(f"{TOKENS}/self").get_json()

    assert bobs.get(f"{TOKENS}/{own['id']}").get_json() == own
    assert own["name"] == "Caller"


def test_a_revoked_token_can_still_be_read(bobs, database, cast, revoke):
    token_id, _ = make_token(database, cast.bob, "Gone")
    revoke(cast.bob, token_id)

    assert bobs.get(f"{TOKENS}/{token_id}").get_json()["revoked_at"]


@pytest.mark.parametrize("owner", ["alice", "charlie"])
def test_somebody_elses_token_is_not_there(bobs, database, cast, owner):
    token_id, _ = make_token(database, getattr(cast, owner))
    calls = [("GET", "", None), ("PATCH", "", {"name": "x"}), ("DELETE", "", None), ("POST", "/rotate", {})]

    for method, below, body in calls:
        answer = bobs.call(method, f"{TOKENS}/{token_id}{below}", json=body)
        assert (answer.status_code, code(answer)) == (404, "not_found")


def test_the_account_token_is_not_among_its_makers(alices, acmes):
    token_id = acmes.get().get_json()["token"]["id"]

    assert alices.get(f"{TOKENS}/{token_id}").status_code == 404


def test_renaming_answers_the_token_and_is_recorded(bobs, events):
    answer = bobs.patch(f"{TOKENS}/self", json={"name": "Zapier"})

    assert (answer.status_code, answer.get_json()["name"]) == (200, "Zapier")
    assert bobs.get().get_json()["token"]["name"] == "Zapier"
    assert [(event.action, event.target_name, event.detail) for event in events()[-1:]] == [
        ("token.renamed", "Zapier", "before: Caller")
    ]


def test_renaming_refuses_what_cannot_be(bobs, database, cast, revoke):
    token_id, _ = make_token(database, cast.bob, "Gone")
    make_token(database, cast.bob, "Taken")
    revoke(cast.bob, token_id)

    assert code(bobs.patch(f"{TOKENS}/self", json={"name": "TAKEN"})) == "name_taken"
    assert code(bobs.patch(f"{TOKENS}/{token_id}", json={"name": "x"})) == "not_found"
    assert list(errors(bobs.patch(f"{TOKENS}/self", json={}))) == ["/name"]
