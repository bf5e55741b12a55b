"""Who may open what: every address of the app, asked as everybody. A new one needs a row in the table."""

import re
from functools import partial
from inspect import iscoroutinefunction

import pytest

from portal.accounts.guards import GUARD
from tests.builders import make_account_token, make_token
from tests.everything import all_rows, ask, pages, routes

# Whom one asks as; the token that an address names is Bob's, of Acme. Charlie owns another account.
WHO = ("stranger", "bob", "adam", "alice", "charlie")

# What they meet: 200 a page, 303 somewhere else, `in` asked to sign in, 400 no CSRF token (so let in that far),
# 403 not for the role, 404 not theirs, 401 no bearer token, since a cookie is none.
OPEN = (200, 200, 200, 200, 200)
AWAY = (303, 303, 303, 303, 303)
GONE = (404, 404, 404, 404, 404)
OWN = ("in", 200, 200, 200, 200)
OWN_AWAY = ("in", 303, 303, 303, 303)
BOBS = ("in", 200, 404, 404, 404)
ADMINS = ("in", 403, 200, 200, 200)
OWNERS = ("in", 403, 403, 200, 200)
BEARER = (401, 401, 401, 401, 401)
ANYBODY_SENDS = (400, 400, 400, 400, 400)
EVERY_PERSON_SENDS = ("in", 400, 400, 400, 400)

TABLE = {
    ("GET", "members.home"): AWAY,
    ("GET", "members.setup"): GONE,  # Somebody exists, so it is over.
    ("POST", "members.setup"): GONE,
    ("GET", "members.settings"): OWN_AWAY,
    ("GET", "members.profile"): OWN,
    ("POST", "members.profile"): EVERY_PERSON_SENDS,
    ("GET", "members.account"): ("in", 403, 303, 303, 303),
    ("GET", "sign_in.sign_in"): (200, 303, 303, 303, 303),
    ("POST", "sign_in.sign_in"): ANYBODY_SENDS,
    ("POST", "sign_in.sign_out"): EVERY_PERSON_SENDS,
    ("GET", "sign_in.security"): OWN,
    ("POST", "sign_in.security"): EVERY_PERSON_SENDS,
    ("GET", "sign_in.change_password"): AWAY,
    ("GET", "api_access.show"): OWNERS,
    ("POST", "api_access.show"): EVERY_PERSON_SENDS,
    ("POST", "api_access.agree"): EVERY_PERSON_SENDS,
    ("GET", "api_access.rotate"): ("in", 403, 403, 200, 303),  # Charlie's account has no token to rotate.
    ("POST", "api_access.rotate"): EVERY_PERSON_SENDS,
    ("GET", "api_access.disable"): ("in", 403, 403, 200, 303),
    ("POST", "api_access.disable"): EVERY_PERSON_SENDS,
    ("POST", "api_access.stop_old"): EVERY_PERSON_SENDS,
    ("GET", "personal_tokens.index"): OWN,
    ("GET", "personal_tokens.new"): OWN,
    ("POST", "personal_tokens.new"): EVERY_PERSON_SENDS,
    ("GET", "personal_tokens.show"): BOBS,
    ("GET", "personal_tokens.rename"): BOBS,
    ("POST", "personal_tokens.rename"): EVERY_PERSON_SENDS,
    ("GET", "personal_tokens.rotate"): BOBS,
    ("POST", "personal_tokens.rotate"): EVERY_PERSON_SENDS,
    ("GET", "personal_tokens.revoke"): BOBS,
    ("POST", "personal_tokens.revoke"): EVERY_PERSON_SENDS,
    ("GET", "activity.own"): OWN,
    ("GET", "activity.account"): ADMINS,
    ("GET", "developers.start"): OPEN,
    ("GET", "developers.errors"): OPEN,
    ("GET", "developers.token_format"): OPEN,
    ("GET", "developers.limits"): OPEN,
    ("GET", "developers.events"): OPEN,
    ("GET", "developers.tools"): OPEN,
    ("GET", "developers.links"): OPEN,
    ("GET", "developers.changelog"): OPEN,
    ("GET", "developers.reference"): OPEN,
    ("GET", "developers.call"): OPEN,
    ("GET", "developers.postman"): OPEN,
    ("GET", "health.healthz"): OPEN,
    ("GET", "health.readyz"): OPEN,
    ("GET", "static"): OPEN,
    ("GET", "api.me"): BEARER,
    ("GET", "api.account"): BEARER,
    ("GET", "api_account.members"): BEARER,
    ("GET", "api_account.tokens"): BEARER,
    ("GET", "api_activity.events"): BEARER,
    ("GET", "api_activity.usage"): BEARER,
    ("GET", "api_document.openapi"): OPEN,  # It tells everybody the same.
    ("GET", "api_tokens.index"): BEARER,
    ("POST", "api_tokens.create"): BEARER,
    ("GET", "api_tokens.show"): BEARER,
    ("PATCH", "api_tokens.rename"): BEARER,
    ("DELETE", "api_tokens.revoke"): BEARER,
    ("POST", "api_tokens.rotate"): BEARER,
    ("GET", "api_tokens.show_self"): BEARER,
    ("PATCH", "api_tokens.rename_self"): BEARER,
    ("DELETE", "api_tokens.revoke_self"): BEARER,
    ("POST", "api_tokens.rotate_self"): BEARER,
    ("POST", "older.create"): BEARER,
    ("GET", "older.index"): BEARER,
    ("DELETE", "older.revoke"): BEARER,
    ("DELETE", "older.revoke_self"): BEARER,
    ("POST", "older.create_personal"): BEARER,
    ("POST", "older.create_personal_bare"): BEARER,
    ("POST", "introspect.introspect"): BEARER,
    ("GET", "metrics.metrics"): BEARER,
    ("POST", "revoke.revoke"): (415, 415, 415, 415, 415),  # Anybody may send it; here there is no form in it.
}

