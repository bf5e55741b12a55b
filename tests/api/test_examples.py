"""The examples of the OpenAPI document are really sent, and answered as they are printed; so are the refusals."""

from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
from sqlalchemy import update

from portal.accounts.service import lock_account
from portal.clock import utc_now
from portal.current import running_in
from portal.problems import PROBLEMS
from portal.tokens.models import Token
from portal.tokens.secret import Secret, make_secret
from tests.api.calls import code
from tests.api.told import SECRET, told_in
from tests.builders import ago, ahead, make_account_token, make_token
from tests.gateway.questions import new_service

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
OPERATIONS = (
    "getMe", "createToken", "listTokens", "getToken", "renameToken", "revokeToken", "rotateToken",
    "getSelf", "renameSelf", "revokeSelf", "rotateSelf", "getAccount", "listMembers", "listAccountTokens",
    "listEvents", "getUsage", "introspect", "revokeHeld", "getOpenapi",
    "createApiToken", "listApiTokens", "revokeApiToken", "revokeOwnApiToken", "createPersonalAccessToken",
    "createPersonalAccessTokenBare",
)  # fmt: skip
# Met in tests of their own: states, limits, faults.
ELSEWHERE = {
    "name_taken", "conflict", "limit_reached", "already_done", "rate_limited", "unavailable", "internal_error",
    "token_not_allowed",
}  # fmt: skip
NO_TOKEN_NEEDED = {"revokeHeld", "getOpenapi"}


@pytest.fixture
def told(app):
    return told_in(app)


@pytest.fixture
def token_17(database, cast):
    """The token that the examples name: Alice's, with the printed secret."""
    filler = count()
    while make_token(database, cast.charlie, f"Filler {next(filler)}")[0] < 16:
        pass
    made = make_token(database, cast.alice, "Zapier", scopes=("tokens:read",), expires_at=ahead(days=400))[0]
    printed = {"digest": Secret(SECRET).digest, "hint": Secret(SECRET).hint, "last_used_at": ago(hours=1)}
    database.transaction(lambda session: session.execute(update(Token).where(Token.id == made).values(**printed)))
    assert made == 17
    return 17


@pytest.fixture
def used(app, alices):
    """Alice's program, whose calls have been counted."""
    alices.get()
    running_in(app).recorder.flush(is_last=True)
    return alices


@dataclass(frozen=True)
class Sent:
    """A call as the document prints it, to be sent with one thing changed."""

    told: Any
    program: Any
    path: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def as_printed(cls, told, program):
        places = (told.examples("path"), told.examples("query"), told.examples("header"))
        return cls(told, program, *places, told.body)

    def with_(self, **changes):
        return replace(self, **changes)

    def send(self, method=None):
        path, options = self.told.path.format(**self.path), {"query_string": self.query, **self.options}
        if self.body is not None and "data" not in options:
            options["json" if self.told.media_type == "application/json" else "data"] = self.body
        return self.program.call(method or self.told.method, path, headers=self.headers, **options)


def differences(printed, answered, at="$"):
    """Where an answer has other keys than the printed one; what is null on one side is not looked into."""
    if isinstance(printed, dict) and isinstance(answered, dict):
        other = printed.keys() ^ answered.keys()
        found = [f"{at}: {key}" for key in sorted(other)]
        return found + [
            one for key in printed.keys() - other for one in differences(printed[key], answered[key], f"{at}.{key}")
        ]
    if isinstance(printed, list) and isinstance(answered, list):
        if printed and not answered:
            return [f"{at}: empty"]
        return differences(printed[0], answered[0], f"{at}[0]") if printed else []
    is_alike = printed is None or answered is None or type(printed) is type(answered)
    return [] if is_alike else [f"{at}: {printed!r} and {answered!r}"]


def test_these_tests_miss_no_call(told):
    assert set(told) == set(OPERATIONS)


