"""`GET /api/v1/account/members` and `/account/tokens`: the people of the account, and everybody's tokens."""

import pytest

from portal.accounts.models import Role, User
from portal.clock import as_iso, utc_now
from portal.members import service as members
from tests.api.calls import code
from tests.builders import actor_of, ago, make_token
from tests.cast import add_person

MEMBERS = "/api/v1/account/members"
INVENTORY = "/api/v1/account/tokens"
FIELDS = {
    "id", "name", "token_prefix", "scopes", "user",
    "created_at", "expires_at", "last_used_at", "stops_at", "revoked_at",
}  # fmt: skip


@pytest.fixture
def deactivate(database):
    """Deactivates that person, as the operator does."""

    def deactivate(person):
        database.transaction(
            lambda session: members.deactivate(session, actor_of(person), email=person.email, now=utc_now())
        )

    return deactivate


def answered(answer):
    """The status, and the code of a refusal."""
    return (answer.status_code, answer.get_json().get("code"))


def test_members_are_listed_newest_first_with_their_role_and_status(alices, cast, deactivate):
    deactivate(cast.bob)

    assert alices.get(MEMBERS).get_json() == {
        "items": [
            {"id": cast.bob.id, "name": "Bob", "email": "bob@acme.example", "role": "member", "status": "deactivated"},
            {"id": cast.adam.id, "name": "Adam", "email": "adam@acme.example", "role": "admin", "status": "active"},
            {"id": cast.alice.id, "name": "Alice", "email": "alice@acme.example", "role": "owner", "status": "active"},
        ],
        "next_cursor": None,
    }


def test_the_account_token_reads_them_too(acmes, alices):
    assert acmes.get(MEMBERS).get_json() == alices.get(MEMBERS).get_json()


def test_another_account_has_its_own(program, cast):
    assert [item["name"] for item in program(cast.charlie).get(MEMBERS).get_json()["items"]] == ["Charlie"]


def test_members_come_in_pages(alices, database, cast):
    def work(session):
        acme = session.get_one(User, cast.alice.id).account
        for number in range(4):
            add_person(session, acme, f"Bob{number}", Role.MEMBER)

    database.transaction(work)
    first = alices.get(f"{MEMBERS}?limit=4").get_json()
    second = alices.get(f"{MEMBERS}?limit=4&cursor={first['next_cursor']}").get_json()

    assert [item["name"] for item in first["items"]] == ["Bob3", "Bob2", "Bob1", "Bob0"]
    assert [item["name"] for item in second["items"]] == ["Bob", "Adam", "Alice"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("who", "scopes", "expected"),
    [
        ("alice", ("members:read",), (200, None)),
        ("adam", None, (200, None)),
        ("adam", ("account:read", "tokens:read"), (403, "insufficient_scope")),
        ("bob", None, (403, "forbidden")),
        ("bob", ("members:read",), (403, "forbidden")),
    ],
)
def test_members_are_for_owners_and_admins_with_the_scope(program, cast, who, scopes, expected):
    assert answered(program(getattr(cast, who), scopes=scopes).get(MEMBERS)) == expected


def test_an_owner_lists_everybodys_tokens_with_their_person(program, database, cast):
    owner = program(cast.alice, scopes=("tokens:read",))
    token_id, secret = make_token(database, cast.bob, "Moodle", scopes=("account:read",))
    make_token(database, cast.charlie, "Elsewhere")

    first, second = owner.get(INVENTORY).get_json()["items"]

    assert first == {
        "id": token_id,
        "name": "Moodle",
        "token_prefix": f"{secret[:12]}…",
        "scopes": ["account:read"],
        "created_at": first["created_at"],
        "expires_at": None,
        "last_used_at": None,
        "stops_at": None,
        "revoked_at": None,
        "user": {"id": cast.bob.id, "name": "Bob", "email": "bob@acme.example"},
    }
    assert (second["name"], second["user"]["name"]) == ("Caller", "Alice")


def test_ac_040_an_owner_sees_nothing_of_anothers_token_that_could_be_used(alices, acmes, nobody, database, cast):
    token_id, secret = make_token(database, cast.bob)

    listed = alices.get(f"{INVENTORY}?status=all")

    assert all(set(item) == FIELDS for item in listed.get_json()["items"])
    assert not any(text in listed.text for text in (secret, secret[13:], acmes.secret, "digest", "password"))
    # Seen is not held: it is neither read alone, nor extended, by the calls that are for one's own.
    for method, path, body in (("GET", "", None), ("PATCH", "", {"name": "x"}), ("POST", "/rotate", {})):
        assert alices.call(method, f"/api/v1/tokens/{token_id}{path}", json=body).status_code == 404
    assert nobody.with_token(secret).get().status_code == 200


def test_the_inventory_can_be_narrowed_to_a_status(alices, database, cast, deactivate):
    make_token(database, cast.adam, "Expired", expires_at=ago(hours=1), now=ago(days=1))
    make_token(database, cast.bob, "Killed with Bob")
    deactivate(cast.bob)

    def listed(status):
        return [item["name"] for item in alices.get(f"{INVENTORY}?status={status}").get_json()["items"]]

    assert listed("active") == ["Caller"]
    assert listed("expired") == ["Expired"]
    assert listed("revoked") == ["Killed with Bob"]
    assert listed("all") == ["Killed with Bob", "Expired", "Caller"]


def test_the_account_token_is_nobodys_and_not_in_the_inventory(acmes, alices):
    names = [item["name"] for item in alices.get(f"{INVENTORY}?status=all").get_json()["items"]]

    assert names == ["Caller"]


@pytest.mark.parametrize(
    ("who", "scopes", "expected"),
    [
        ("alice", None, (200, None)),
        ("alice", ("members:read", "tokens:write"), (403, "insufficient_scope")),
        ("adam", None, (403, "forbidden")),
        ("bob", ("tokens:read",), (403, "forbidden")),
    ],
)
def test_the_inventory_is_for_owners_with_the_scope(program, cast, who, scopes, expected):
    assert answered(program(getattr(cast, who), scopes=scopes).get(INVENTORY)) == expected


def test_the_account_token_lists_no_tokens(acmes):
    assert answered(acmes.get(INVENTORY)) == (403, "forbidden")


def test_ac_023_a_role_that_was_taken_away_is_gone_at_the_next_call(program, cast, change_user):
    adams, alices = program(cast.adam), program(cast.alice)
    assert [adams.get(MEMBERS).status_code, alices.get(INVENTORY).status_code] == [200, 200]

    change_user(cast.adam, role=Role.MEMBER)
    change_user(cast.alice, role=Role.ADMIN)

    assert [code(adams.get(MEMBERS)), code(alices.get(INVENTORY))] == ["forbidden", "forbidden"]
    assert alices.get(MEMBERS).status_code == 200


def test_who_may_not_is_told_so_before_the_address_is_read(program, cast):
    assert code(program(cast.bob).get(f"{MEMBERS}?limit=0")) == "forbidden"


def test_times_are_written_as_everywhere(alices, database, cast):
    made = ago(days=2)
    make_token(database, cast.bob, "Old", now=made)

    assert alices.get(INVENTORY).get_json()["items"][0]["created_at"] == as_iso(made)
