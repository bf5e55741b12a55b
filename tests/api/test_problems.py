"""The table of problems as answers: every code, its status and its headers."""

import pytest
from werkzeug.exceptions import ImATeapot, RequestEntityTooLarge

from portal.api.problems import FieldError, WrongFields, pointer, problem_answer
from portal.authentication.refused import Refused
from portal.errors import LimitReached, NameTaken, NotAllowed, NotFound, TooManyTries, WrongState, WrongValue
from portal.problems import PROBLEMS

# The contract's table of answers.
STATUSES = {
    401: "token_missing token_malformed token_unknown user_inactive api_access_disabled token_not_allowed "
    "token_revoked token_expired",
    400: "ambiguous_credentials malformed_json malformed_form bad_host",
    403: "insufficient_scope forbidden",
    404: "not_found",
    405: "method_not_allowed",
    415: "unsupported_media_type",
    422: "validation_failed",
    413: "too_large",
    409: "name_taken conflict limit_reached already_done",
    429: "rate_limited",
    503: "unavailable",
    500: "internal_error",
}


def answer_to(app, error):
    with app.test_request_context("/api/v1/me"):
        return problem_answer(error)


def test_the_table_is_the_contracts():
    wanted = {code: status for status, codes in STATUSES.items() for code in codes.split()}

    assert {code: problem.status for code, problem in PROBLEMS.items()} == wanted


@pytest.mark.parametrize("code", [*STATUSES[401].split(), "ambiguous_credentials", "insufficient_scope", "forbidden"])
def test_each_refusal_of_a_token_has_the_challenge_of_the_contract(app, code):
    answer = answer_to(app, Refused(code, "Why."))
    error = {401: "invalid_token", 400: "invalid_request", 403: "insufficient_scope"}[PROBLEMS[code].status]
    wanted = f'Bearer realm="portal", error="{error}", error_description="Why."'
    special = {"token_missing": 'Bearer realm="portal"', "forbidden": None}

    assert answer.status_code == PROBLEMS[code].status
    assert answer.headers.get("WWW-Authenticate") == special.get(code, wanted)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound(), "not_found"),
        (NotAllowed(), "forbidden"),
        (NameTaken(), "name_taken"),
        (LimitReached(), "limit_reached"),
        (WrongState(), "conflict"),
        (RequestEntityTooLarge(), "too_large"),
        (ImATeapot(), "internal_error"),
        (KeyError("x"), "internal_error"),
    ],
)
def test_errors_become_their_problems_without_a_challenge(app, error, code):
    answer = answer_to(app, error)

    assert (answer.status_code, answer.get_json()["code"]) == (PROBLEMS[code].status, code)
    assert "WWW-Authenticate" not in answer.headers


def test_too_many_tries_say_how_long_to_wait(app):
    answer = answer_to(app, TooManyTries(retry_after=7))

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_wrong_values_point_at_their_fields(app):
    one = answer_to(app, WrongValue("limit", "Why.")).get_json()
    two = answer_to(app, WrongFields([FieldError("/a", "b"), FieldError("/c/0", "d")])).get_json()

    assert one["errors"] == [{"pointer": "/limit", "detail": "Why."}]
    assert two["errors"] == [{"pointer": "/a", "detail": "b"}, {"pointer": "/c/0", "detail": "d"}]


def test_pointers_are_escaped_cut_and_hold_no_secret():
    assert pointer("a/b~", 3) == "/a~1b~0/3"
    assert len(pointer("x" * 5000)) == 101
    assert pointer("pat_" + "x" * 43) == "/[redacted]"
    assert pointer() == ""
