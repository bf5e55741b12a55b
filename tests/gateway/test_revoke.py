"""`POST /revoke` (RFC 7009): whoever holds a token can kill it, and learns nothing by trying."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.current import running_in
from portal.tokens.secret import make_secret
from tests.api.calls import Program, code
from tests.authentication.test_authenticator import unreachable
from tests.builders import ago, ahead, make_account_token, make_token
from tests.conftest import settings_for
from tests.everything import all_rows
from tests.gateway.questions import REVOKE, new_service, row, set_moments


class TestKilled:
    def test_a_persons_token_is_dead_at_the_next_call(self, app, holder, database, cast):
        token_id, secret = make_token(database, cast.bob)
        program = Program(app, secret)
        assert program.get().status_code == 200

        answer = holder(secret)

        assert (answer.status_code, answer.data) == (200, b"")
        assert code(program.get()) == "token_revoked"
        assert row(database, token_id).revoked_at is not None

    def test_the_account_token_too(self, app, holder, database, cast):
        _, secret = make_account_token(database, cast.alice)

        assert holder(secret).status_code == 200
        assert code(Program(app, secret).get()) == "token_revoked"

    def test_a_service_token_too(self, app, holder, database, events):
        secret = new_service(database)

        assert holder(secret).status_code == 200
        assert code(Program(app, secret).get()) == "token_revoked"
        revoked = events()[-1]
        assert (revoked.action, revoked.actor_kind, revoked.actor_name, revoked.target_kind, revoked.account_id) == (
            "token.revoked", "service", "Badge gateway", "service", None,
        )  # fmt: skip

    def test_an_expired_one_is_revoked(self, holder, database, cast):
        token_id, secret = make_token(database, cast.bob)
        set_moments(database, token_id, expires_at=ago(days=1))

        holder(secret)

        assert row(database, token_id).revoked_at is not None

    def test_the_one_that_it_replaced_stops_with_it(self, app, holder, database, cast):
        _, old = make_token(database, cast.bob)
        new = Program(app, old).post("/api/v1/tokens/self/rotate", json={}).get_json()["token"]

        holder(new)

        assert [code(Program(app, secret).get()) for secret in (old, new)] == ["token_revoked"] * 2

    def test_its_successor_lives_on(self, app, holder, database, cast):
        _, old = make_token(database, cast.bob)
        new = Program(app, old).post("/api/v1/tokens/self/rotate", json={}).get_json()["token"]

        holder(old)

        assert code(Program(app, old).get()) == "token_revoked"
        assert Program(app, new).get().status_code == 200

    @pytest.mark.parametrize(("kind", "actor"), [("personal", ("user", "Bob")), ("account", ("account", "Acme"))])
    def test_it_is_the_deed_of_whom_the_token_acts_for(self, kind, actor, app, database, cast, events):
        token_id, secret = (
            make_token(database, cast.bob) if kind == "personal" else make_account_token(database, cast.alice)
        )
        Program(app).post(REVOKE, data={"token": secret}, environ_overrides={"REMOTE_ADDR": "203.0.113.7"})

        revoked = events()[-1]
        assert (revoked.action, revoked.outcome, revoked.actor_kind, revoked.actor_name) == (
            "token.revoked", "done", *actor,
        )  # fmt: skip
        assert (revoked.account_id, revoked.token_id, revoked.target_id, revoked.address) == (
            cast.bob.account_id, token_id, token_id, "203.0.113.7",
        )  # fmt: skip


class TestNothingToldNothingDone:
    @pytest.fixture
    def dead(self, database, cast):
        """Whatever cannot be revoked: way → what is sent."""
        revoked, stopped = (make_token(database, cast.bob, name) for name in ("a", "b"))
        set_moments(database, revoked[0], revoked_at=ago(days=1))
        set_moments(database, stopped[0], superseded_at=ago(days=1), stops_at=ago(hours=1))
        return {
            "revoked": revoked[1],
            "stopped": stopped[1],
            "unknown": make_secret("pat").reveal(),
            "unknown service": make_secret("svc").reveal(),
            "malformed": "pat_nothing",
            "not ascii": "\N{SNOWMAN}",
            "long": "x" * 60_000,
        }

    def test_the_answer_is_that_of_a_living_one(self, holder, dead, database, cast):
        answers = [holder(make_token(database, cast.bob)[1]), *(holder(secret) for secret in dead.values())]

        assert {(answer.status_code, answer.data) for answer in answers} == {(200, b"")}
        headers = [[(name, value) for name, value in answer.headers if name != "X-Request-Id"] for answer in answers]
        assert all(one == headers[0] for one in headers)

    def test_nothing_is_written(self, holder, dead, app, database):
        before = all_rows(database)
        for secret in dead.values():
            holder(secret)
        running_in(app).recorder.flush(is_last=True)

        assert all_rows(database) == before

    def test_twice_is_as_good_as_once_and_recorded_once(self, holder, database, cast, events):
        _, secret = make_token(database, cast.bob)

        assert [holder(secret).status_code for _ in range(2)] == [200, 200]
        assert [event.action for event in events()] == ["token.created", "token.revoked"]

    def test_f31_twenty_at_once_are_recorded_once(self, holder, database, cast, events):
        _, secret = make_token(database, cast.bob)

        with ThreadPoolExecutor(5) as pool:
            statuses = set(pool.map(lambda _: holder(secret).status_code, range(20)))

        assert statuses == {200}
        assert [event.action for event in events()] == ["token.created", "token.revoked"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestForm:
    @pytest.mark.parametrize("body", ["", "token=", "token=a&token=b", "x=y"])
    def test_a_form_without_exactly_one_token_is_refused(self, app, body):
        answer = Program(app).post(REVOKE, data=body, content_type="application/x-www-form-urlencoded")

        assert (answer.status_code, code(answer)) == (400, "malformed_form")
        assert answer.get_json()["error"] == "invalid_request"

    def test_anything_but_a_form_is_refused(self, app, database, cast):
        _, secret = make_token(database, cast.bob)

        assert code(Program(app).post(REVOKE, json={"token": secret})) == "unsupported_media_type"
        assert Program(app, secret).get().status_code == 200

    def test_a_token_in_the_address_or_in_a_header_kills_nothing(self, app, database, cast):
        _, secret = make_token(database, cast.bob)

        assert code(Program(app, secret).post(f"{REVOKE}?token={secret}", data={"x": "y"})) == "malformed_form"
        assert Program(app, secret).get().status_code == 200

    def test_get_is_no_way_to_revoke(self, app):
        answer = Program(app).get(REVOKE)

        assert (answer.status_code, code(answer), answer.headers["Allow"]) == (405, "method_not_allowed", "POST")

    def test_no_cookie_is_read_or_set(self, bob, database, cast):
        _, secret = make_token(database, cast.bob)

        answer = bob.client.post(REVOKE, data={"token": secret}, base_url=bob.base_url, buffered=True)

        assert (answer.status_code, answer.headers.get("Set-Cookie")) == (200, None)


class TestBadTimes:
    @pytest.mark.parametrize("prefix", ["pat", "svc"])
    def test_f04_without_the_database_nobody_is_told_that_it_is_dead(self, make_app, settings, tmp_path, prefix):
        away = Program(make_app(settings_for(unreachable(settings, tmp_path), tmp_path)))

        answer = away.post(REVOKE, data={"token": make_secret(prefix).reveal()})

        assert (answer.status_code, code(answer), answer.headers["Retry-After"]) == (503, "unavailable", "5")

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    def test_f09_what_cannot_be_written_is_not_called_revoked(self, app, holder, read_only):
        _, secret = read_only

        assert holder(secret).status_code == 503
        assert Program(app, secret).get().status_code == 200

    def test_an_expiry_to_come_changes_nothing(self, app, holder, database, cast):
        _, secret = make_token(database, cast.bob, expires_at=ahead(days=1))

        holder(secret)

        assert code(Program(app, secret).get()) == "token_revoked"
