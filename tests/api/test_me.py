"""`GET /api/v1/me` and `GET /api/v1/account`: who the call acts as."""

from tests.api.calls import ME, code
from tests.builders import make_account_token, make_token

ACCOUNT = "/api/v1/account"
ACCOUNT_SCOPES = ["account:read", "members:read", "events:read", "usage:read"]


def test_me_of_a_person(nobody, database, cast):
    token_id, secret = make_token(database, cast.bob, name="CI", scopes=("tokens:read",))

    assert nobody.with_token(secret).get().get_json() == {
        "account": {"id": cast.bob.account_id, "name": "Acme"},
        "user": {"id": cast.bob.id, "name": "Bob", "email": "bob@acme.example"},
        "role": "member",
        "token": {
            "id": token_id,
            "kind": "personal",
            "name": "CI",
            "token_prefix": f"{secret[:12]}…",
            "scopes": ["tokens:read"],
            "expires_at": None,
        },
    }


def test_me_of_an_account(nobody, database, cast):
    token_id, secret = make_account_token(database, cast.alice)

    body = nobody.with_token(secret).get().get_json()

    assert (body["user"], body["role"]) == (None, "account")
    assert (body["token"]["id"], body["token"]["kind"], body["token"]["scopes"]) == (
        token_id, "account", ACCOUNT_SCOPES,
    )  # fmt: skip


def test_full_access_is_null(alices):
    assert alices.get().get_json()["token"]["scopes"] is None


def test_head_is_get_without_a_body(alices):
    answer = alices.call("HEAD", ME)

    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"", "application/json")


def test_the_account_for_a_person_and_for_itself(alices, acmes, cast):
    wanted = {"id": cast.alice.account_id, "name": "Acme", "api_access": {"enabled": True}}

    assert alices.get(ACCOUNT).get_json() == wanted
    assert acmes.get(ACCOUNT).get_json() == wanted


def test_ac_047_no_answer_after_creation_holds_a_secret(acmes, alices):
    shown = acmes.get(ACCOUNT).text + acmes.get().text + alices.get("/api/v1/tokens").text

    assert acmes.secret not in shown
    assert alices.secret not in shown


def test_the_account_needs_its_scope(program, cast):
    answer = program(cast.alice, scopes=("tokens:read",)).get(ACCOUNT)

    assert (answer.status_code, code(answer)) == (403, "insufficient_scope")
    assert answer.headers["WWW-Authenticate"].endswith('error="insufficient_scope", '
        'error_description="The token lacks the scope account:read.", scope="account:read"')  # fmt: skip


def test_ac_023_a_changed_role_counts_from_the_next_call_on(alices, cast, change_user):
    before = alices.get().get_json()["role"]
    change_user(cast.alice, role="member")

    assert (before, alices.get().get_json()["role"]) == ("owner", "member")