# The same POSTs once more, with a good CSRF token and nothing else in the form: now the role and the owner decide.
# Then 422 for the empty form, 409 where it fits another state than the present one, and 303 where what is asked
# already holds. None of these does anything.
EMPTY_FORM = (422, 422, 422, 422, 422)
OWNERS_FORM = ("in", 403, 403, 422, 422)
PERSONS_FORM = ("in", 422, 422, 422, 422)
BOBS_FORM = ("in", 422, 404, 404, 404)
WITH_CSRF = {
    "members.setup": GONE,
    "members.profile": PERSONS_FORM,
    "sign_in.sign_in": EMPTY_FORM,
    "sign_in.security": PERSONS_FORM,
    "api_access.show": ("in", 403, 403, 409, 303),
    "api_access.agree": OWNERS_FORM,
    "api_access.rotate": ("in", 403, 403, 422, 303),
    "api_access.disable": ("in", 403, 403, 409, 303),
    "api_access.stop_old": ("in", 403, 403, 303, 303),
    "personal_tokens.new": PERSONS_FORM,
    "personal_tokens.rename": BOBS_FORM,
    "personal_tokens.rotate": BOBS_FORM,
}
# Forms that hold nothing but a button: sent by whoever may, they do what they say.
ONLY_A_BUTTON = {"sign_in.sign_out": WHO[1:], "personal_tokens.revoke": ("bob",)}

# Open to strangers, so that they are not asked to sign in first.
OPEN_TO_STRANGERS = {"sign_in.sign_in"}
OVER = {"members.setup"}


@pytest.fixture
def bobs_token(cast, database):
    """The token that addresses name; and Acme's own, so that its pages have something to show."""
    make_account_token(database, cast.alice)
    return make_token(database, cast.bob)[0]


@pytest.fixture
def everybody(stranger, bob, adam, alice, charlie):
    return dict(zip(WHO, (stranger, bob, adam, alice, charlie), strict=True))


@pytest.fixture
def rows(database):
    return partial(all_rows, database)


def met(answer):
    is_sign_in = answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in?next=")
    return "in" if is_sign_in else answer.status_code


def csrf_of(browser, who):
    return browser.csrf_token("/sign-in" if who == "stranger" else "/settings/profile")


class TestTable:
    def test_every_address_has_a_row_and_every_row_an_address(self, app):
        assert {(route.method, route.endpoint) for route in routes(app)} == set(TABLE)

    def test_every_form_has_a_row_too(self, app):
        forms = (route.endpoint for route in routes(app) if route.is_page)
        sent = {endpoint for endpoint in forms if ("POST", endpoint) in TABLE}

        assert set(WITH_CSRF) | set(ONLY_A_BUTTON) == sent

    def test_v4_1_3_every_view_wears_a_guard(self, app):
        without = {endpoint for endpoint, view in app.view_functions.items() if not hasattr(view, GUARD)}

        assert without == {"static"}

    def test_no_view_and_no_hook_is_a_coroutine(self, app):
        hooks = [hook for of in (app.before_request_funcs, app.after_request_funcs) for hook in of.get(None, [])]

        assert not any(map(iscoroutinefunction, [*app.view_functions.values(), *hooks]))


class TestWhoMay:
    @pytest.mark.parametrize("who", WHO)
    def test_v8_2_1_everybody_meets_what_the_table_says(self, who, app, everybody, bobs_token, rows):
        before = rows()

        found = {
            (route.method, route.endpoint): met(ask(everybody[who], route))
            for route in routes(app, token_id=bobs_token)
        }

        column = WHO.index(who)
        assert found == {row: answers[column] for row, answers in TABLE.items()}
        assert rows() == before

    @pytest.mark.parametrize("who", WHO)
    def test_ac_035_who_may_look_may_not_send(self, who, app, everybody, bobs_token, rows):
        browser = everybody[who]
        token, before, found = csrf_of(browser, who), rows(), {}
        for route in routes(app, token_id=bobs_token):
            if route.method == "POST" and route.endpoint in WITH_CSRF:
                found[route.endpoint] = met(ask(browser, route, data={"csrf_token": token}))

        column = WHO.index(who)
        assert found == {endpoint: answers[column] for endpoint, answers in WITH_CSRF.items()}
        assert rows() == before

    @pytest.mark.parametrize("endpoint", ONLY_A_BUTTON)
    @pytest.mark.parametrize("who", WHO)
    def test_ac_035_a_button_works_for_whom_it_is(self, who, endpoint, app, everybody, bobs_token, rows):
        (route,) = (one for one in routes(app, token_id=bobs_token) if (one.method, one.endpoint) == ("POST", endpoint))
        token, before = csrf_of(everybody[who], who), rows()
        others = "in" if who == "stranger" else 404

        answer = met(ask(everybody[who], route, data={"csrf_token": token}))

        may = who in ONLY_A_BUTTON[endpoint]
        assert answer == (303 if may else others)
        assert (rows() != before) is may


