"""Calls that were written for three older systems: each header, path and body as their pages have it."""

import json
import re

import pytest

from tests.older_clients.typed import KINDS, run

each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
def test_x_access_token_issues_a_badge(kind, place, bobs):
    token_id, secret = bobs

    printed = run(f"x_access_token.{kind}", place, secret)

    # Each language prints what it read in a way of its own.
    assert re.search(r"badge_id\W+51\b", printed)
    assert re.search(r"email\W+bob@acme\.example", printed)
    assert re.search(rf"token\W+{token_id}\b", printed)


@each_kind
def test_x_access_token_makes_a_token_that_ends(kind, place, bobs):
    printed = run(f"expiring.{kind}", place, bobs[1])

    assert re.search(r"expires_at\W+2999-11-22T10:00:00Z", printed)
    assert re.search(r"token\W+pat_\w{43}\b", printed)


def test_x_api_token_by_curl(place, bobs, cast):
    assert json.loads(run("x_api_token.sh", place, bobs[1]))["user"]["email"] == cast.bob.email


def test_x_api_token_by_requests_makes_lists_uses_and_deletes_a_token(place, bobs):
    assert run("x_api_token.py", place, bobs[1]) == "Smart Watch by requests\n"


def test_x_api_token_by_fetch_makes_lists_uses_and_deletes_a_token(place, bobs):
    assert run("x_api_token.mjs", place, bobs[1]) == "200 true 200 204 401\n"


@each_kind
@pytest.mark.parametrize("way", ["pasted", "added"])
def test_bearer_is_good_pasted_with_the_word_and_added_by_the_tool(kind, way, place, charlies_account_token):
    secret = charlies_account_token

    printed = run(f"bearer_{way}.{kind}", place, f"Bearer {secret}" if way == "pasted" else secret)

    assert re.search(r"name\W+Globex\b", printed)
    assert re.search(r"kind\W+account\b", printed)


@each_kind
@pytest.mark.parametrize("way", ["pasted", "added"])
def test_the_word_bearer_twice_or_never_is_said_by_the_answer(kind, way, place, charlies_account_token):
    secret = charlies_account_token

    printed = run(f"bearer_{way}.{kind}", place, secret if way == "pasted" else f"Bearer {secret}")

    assert re.search(r"code\W+token_malformed\b", printed)
    assert ("Write: Bearer, a blank, the token." if way == "pasted" else "The word Bearer stands twice.") in printed
