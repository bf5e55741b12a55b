"""`POST /introspect` (RFC 7662): what a service of the operator's is told about a token."""

from time import monotonic

import pytest
from sqlalchemy import select

from portal.accounts.models import Account, Role, User
from portal.accounts.service import lock_account
from portal.current import running_in
from portal.members import service as members
from portal.tokens.secret import make_secret
from tests.api.calls import Program, code
from tests.authentication.test_authenticator import unreachable
from tests.builders import actor_of, ago, ahead, make_account_token, make_token
from tests.conftest import settings_for
from tests.gateway.questions import INTROSPECT, new_service, row, set_moments

INACTIVE = b'{"active":false}'


def switch_api_access(database, account_id, *, is_on):
    database.transaction(lambda session: setattr(session.get_one(Account, account_id), "api_access_enabled", is_on))


def add_owner(database, account_id):
    """So that Alice is not the last one."""
    database.transaction(
        lambda session: setattr(
            session.scalars(select(User).where(User.account_id == account_id, User.name == "Adam")).one(),
            "role",
            Role.OWNER,
        )
    )


def deactivate(database, person):
    database.transaction(
        lambda session: members.deactivate(session, actor_of(person), email=person.email, now=ago(seconds=0))
    )


class TestActive:
    def test_a_persons_token(self, introspect, database, cast):
        token_id, secret = make_token(
            database, cast.bob, scopes=("account:read", "tokens:read"), expires_at=ahead(days=1)
        )
        made = row(database, token_id)

        answer = introspect(secret)

        assert (answer.status_code, answer.mimetype) == (200, "application/json")
        assert answer.get_json() == {
            "active": True,
            "scope": "account:read tokens:read",
            "sub": f"user:{cast.bob.id}",
            "username": cast.bob.email,
            "iat": int(made.created_at.timestamp()),
            "exp": int(made.expires_at.timestamp()),
            "token_type": "Bearer",
            "account_id": cast.bob.account_id,
            "role": "member",
        }

    def test_ac_004_the_accounts_token_outlives_the_owner_who_made_it(self, introspect, database, cast):
        _, secret = make_account_token(database, cast.alice)
        _, owners = make_token(database, cast.alice)
        add_owner(database, cast.alice.account_id)
        deactivate(database, cast.alice)

        told = introspect(secret).get_json()

        assert (told["active"], told["sub"], told["username"], told["role"]) == (
            True, f"account:{cast.alice.account_id}", "Acme", "account",
        )  # fmt: skip
        assert told["scope"] == "account:read members:read events:read usage:read"
        assert introspect(owners).data == INACTIVE

    def test_full_access_is_a_star_and_what_never_ends_has_no_exp(self, introspect, database, cast):
        told = introspect(make_token(database, cast.alice)[1]).get_json()

        assert (told["scope"], told["role"], "exp" in told) == ("*", "owner", False)

    def test_exp_is_the_earlier_of_expiry_and_end_of_overlap(self, introspect, database, cast):
        token_id, secret = make_token(database, cast.bob, expires_at=ahead(days=9))
        stops_at = ahead(hours=1)
        set_moments(database, token_id, superseded_at=ago(seconds=1), stops_at=stops_at)

        assert introspect(secret).get_json()["exp"] == int(stops_at.timestamp())

    def test_scopes_of_the_services_behind_are_told(self, make_app, database_url, tmp_path, database, cast):
        app = make_app(settings_for(database_url, tmp_path, scopes="badges:issue=Issue badges"))
        back_end = Program(app, new_service(database))
        _, secret = make_token(database, cast.bob, scopes=("badges:issue", "gone:scope"))

        assert back_end.post(INTROSPECT, data={"token": secret}).get_json()["scope"] == "badges:issue gone:scope"

    def test_v10_3_3_the_subject_is_an_id_that_is_never_reused(self, introspect, database, cast):
        subjects = {introspect(make_token(database, person)[1]).get_json()["sub"] for person in cast.everybody()}

        assert subjects == {f"user:{person.id}" for person in cast.everybody()}

    def test_it_counts_as_a_use_of_the_token(self, introspect, app, database, cast):
        token_id, secret = make_token(database, cast.bob)
        introspect(secret)
        running_in(app).recorder.flush()

        assert row(database, token_id).last_used_at is not None

    def test_a_hint_of_the_type_is_ignored(self, back_end, database, cast):
        _, secret = make_token(database, cast.bob)
        form = {"token": secret, "token_type_hint": "refresh_token", "other": "x"}

        assert back_end.post(INTROSPECT, data=form).get_json()["active"] is True


