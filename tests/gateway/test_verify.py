"""Who is let in by `/verify`, whom it says they are, and the one of four answers that everybody else gets."""

from itertools import combinations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from portal.accounts.models import User
from portal.accounts.service import lock_account
from portal.clock import utc_now
from portal.current import running_in
from portal.tokens import service
from portal.tokens.models import Token
from portal.tokens.secret import make_secret
from tests.builders import actor_of, ago, make_account_token, make_token
from tests.gateway.asking import VERIFY, Gateway, code, identity

CARRIERS = ("Authorization", "X-Access-Token", "X-Api-Token")


def carried(carrier, secret):
    return {carrier: f"Bearer {secret}" if carrier == "Authorization" else secret}


def challenge(answer):
    return answer.headers.get("WWW-Authenticate")


def change(database, model, row_id, **values):
    def work(session):
        for name, value in values.items():
            setattr(session.get_one(model, row_id), name, value)

    database.transaction(work)


class TestIdentity:
    def test_a_person_is_told_by_ids_and_words(self, gateway, database, cast):
        token_id, secret = make_token(database, cast.bob, scopes=("account:read", "tokens:read"))

        assert identity(gateway.ask(secret)) == {
            "Account": str(cast.bob.account_id),
            "User": str(cast.bob.id),
            "Role": "member",
            "Scopes": "account:read tokens:read",
            "Token": str(token_id),
            "Token-Kind": "personal",
        }

    def test_full_access_is_a_star(self, gateway, database, cast):
        assert identity(gateway.ask(make_token(database, cast.alice)[1]))["Scopes"] == "*"

    def test_an_account_token_has_no_user_and_says_so(self, gateway, database, cast):
        _, secret = make_account_token(database, cast.alice)
        told = identity(gateway.ask(secret))

        assert (told["User"], told["Role"], told["Token-Kind"]) == ("-", "account", "account")
        assert told["Scopes"].startswith("account:read members:read")

    def test_no_name_that_somebody_chose_is_told(self, gateway, database, cast):
        _, secret = make_token(database, cast.bob, "Zürich\u2028")
        answer = gateway.ask(secret)

        assert not {"Bob", "Acme", "Z"} & {value for _, value in answer.headers}

    @pytest.mark.parametrize("name", ["X-Portal-User", "X-Portal-Role", "X-Portal-Account"])
    def test_what_a_caller_claims_to_be_changes_nothing(self, gateway, database, cast, name):
        _, secret = make_token(database, cast.bob)
        honest = identity(gateway.ask(secret))

        assert identity(gateway.ask(secret, headers={name: "1"})) == honest


class TestAsking:
    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"])
    def test_any_method_will_do(self, gateway, database, cast, method):
        assert gateway.ask(make_token(database, cast.bob)[1], method=method).status_code == 204
        assert gateway.ask(method=method).status_code == 401

    @pytest.mark.parametrize("path", ["/verify", "/verify/", "/verify/v1/badge/7/issue", "/verify//..%2f/%00"])
    def test_any_path_below_will_do(self, gateway, database, cast, path):
        assert gateway.ask(make_token(database, cast.bob)[1], path).status_code == 204

    @pytest.mark.parametrize("path", ["/verifying", "/Verify", "/v1/verify"])
    def test_no_other_path_is_meant(self, gateway, stranger, path):
        answer = stranger.client.get(path, base_url=stranger.base_url)

        assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (404, False)

    @pytest.mark.parametrize("base_url", ["http://evil.example", "http://127.0.0.1:1", "http://a_b"])
    def test_any_host_will_do_and_none(self, gateway, database, cast, base_url):
        _, secret = make_token(database, cast.bob)

        assert gateway.ask(secret, base_url=base_url).status_code == 204
        assert gateway.ask(secret, environ_overrides={"HTTP_HOST": ""}).status_code == 204

    def test_the_body_is_never_read(self, gateway, database, cast):
        class Untouchable:
            def __getattr__(self, name):
                raise AssertionError(name)

        body = {"wsgi.input": Untouchable(), "CONTENT_LENGTH": "9", "CONTENT_TYPE": "application/json"}

        assert gateway.ask(make_token(database, cast.bob)[1], method="POST", environ_overrides=body).status_code == 204

    def test_a_refusal_to_head_has_no_body(self, gateway):
        assert gateway.ask(method="HEAD").data == b""