@ON_SQLITE
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_example_is_answered_as_printed(name, told, used, nobody, database, token_17):
    one = told[name]
    caller = nobody.with_token(new_service(database)) if name == "introspect" else used
    status, response = one.success

    answer = Sent.as_printed(one, nobody if name in NO_TOKEN_NEEDED else caller).send()

    assert answer.status_code == status, answer.data
    assert response["headers"].keys() - {"X-Token-Expires-At"} <= set(answer.headers.keys())
    if "content" not in response:
        assert answer.data == b""
        return
    content = response["content"][answer.mimetype]
    assert one.errors_in(answer.get_json(), content["schema"]) == []
    if name != "getOpenapi":
        # That one prints only its outer shape.
        assert differences(content["example"], answer.get_json()) == []


@pytest.fixture
def killed(app, database, cast, nobody, program, change_user, revoke):
    """Code → a program whose token is dead for that reason."""
    gone_id, gone = make_token(database, cast.alice, "Gone")
    revoke(cast.alice, gone_id)
    account = make_account_token(database, cast.charlie)[1]
    bobs = program(cast.bob, "Bob's")
    change_user(cast.bob, deactivated_at=utc_now())
    disable(database, cast.charlie)
    return {
        "token_missing": nobody,
        "token_malformed": nobody.with_token("pat_short"),
        "token_unknown": nobody.with_token(make_secret("pat").reveal()),
        "token_revoked": nobody.with_token(gone),
        "token_expired": program(cast.alice, "Old", expires_at=ago(hours=1), now=ago(days=1)),
        "user_inactive": bobs,
        "api_access_disabled": nobody.with_token(account),
    }


def disable(database, owner):
    def work(session):
        lock_account(session, owner.account_id).api_access_enabled = False

    database.transaction(work)


@pytest.fixture
def misfits(database, cast, nobody, program):
    """Code → a program whose token is good, and not for the call."""
    service = nobody.with_token(new_service(database, "Misfit"))
    narrow = {scope: program(cast.alice, f"Only {scope}", scopes=(scope,)) for scope in ("tokens:read", "account:read")}

    def misfit(one):
        kinds = one.operation["x-token-kinds"]
        other = "account:read" if one.operation.get("x-scope") != "account:read" else "tokens:read"
        return {
            "forbidden": service if "service" not in kinds else narrow["tokens:read"],
            "insufficient_scope": narrow[other],
        }

    return misfit


def bent(printed):
    """Code → the call with what that code is about."""
    is_json = printed.told.media_type == "application/json"
    plain = {"content_type": printed.told.media_type}
    return {
        "ambiguous_credentials": printed.with_(headers={"X-Access-Token": "x", "X-Api-Token": "x"}),
        "bad_host": printed.with_(options={"base_url": "http://evil.example"}),
        "not_found": printed.with_(path={"id": "999999"}),
        "malformed_json": printed.with_(options={"data": b"{", **plain}),
        "malformed_form": printed.with_(options={"data": b"", **plain}),
        "too_large": printed.with_(options={"data": b"x" * 70_000, **plain}),
        "unsupported_media_type": printed.with_(options={"data": b"x", "content_type": "text/plain"}),
        "validation_failed": printed.with_(
            body={"nonsense": 1} if is_json else None, query={} if is_json else {"x": "1"}
        ),
    }


@ON_SQLITE
def test_every_refusal_that_can_be_provoked_is_told(told, alices, killed, misfits, token_17, nobody, database):
    service = nobody.with_token(new_service(database))
    met = {"method_not_allowed"}
    for one in told.values():
        printed = Sent.as_printed(one, service if one.name == "introspect" else alices)
        calls = bent(printed)
        if one.operation["security"]:
            calls |= {name: printed.with_(program=program) for name, program in {**killed, **misfits(one)}.items()}
        for name in one.codes & calls.keys():
            answer = calls[name].send()
            assert code(answer) == name, (one.name, name, answer.data)
            schema = one.refusals[str(answer.status_code)]["content"][answer.mimetype]["schema"]
            assert one.errors_in(answer.get_json(), schema) == [], (one.name, name)
            met.add(name)
        assert code(printed.send("PURGE")) == "method_not_allowed", one.name
    assert set(PROBLEMS) - met == ELSEWHERE
