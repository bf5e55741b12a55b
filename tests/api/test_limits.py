"""How often one may call: strangers by their address, good tokens by themselves; and how many tokens one may make."""

from hashlib import sha256

import pytest

from portal.clock import utc_now
from portal.tokens.models import ServiceToken
from portal.tokens.secret import make_secret
from tests.api.calls import ME, TOKENS, Program, code
from tests.builders import ago, make_account_token, make_token
from tests.conftest import settings_for


@pytest.fixture
def limits():
    return "address=3/900s,token=4/900s,create=0"


def statuses(program, times, path=ME, **options):
    return [program.get(path, **options).status_code for _ in range(times)]


def come_from(address):
    return {"environ_base": {"REMOTE_ADDR": address}}


@pytest.fixture
def service(nobody, database):
    """A program with a service token."""
    secret = make_secret("svc").reveal()
    row = ServiceToken(
        name="nginx",
        name_key="nginx",
        digest=sha256(secret.encode()).hexdigest(),
        hint=secret[:12] + "…",
        created_at=utc_now(),
    )
    database.transaction(lambda session: session.add(row))
    return nobody.with_token(secret)


class TestAddress:
    def test_calls_without_a_good_token_are_answered_until_the_limit_and_then_refused(self, nobody):
        unknown = nobody.with_token(make_secret("pat").reveal())
        before = [program.get().status_code for program in (nobody, unknown, nobody.with_token("pat_x"))]
        refused = unknown.get()

        assert before == [401, 401, 401]
        assert (refused.status_code, code(refused)) == (429, "rate_limited")
        assert "WWW-Authenticate" not in refused.headers

    def test_the_answer_says_when_to_come_back_and_which_limit_it_is(self, nobody):
        statuses(nobody, 3)
        headers = nobody.get().headers

        assert 1 <= int(headers["Retry-After"]) <= 900
        assert headers["RateLimit"] == f'"address";r=0;t={headers["Retry-After"]}'
        assert headers["RateLimit-Policy"] == '"address";q=3;w=900'

    def test_a_dead_token_and_two_credentials_are_charged_too(self, nobody, database, cast):
        dead = nobody.with_token(make_token(database, cast.bob, expires_at=ago(days=1))[1])
        twice = {"X-Api-Token": dead.secret}

        assert statuses(dead, 2) + statuses(dead, 2, headers=twice) == [401, 401, 400, 429]

    def test_a_good_token_is_never_refused_for_its_address(self, nobody, alices):
        statuses(nobody, 5)

        assert statuses(alices, 4) == [200] * 4

    def test_good_tokens_charge_nobody_s_address(self, nobody, alices):
        statuses(alices, 10)

        assert statuses(nobody, 4) == [401, 401, 401, 429]

    def test_each_address_is_counted_by_itself_and_ipv6_by_its_network(self, nobody):
        statuses(nobody, 3, **come_from("2001:db8::1"))

        assert statuses(nobody, 1, **come_from("2001:db8::2")) == [429]
        assert statuses(nobody, 1, **come_from("2001:db8:0:1::1")) == [401]

    def test_paths_and_methods_that_are_none_are_charged_to_nobody(self, nobody):
        assert statuses(nobody, 10, "/api/v1/nothing") == [404] * 10
        assert [nobody.delete(ME).status_code for _ in range(10)] == [405] * 10
        assert statuses(nobody, 1) == [401]

    @pytest.mark.parametrize(
        "name", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP"]
    )
    def test_ac_101_a_claimed_address_changes_nothing(self, nobody, name):
        claims = [{name: f"for=198.51.100.{number}" if name == "Forwarded" else f"198.51.100.{number}"}
                  for number in range(4)]  # fmt: skip

        assert [nobody.get(headers=claim).status_code for claim in claims] == [401, 401, 401, 429]


class TestProxies:
    @pytest.fixture
    def settings(self, database_url, tmp_path, limits):
        return settings_for(database_url, tmp_path, limits=limits, trusted_proxies="10.0.0.0/8")

    @staticmethod
    def ask(nobody, forwarded, **headers):
        headers |= {"X-Forwarded-For": forwarded}
        return nobody.get(headers=headers, **come_from("10.0.0.1")).status_code

    def test_ac_101_through_a_proxy_of_ours_the_address_it_saw_counts(self, nobody):
        claimed = [self.ask(nobody, f"198.51.100.{number}, 203.0.113.7") for number in range(4)]

        assert claimed == [401, 401, 401, 429]
        assert self.ask(nobody, "203.0.113.8") == 401

    def test_ac_103_a_connection_header_that_lists_the_address_away_hides_nobody(self, nobody):
        away = {"Connection": "close, X-Real-IP, X-Forwarded-For"}

        assert [self.ask(nobody, "203.0.113.7", **away) for _ in range(4)] == [401, 401, 401, 429]
        assert self.ask(nobody, "203.0.113.8", **away) == 401