class TestScopes:
    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("scope=account:read", 204),
            ("scope=account%3Aread", 204),
            ("scope=account:read&scope=tokens:read", 204),
            ("scope=account:read+tokens:read", 204),
            ("scope=account:read,tokens:read", 204),
            ("colour=blue&scopes=tokens:write", 204),
            ("scope=tokens:write", 403),
            ("scope=badges:issue", 403),
            ("scope=account:read&scope=tokens:write", 403),
            ("scope=account:read%20tokens:write", 403),
            ("scope=ACCOUNT:READ", 403),
            ("scope=*", 403),
            ("scope=", 403),
            ("scope", 403),
            ("scope=%0d%0aX-Portal-Role:%20owner", 403),
            ("scope=%22,%20realm=%22evil", 403),
            ("scope=%E2%82%AC%ff", 403),
            ("scope=tokens:write&" + "scope=a" * 900, 403),
        ],
    )
    def test_all_that_are_demanded_are_needed(self, gateway, database, cast, query, status):
        _, secret = make_token(database, cast.bob, scopes=("account:read", "tokens:read"))

        assert gateway.ask(secret, f"{VERIFY}?{query}").status_code == status

    def test_full_access_meets_every_demand(self, gateway, database, cast):
        assert gateway.ask(make_token(database, cast.bob)[1], f"{VERIFY}?scope=a:b&scope=").status_code == 204

    def test_the_refusal_names_what_is_missing(self, gateway, database, cast):
        _, secret = make_token(database, cast.bob, scopes=("account:read",))
        answer = gateway.ask(secret, f"{VERIFY}?scope=account:read&scope=badges:issue&scope=%22")

        assert (answer.status_code, code(answer)) == (403, "insufficient_scope")
        assert challenge(answer) == (
            'Bearer realm="portal", error="insufficient_scope", '
            'error_description="The token lacks a scope that this call needs.", scope="badges:issue"'
        )

    def test_an_account_token_has_the_ones_it_lists(self, gateway, database, cast):
        _, secret = make_account_token(database, cast.alice)

        assert gateway.ask(secret, f"{VERIFY}?scope=members:read").status_code == 204
        assert gateway.ask(secret, f"{VERIFY}?scope=tokens:write").status_code == 403

    def test_a_service_token_is_let_in_nowhere(self, gateway, make_service):
        answer = gateway.ask(make_service())

        assert (answer.status_code, code(answer), challenge(answer)) == (403, "forbidden", None)
        assert gateway.ask(make_service("Old", is_revoked=True)).status_code == 401


