"""Every error has its place in the catalogue, and the catalogue is the contract's."""

import re

import pytest

from portal.errors import NameTaken, NotFound, PortalError, TooManyTries, WrongValue
from portal.problems import PROBLEMS

# Contract, section 5: code → status.
CONTRACT = {
    "token_missing": 401,
    "token_malformed": 401,
    "token_unknown": 401,
    "user_inactive": 401,
    "api_access_disabled": 401,
    "token_not_allowed": 401,
    "token_revoked": 401,
    "token_expired": 401,
    "ambiguous_credentials": 400,
    "insufficient_scope": 403,
    "forbidden": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "malformed_json": 400,
    "malformed_form": 400,
    "unsupported_media_type": 415,
    "validation_failed": 422,
    "too_large": 413,
    "name_taken": 409,
    "conflict": 409,
    "limit_reached": 409,
    "already_done": 409,
    "rate_limited": 429,
    "unavailable": 503,
    "internal_error": 500,
    "bad_host": 400,
}
# Without the setting that switches personal tokens off, nothing can answer so.
LATER = {"token_not_allowed"}


def leaves(kind=PortalError):
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in leaves(child))]


def test_the_catalogue_is_the_contracts():
    found = {code: problem.status for code, problem in PROBLEMS.items()}

    assert found == {code: status for code, status in CONTRACT.items() if code not in LATER - set(found)}


@pytest.mark.parametrize("kind", leaves(), ids=lambda kind: kind.__name__)
def test_every_error_is_in_the_catalogue(kind):
    assert kind.code in PROBLEMS


@pytest.mark.parametrize("kind", leaves(), ids=lambda kind: kind.__name__)
def test_every_error_says_why_it_exists(kind):
    assert kind.__doc__


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=lambda problem: problem.code)
def test_problems_are_sentences_for_people(problem):
    for sentence in (problem.meaning, problem.remedy):
        assert re.fullmatch(r"[A-Z].*\.", sentence)
        assert not re.search(r"!|\bplease\b|successfully|\binvalid\b", sentence, re.IGNORECASE)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=lambda problem: problem.code)
def test_what_rfc_6750_calls_them(problem):
    others = {
        "ambiguous_credentials": "invalid_request",
        "insufficient_scope": "insufficient_scope",
        "token_missing": None,
    }
    usual = "invalid_token" if problem.status == 401 else None

    assert problem.bearer_error == others.get(problem.code, usual)


def test_an_error_reads_as_its_sentence():
    assert str(NotFound()) == "There is nothing here."
    assert str(NameTaken("Choose another.")) == "Choose another."
    assert WrongValue("name", "Enter a name.").field == "name"


def test_nobody_is_told_to_wait_no_time():
    assert TooManyTries(retry_after=0).retry_after == 1
