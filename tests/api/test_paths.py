"""Paths and methods: what is not listed is not there, and every endpoint asks for a token."""

import pytest

from portal.authentication.decorator import NEEDS, Needs
from portal.tokens.scopes import OWN_SCOPES
from tests.api.calls import ME, TOKENS, code

LISTED = (
    ("GET", ME),
    ("GET", "/api/v1/account"),
    ("GET", "/api/v1/account/members"),
    ("GET", "/api/v1/account/tokens"),
    ("GET", "/api/v1/events"),
    ("GET", "/api/v1/usage"),
    ("GET", TOKENS),
    ("POST", TOKENS),
    ("GET", f"{TOKENS}/1"),
    ("PATCH", f"{TOKENS}/1"),
    ("DELETE", f"{TOKENS}/1"),
    ("POST", f"{TOKENS}/1/rotate"),
    ("GET", f"{TOKENS}/self"),
    ("PATCH", f"{TOKENS}/self"),
    ("DELETE", f"{TOKENS}/self"),
    ("POST", f"{TOKENS}/self/rotate"),
)


OPEN = "/api/v1/openapi.json"


def rules(app):
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/") and rule.rule != OPEN]


@pytest.mark.parametrize(
    "path", ["", "v1", "v1/", "v1/nope", "v1/me/", "v1//me", "v1/tokens/", "v1/tokens/1/x", "v2/me"]
)
def test_an_unlisted_path_is_not_found(nobody, path):
    answer = nobody.get(f"/api/{path}")

    assert (answer.status_code, code(answer)) == (404, "not_found")


def test_a_path_comes_before_the_method_and_both_before_the_token(nobody):
    assert nobody.call("DELETE", "/api/v1/nope").status_code == 404
    assert nobody.call("DELETE", ME).status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", ME, {"GET", "HEAD"}),
        ("OPTIONS", ME, {"GET", "HEAD"}),
        ("OPTIONS", TOKENS, {"GET", "HEAD", "POST"}),
        ("PUT", f"{TOKENS}/1", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("PUT", f"{TOKENS}/self", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("GET", f"{TOKENS}/1/rotate", {"POST"}),
        ("NONSENSE", ME, {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(alices, method, path, allowed):
    answer = alices.call(method, path)

    assert (answer.status_code, code(answer)) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(("method", "path"), LISTED)
def test_every_endpoint_asks_for_a_token(nobody, method, path):
    assert code(nobody.call(method, path)) == "token_missing"


def test_no_endpoint_is_missing_in_these_tests(app):
    listed = {(method, path.replace("/1", "/<reference>")) for method, path in LISTED}
    known = {(method, rule.rule) for rule in rules(app) for method in rule.methods - {"HEAD"}}

    assert known == listed


def test_every_endpoint_says_what_it_needs_and_no_scope_is_made_up(app):
    needs = [getattr(app.view_functions[rule.endpoint], NEEDS) for rule in rules(app)]

    assert all(isinstance(need, Needs) for need in needs)
    assert {need.scope for need in needs} - {None} <= set(OWN_SCOPES)


@pytest.mark.parametrize(
    "reference",
    ["0", "-1", "+1", "01", "1.0", "1e3", "x", "SELF", "٣", "1%20", "1%0a", "1%00", "9223372036854775808", "9" * 400],
)
def test_what_no_row_can_be_called_is_not_found(alices, reference):
    for method in ("GET", "DELETE"):
        answer = alices.call(method, f"{TOKENS}/{reference}")
        assert (answer.status_code, code(answer)) == (404, "not_found")


def test_the_largest_id_is_not_found(alices):
    assert alices.get(f"{TOKENS}/9223372036854775807").status_code == 404


def test_a_foreign_host_comes_first(alices):
    answer = alices.call("DELETE", "/api/v1/nope", base_url="http://evil.example")

    assert (answer.status_code, code(answer)) == (400, "bad_host")