class TestToken:
    def test_a_good_token_is_let_in_until_its_limit_and_then_refused(self, alices):
        assert statuses(alices, 5) == [200] * 4 + [429]
        refused = alices.get()

        assert code(refused) == "rate_limited"
        assert refused.headers["RateLimit-Policy"] == '"token";q=4;w=900'

    def test_each_token_is_counted_by_itself(self, program, cast):
        first, second = program(cast.bob, "First"), program(cast.bob, "Second")
        statuses(first, 5)

        assert statuses(second, 1) == [200]

    def test_the_account_s_token_has_a_limit_too_and_a_service_token_none(self, acmes, service):
        assert statuses(acmes, 5) == [200] * 4 + [429]
        assert statuses(service, 10) == [200] * 10

    def test_the_limit_comes_after_the_token_and_before_kind_and_scope(self, program, cast, nobody, database):
        small = program(cast.bob, scopes=("events:read",))
        before = [small.get(TOKENS).status_code for _ in range(4)]
        account = nobody.with_token(make_account_token(database, cast.alice)[1])
        statuses(account, 4)

        assert [*before, small.get(TOKENS).status_code] == [403] * 4 + [429]
        assert account.get(TOKENS).status_code == 429

    def test_a_dead_token_is_told_so_and_not_that_there_were_many_calls(self, nobody, database, cast, revoke):
        token_id, secret = make_token(database, cast.bob)
        program = nobody.with_token(secret)
        statuses(program, 5)
        revoke(cast.bob, token_id)

        assert code(program.get()) == "token_revoked"

    def test_calls_refused_by_the_limit_are_in_the_security_log(self, alices, events):
        statuses(alices, 6)
        refused = [event for event in events() if event.outcome == "refused"]

        assert [(event.action, event.detail, event.count) for event in refused] == [("call.refused", "rate_limited", 2)]


class TestCreate:
    @pytest.fixture
    def limits(self):
        return "create=2/900s,token=0,address=0"

    @staticmethod
    def make(program, *names, **headers):
        return [program.post(json={"name": name}, headers=headers).status_code for name in names]

    def test_ac_137_as_many_as_the_limit_are_made_with_all_tokens_of_a_person_together(self, program, cast):
        first, second = program(cast.bob, "First"), program(cast.bob, "Second")

        assert self.make(first, "A") + self.make(second, "B", "C") == [201, 201, 429]
        assert self.make(program(cast.alice), "A") == [201]

    def test_what_makes_no_token_counts_nothing(self, alices):
        assert self.make(alices, "", "A", "A", "B", "C") == [422, 201, 409, 201, 429]

    def test_a_repeated_call_that_was_done_already_counts_nothing(self, alices):
        again = {"Idempotency-Key": "once"}

        assert self.make(alices, "A", "A", **again) + self.make(alices, "B", "C") == [201, 409, 201, 429]

    def test_the_limit_comes_before_kind_scope_and_body(self, program, cast):
        writer, reader = program(cast.bob, "Writer"), program(cast.bob, "Reader", scopes=("tokens:read",))
        before = reader.post(json={"name": "A"}).status_code
        self.make(writer, "A", "B")

        assert before == 403
        assert [reader.post(json={"name": "C"}).status_code, writer.post(data="no JSON").status_code] == [429, 429]

    def test_rotating_and_other_calls_do_not_count(self, alices):
        self.make(alices, "A", "B")

        assert alices.post(f"{TOKENS}/self/rotate").status_code == 201
        assert alices.get(TOKENS).status_code == 200


def test_a_database_that_is_away_is_charged_to_nobody(make_app, limits, tmp_path):
    away = make_app(settings_for(f"sqlite:///{tmp_path / 'gone.db'}", tmp_path, limits=limits))

    assert statuses(Program(away, make_secret("pat").reveal()), 6) == [503] * 6