class TestRefusals:
    def test_without_a_token_the_challenge_names_no_error(self, gateway):
        answer = gateway.ask()

        assert (answer.status_code, code(answer), challenge(answer)) == (401, "token_missing", 'Bearer realm="portal"')

    @pytest.mark.parametrize("pair", list(combinations(CARRIERS, 2)))
    @pytest.mark.parametrize("other", ["same", "somebody else's", "wrong", "empty"])
    def test_ac_100_two_carriers_are_401_even_when_equal(self, gateway, database, cast, pair, other):
        _, secret = make_token(database, cast.alice)
        others = {"same": secret, "somebody else's": make_token(database, cast.bob)[1], "wrong": "x", "empty": ""}
        answer = gateway.ask(headers=carried(pair[0], secret) | carried(pair[1], others[other]))

        assert (answer.status_code, code(answer)) == (401, "ambiguous_credentials")
        assert answer.get_json()["status"] == 401
        assert 'error="invalid_request"' in challenge(answer)

    @pytest.mark.parametrize("carrier", CARRIERS)
    def test_ac_100_a_header_sent_twice_is_refused(self, gateway, database, cast, carrier):
        value = carried(carrier, make_token(database, cast.alice)[1])[carrier]

        assert code(gateway.ask(headers={carrier: f"{value},{value}"})) == "ambiguous_credentials"

    def test_ac_032_the_verdict_is_the_same_by_every_carrier(self, gateway, database, cast):
        _, secret = make_token(database, cast.alice, scopes=("account:read",))

        for query, status in (("", 204), ("?scope=account:read", 204), ("?scope=tokens:read", 403)):
            asked = [gateway.ask(path=VERIFY + query, headers=carried(carrier, secret)) for carrier in CARRIERS]
            assert [answer.status_code for answer in asked] == [status] * 3, query
            if status == 204:
                assert identity(asked[0]) == identity(asked[1]) == identity(asked[2])

    @pytest.mark.parametrize("value", ["Basic alice:{}", "token {}", "{}", "Digest {}"])
    def test_ac_032_other_schemes_are_no_carrier(self, gateway, database, cast, value):
        _, secret = make_token(database, cast.alice)

        assert code(gateway.ask(headers={"Authorization": value.format(secret)})) == "token_malformed"

    @pytest.mark.parametrize("field", ["api_token", "access_token", "token"])
    def test_ac_032_a_token_in_the_address_is_no_credential(self, gateway, database, cast, field):
        _, secret = make_token(database, cast.alice)

        assert code(gateway.ask(path=f"{VERIFY}?{field}={secret}")) == "token_missing"

    def test_ac_031_a_browsers_session_is_no_credential(self, alice):
        answer = alice.client.get(VERIFY, base_url=alice.base_url)

        assert (answer.status_code, answer.headers.get("Set-Cookie")) == (401, None)

    @pytest.mark.parametrize(
        "mangled",
        ["x", "pat_", "pat_" + "-" * 43, "pat_" + "0" * 43, "{} ", " {}", "{}\n", '"{}"', "{}\0", "{}é", "Bearer {}"],
    )
    def test_ac_106_a_mangled_token_is_refused(self, gateway, database, cast, mangled):
        text = mangled.format(make_token(database, cast.alice)[1])

        for name, value in (("HTTP_AUTHORIZATION", f"Bearer {text}"), ("HTTP_X_API_TOKEN", text)):
            assert code(gateway.ask(environ_overrides={name: value})) == "token_malformed"

    def test_ac_107_a_stranger_with_the_right_shape_is_unknown(self, gateway):
        answer = gateway.ask(make_secret("pat").reveal())

        assert (answer.status_code, code(answer)) == (401, "token_unknown")
        assert code(gateway.ask(make_secret("svc").reveal())) == "token_unknown"

    def test_ac_001_a_deactivated_person_is_refused_and_the_use_not_noted(self, gateway, app, database, cast):
        token_id, secret = make_token(database, cast.bob)
        change(database, User, cast.bob.id, deactivated_at=utc_now())
        answers = [gateway.ask(headers=carried(carrier, secret)) for carrier in CARRIERS]
        running_in(app).recorder.flush()

        assert [(answer.status_code, code(answer)) for answer in answers] == [(401, "user_inactive")] * 3
        with database.reading() as session:
            assert session.get_one(Token, token_id).last_used_at is None

    def test_a_token_whose_account_turned_access_off_is_refused(self, gateway, database, cast):
        _, secret = make_account_token(database, cast.alice)

        def turn_off(session):
            lock_account(session, cast.alice.account_id).api_access_enabled = False

        database.transaction(turn_off)

        assert code(gateway.ask(secret)) == "api_access_disabled"

    def test_ac_134_an_expired_one_is_401_with_a_challenge(self, gateway, database, cast):
        _, secret = make_token(database, cast.bob, expires_at=ago(hours=1), now=ago(days=1))
        answer = gateway.ask(secret)

        assert (answer.status_code, code(answer)) == (401, "token_expired")
        assert 'error="invalid_token", error_description="This token has expired."' in challenge(answer)

    def test_ac_014_a_revoke_during_a_check_counts_for_the_next_one(self, gateway, database, cast):
        token_id, secret = make_token(database, cast.bob)
        assert [gateway.ask(secret).status_code for _ in range(2)] == [204, 204]

        database.transaction(
            lambda session: service.revoke(session, actor_of(cast.bob), session.get_one(Token, token_id), now=utc_now())
        )

        assert code(gateway.ask(secret)) == "token_revoked"

    def test_ac_134_no_limit_stands_in_the_way(self, gateway, database, cast):
        _, secret = make_token(database, cast.bob)

        assert {gateway.ask(secret).status_code for _ in range(100)} == {204}
        assert {gateway.ask().status_code for _ in range(100)} == {401}


TEXT = st.text(st.characters(max_codepoint=255), max_size=60)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    environ=st.dictionaries(
        st.sampled_from(["HTTP_AUTHORIZATION", "HTTP_X_ACCESS_TOKEN", "HTTP_X_API_TOKEN", "HTTP_X_FORWARDED_FOR",
                         "HTTP_HOST", "REMOTE_ADDR", "CONTENT_LENGTH", "QUERY_STRING", "REQUEST_METHOD"]),
        TEXT,
    ),
    path=TEXT,
    is_good=st.booleans(),
)  # fmt: skip
@example(environ={"QUERY_STRING": "scope=%00&scope=\xff"}, path="", is_good=True)
@example(environ={"HTTP_AUTHORIZATION": "Bearer \xff"}, path="/..", is_good=False)
def test_ac_134_whatever_is_asked_is_answered_by_one_of_four(known, environ, path, is_good):
    app, secret = known
    given = {"HTTP_AUTHORIZATION": f"Bearer {secret}"} if is_good else {}
    overrides = {**given, **environ, "PATH_INFO": f"{VERIFY}/{path}"}

    # What all answers promise is checked by `ask`.
    answer = Gateway(app).ask(environ_overrides=overrides)

    assert answer.status_code != 503
    if "HTTP_AUTHORIZATION" in environ or not is_good:
        assert answer.status_code == 401


@pytest.fixture
def known(app, database, cast):
    """A portal and a good token of it, limited to one scope."""
    return app, make_token(database, cast.bob, scopes=("account:read",))[1]