class TestInactive:
    @pytest.fixture
    def dead(self, database, cast, app):
        """A token for each way not to be good: way → secret."""
        revoked, stopped, expired = (make_token(database, cast.adam, name) for name in ("a", "b", "c"))
        set_moments(database, revoked[0], revoked_at=ago(days=1))
        set_moments(database, stopped[0], superseded_at=ago(days=1), stops_at=ago(hours=1))
        set_moments(database, expired[0], expires_at=ago(seconds=1))
        _, off = make_account_token(database, cast.charlie)
        switch_api_access(database, cast.charlie.account_id, is_on=False)
        _, inactive = make_token(database, cast.bob)
        deactivate(database, cast.bob)
        return {
            "token_revoked": revoked[1],
            "stopped": stopped[1],
            "token_expired": expired[1],
            "api_access_disabled": off,
            "user_inactive": inactive,
            "token_unknown": make_secret("pat").reveal(),
            "unknown service": make_secret("svc").reveal(),
            "service": new_service(database, "Another"),
            "token_malformed": "pat_nothing",
            "a word before it": f"Bearer {revoked[1]}",
            "not ascii": "pat_\N{SNOWMAN}",
            "long": "x" * 60_000,
        }

    def test_every_answer_is_the_same_bytes_and_headers(self, introspect, dead):
        answers = {way: introspect(secret) for way, secret in dead.items()}

        assert {answer.data for answer in answers.values()} == {INACTIVE}
        assert {answer.status_code for answer in answers.values()} == {200}
        headers = [
            {name: value for name, value in answer.headers if name != "X-Request-Id"} for answer in answers.values()
        ]
        assert all(one == headers[0] for one in headers)

    def test_ac_001_a_deactivated_person_is_inactive_at_once_and_nothing_is_used(self, introspect, app, database, cast):
        token_id, secret = make_token(database, cast.bob)
        deactivate(database, cast.bob)

        assert introspect(secret).data == INACTIVE
        running_in(app).recorder.flush()
        assert row(database, token_id).last_used_at is None

    def test_ac_011_turning_api_access_off_is_honoured_by_the_next_question(self, introspect, database, cast):
        _, secret = make_account_token(database, cast.alice)
        assert introspect(secret).get_json()["active"] is True

        switch_api_access(database, cast.alice.account_id, is_on=False)

        assert introspect(secret).data == INACTIVE

    def test_a_dead_token_that_was_presented_is_in_the_log_without_an_address(self, introspect, dead, events):
        introspect(dead["token_revoked"])
        introspect(dead["token_unknown"])

        (refusal,) = events()
        assert (refusal.action, refusal.detail, refusal.address) == ("call.refused", "token_revoked", None)


class TestWhoMayAsk:
    def test_ac_041_nobody_but_a_service_is_told_anything(self, app, database, cast):
        _, secret = make_token(database, cast.alice)
        _, accounts = make_account_token(database, cast.alice)

        for caller in (secret, accounts):
            answer = Program(app, caller).post(INTROSPECT, data={"token": secret})
            assert (answer.status_code, code(answer)) == (403, "forbidden")
            assert answer.get_json()["error"] == "unauthorized_client"
            assert "WWW-Authenticate" not in answer.headers

    def test_v10_4_10_a_caller_without_a_good_token_is_refused(self, app, back_end, database, cast):
        form = {"token": make_token(database, cast.bob)[1]}

        for caller, expected, error in (
            (None, "token_missing", "invalid_client"),
            ("x", "token_malformed", "invalid_token"),
            (make_secret("svc").reveal(), "token_unknown", "invalid_token"),
        ):
            answer = back_end.with_token(caller).post(INTROSPECT, data=form)
            assert (answer.status_code, code(answer)) == (401, expected)
            assert answer.get_json()["error"] == error
            assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="portal"')

    def test_the_caller_is_asked_for_before_the_form(self, back_end):
        assert back_end.with_token(None).post(INTROSPECT, data="x" * 70_000).status_code == 401


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestForm:
    @pytest.mark.parametrize("body", ["", "token=", "tokens=x", "token=a&token=b", "token_type_hint=x"])
    def test_a_form_without_exactly_one_token_is_refused(self, back_end, body):
        answer = back_end.post(INTROSPECT, data=body, content_type="application/x-www-form-urlencoded")

        assert (answer.status_code, code(answer)) == (400, "malformed_form")
        assert answer.get_json()["error"] == "invalid_request"

    def test_a_token_in_the_address_is_not_read(self, back_end, database, cast):
        _, secret = make_token(database, cast.bob)

        assert code(back_end.post(f"{INTROSPECT}?token={secret}", data={"x": "y"})) == "malformed_form"

    @pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""])
    def test_anything_but_a_form_is_refused(self, back_end, media_type):
        answer = back_end.post(INTROSPECT, data=b"token=x", content_type=media_type)

        assert (answer.status_code, code(answer)) == (415, "unsupported_media_type")
        assert answer.get_json()["error"] == "invalid_request"

    def test_f22_a_body_that_is_too_large_is_refused(self, back_end):
        answer = back_end.post(INTROSPECT, data={"token": "x" * 70_000})

        assert (answer.status_code, code(answer)) == (413, "too_large")
        assert answer.get_json()["error"] == "invalid_request"

    def test_a_body_that_was_cut_off_is_refused(self, back_end):
        answer = back_end.post(
            INTROSPECT,
            data=b"token=x",
            content_type="application/x-www-form-urlencoded",
            environ_overrides={"CONTENT_LENGTH": "20", "wsgi.input_terminated": True},
        )

        assert (answer.status_code, code(answer)) == (400, "malformed_form")


class TestBadTimes:
    def test_f04_without_the_database_nobody_is_told_inactive(self, make_app, settings, tmp_path):
        away = Program(make_app(settings_for(unreachable(settings, tmp_path), tmp_path)), make_secret("svc").reveal())
        started = monotonic()

        answer = away.post(INTROSPECT, data={"token": make_secret("pat").reveal()})

        assert (answer.status_code, code(answer), answer.headers["Retry-After"]) == (503, "unavailable", "5")
        assert b"active" not in answer.data
        assert monotonic() - started < 3

    def test_f06_while_a_writer_holds_the_lock_the_answer_is_the_same(self, introspect, database, cast):
        _, secret = make_token(database, cast.bob)

        def hold(session):
            lock_account(session, cast.bob.account_id)
            return introspect(secret).get_json()["active"]

        assert database.transaction(hold) is True

    @pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
    def test_f09_a_database_that_only_reads_answers_and_the_use_is_dropped(self, introspect, app, database, read_only):
        token_id, secret = read_only

        assert introspect(secret).get_json()["active"] is True
        running_in(app).recorder.flush()
        assert row(database, token_id).last_used_at is None
