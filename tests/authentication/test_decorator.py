"""The guard of the JSON API: kind and role, then scope; what it refuses is noted, and no cookie is read."""

import pytest
from sqlalchemy import select

from portal.access_log import CALLER
from portal.accounts.guards import GUARD, refuse_unguarded
from portal.accounts.models import Role
from portal.audit import AuditEvent
from portal.authentication.decorator import NEEDS, Needs, authenticator, bearer_required
from portal.authentication.refused import Refused
from portal.current import running_in
from portal.errors import NotAllowed
from portal.tokens.models import Kind, Token, TokenUsage
from tests.builders import make_account_token, make_token

PERSONAL = (Kind.PERSONAL,)


@pytest.fixture
def principal_of(app, database, cast):
    """The principal of a new token: `principal_of("bob", scopes=…)`, or of `"account"`."""

    def make(name, **token):
        _, secret = (
            make_account_token(database, cast.alice)
            if name == "account"
            else make_token(database, getattr(cast, name), **token)
        )
        with app.test_request_context("/api/v1/me"):
            return authenticator().authenticate(secret, address=None)

    return make


def verdict(principal, **needs):
    asked = Needs(**{"scope": None, "role": None, "kinds": frozenset(Kind), **needs})
    try:
        asked.check(principal)
    except Refused as refused:
        return refused.code
    return "let in"


@pytest.mark.parametrize(
    ("name", "role", "expected"),
    [
        ("alice", Role.OWNER, "let in"),
        ("adam", Role.OWNER, "forbidden"),
        ("adam", Role.ADMIN, "let in"),
        ("bob", Role.ADMIN, "forbidden"),
        ("bob", Role.MEMBER, "let in"),
        ("account", Role.ADMIN, "let in"),
        ("account", Role.OWNER, "forbidden"),
    ],
)
def test_roles(principal_of, name, role, expected):
    assert verdict(principal_of(name), role=role) == expected


def test_kind_and_role_come_before_the_scope(principal_of):
    account, bob = principal_of("account"), principal_of("bob", scopes=("account:read",))

    assert verdict(account, kinds=frozenset(PERSONAL), scope="tokens:write") == "forbidden"
    assert verdict(bob, role=Role.ADMIN, scope="tokens:write") == "forbidden"
    assert verdict(bob, scope="tokens:write") == "insufficient_scope"
    assert verdict(bob, scope="account:read") == "let in"


def test_a_role_alone_is_not_enough(principal_of):
    assert verdict(principal_of("alice", scopes=("account:read",)), role=Role.OWNER, scope="tokens:write") != "let in"


def test_the_view_is_marked_and_keeps_its_needs():
    @bearer_required(scope="tokens:read", role=Role.ADMIN, kinds=PERSONAL)
    def view(caller):
        return "x"

    assert getattr(view, NEEDS) == Needs(scope="tokens:read", role=Role.ADMIN, kinds=frozenset(PERSONAL))
    assert getattr(view, GUARD) == "bearer"


def test_an_app_with_guarded_endpoints_starts_and_one_without_does_not(app):
    refuse_unguarded(app)
    app.view_functions["open"] = lambda: "x"

    with pytest.raises(RuntimeError, match="open"):
        refuse_unguarded(app)


def call(app, view, secret, **environ):
    headers = {"Authorization": f"Bearer {secret}"}
    with app.test_request_context("/api/v1/me", headers=headers, environ_overrides=environ) as context:
        answer = view()
        return answer, context.request.environ


def test_the_view_gets_the_principal_and_the_log_its_caller(app, database, cast):
    token_id, secret = make_token(database, cast.bob)
    answer, environ = call(app, bearer_required()(lambda caller: caller.named.user), secret)

    assert (answer, environ[CALLER]) == ("Bob", f"token:{token_id}")


def test_there_is_one_authenticator_for_each_app(app):
    with app.app_context():
        first = authenticator()
    with app.app_context():
        assert authenticator() is first


@pytest.mark.parametrize(
    ("needs", "detail"), [({"scope": "tokens:write"}, "insufficient_scope"), ({"role": Role.OWNER}, "forbidden")]
)
def test_what_the_guard_refuses_is_noted(app, database, cast, needs, detail):
    _, secret = make_token(database, cast.bob, scopes=("account:read",))
    with pytest.raises(Refused):
        call(app, bearer_required(**needs)(lambda caller: "x"), secret, REMOTE_ADDR="203.0.113.7")

    assert refusals(app, database) == [("call.refused", detail, cast.bob.id, "203.0.113.7", 1)]


def test_what_the_view_refuses_is_noted_once_a_minute_with_its_count(app, database, cast):
    _, secret = make_token(database, cast.bob)

    def view(caller):
        raise NotAllowed

    for _ in range(3):
        with pytest.raises(NotAllowed):
            call(app, bearer_required()(view), secret)

    assert sum(count for *_, count in refusals(app, database)) == 3
    assert {detail for _, detail, *_ in refusals(app, database)} == {"forbidden"}


@pytest.mark.parametrize(("scopes", "expected"), [(("account:read",), (0, 1)), (None, (1, 0))])
def test_a_call_that_is_refused_counts_as_a_refusal_alone(app, database, cast, scopes, expected):
    token_id, secret = make_token(database, cast.bob, scopes=scopes)
    app.test_client().get("/api/v1/tokens", headers={"Authorization": f"Bearer {secret}"})

    running_in(app).recorder.flush(is_last=True)

    with database.reading() as session:
        row = session.scalars(select(TokenUsage)).one()
        assert (row.calls, row.refusals) == expected
        assert session.get_one(Token, token_id).last_used_at is not None


def refusals(app, database):
    running_in(app).recorder.flush(is_last=True)
    with database.reading() as session:
        rows = session.scalars(select(AuditEvent).where(AuditEvent.outcome == "refused")).all()
    return [(row.action, row.detail, row.actor_id, row.address, row.count) for row in rows]