class TestCsrf:
    def test_v3_5_1_without_a_csrf_token_nothing_is_done(self, app, everybody, bobs_token, rows):
        before = rows()

        for who, browser in everybody.items():
            for route in routes(app, token_id=bobs_token):
                if route.is_page and route.method != "GET" and route.endpoint not in OVER:
                    for form in ({}, {"csrf_token": ""}, {"csrf_token": "IjEi.x.y", "enabled": "y", "name": "Mallory"}):
                        answer = ask(browser, route, data=form)
                        is_asked_first = who == "stranger" and route.endpoint not in OPEN_TO_STRANGERS
                        assert answer.status_code == (303 if is_asked_first else 400), route
        assert rows() == before

    def test_v3_5_1_a_csrf_token_in_the_address_is_none(self, app, bob, bobs_token, rows):
        token, before = bob.csrf_token(), rows()

        for route in routes(app, token_id=bobs_token):
            if route.is_page and route.method == "POST" and route.endpoint not in OVER:
                answer = ask(bob, route, query_string={"csrf_token": token})
                assert answer.status_code == 400, route
        assert rows() == before


class TestMethods:
    KNOWN = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "FOO")

    def test_v4_1_4_no_method_but_the_declared_ones(self, app, alice, bobs_token, rows):
        before, declared = rows(), {}
        for route in routes(app, token_id=bobs_token):
            declared.setdefault(route.path, set()).add(route.method)
        # What programs call below tokens is known by its own address, `self`, and by an id alike.
        declared["/api/v1/tokens/self"] |= declared[f"/api/v1/tokens/{bobs_token}"]

        for path, methods in declared.items():
            for method in self.KNOWN:
                if method in methods or (method == "HEAD" and "GET" in methods):
                    continue
                answer = alice.client.open(path, method=method, base_url=alice.base_url)
                assert answer.status_code == 405, (method, path)
                assert set(answer.headers["Allow"].split(", ")) - {"HEAD"} == methods, (method, path)
        assert rows() == before

    def test_v13_4_4_trace_is_refused(self, alice):
        assert alice.client.open("/", method="TRACE", base_url=alice.base_url).status_code == 405

    def test_head_answers_as_get_without_a_body(self, app, bob, bobs_token):
        for route in pages(app, token_id=bobs_token):
            get, head = ask(bob, route), bob.client.head(route.path, base_url=bob.base_url)
            assert (head.status_code, head.data) == (get.status_code, b""), route


class TestBearer:
    """AC-031: a token is for programs; with it one never gets into the pages."""

    @pytest.mark.parametrize("header", ["Authorization", "X-Access-Token", "X-Api-Token"])
    def test_ac_031_a_token_opens_no_page_and_starts_no_session(self, header, app, stranger, cast, database):
        token_id, secret = make_token(database, cast.alice)
        headers = {header: f"Bearer {secret}" if header == "Authorization" else secret}

        for route in routes(app, token_id=token_id):
            if not route.is_page:
                continue
            answer = ask(stranger, route, headers=headers)
            assert met(answer) == TABLE[route.method, route.endpoint][0], route
            assert "_user_id" not in str(_session(app, answer)), route

    def test_ac_031_a_token_in_the_address_opens_no_page(self, app, stranger, cast, database):
        token_id, secret = make_token(database, cast.alice)

        for route in pages(app, token_id=token_id):
            answer = ask(stranger, route, query_string={"api_token": secret})
            assert met(answer) == TABLE["GET", route.endpoint][0], route

    def test_a_cookie_is_no_credential_of_the_api_and_gets_none_back(self, app, alice, bobs_token):
        for route in routes(app, token_id=bobs_token):
            if route.rule.startswith(("/api/", "/api-tokens", "/advanced/")):
                answer = ask(alice, route)
                if route.endpoint == "api_document.openapi":
                    assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
                    continue
                assert (answer.status_code, answer.get_json()["code"]) == (401, "token_missing"), route
                assert "Set-Cookie" not in answer.headers


def _session(app, answer):
    cookie = re.search(r"session=([^;]+)", answer.headers.get("Set-Cookie", ""))
    return app.session_interface.get_signing_serializer(app).loads(cookie[1]) if cookie else {}
