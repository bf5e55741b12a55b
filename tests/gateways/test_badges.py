"""The badge call through nginx, as programs make it: who is let in, who is not, and what the service is told."""

import re
import time
from dataclasses import replace

import pytest

from tests.builders import ago
from tests.gateways.calls import BODY, ISSUE, JSON, by_curl, by_node, by_requests, raw_issue
from tests.served import Client

PROGRAMS = {"curl": by_curl, "requests": by_requests, "fetch": by_node}
CARRIERS = {"X-Access-Token": "{}", "X-Api-Token": "{}", "Authorization": "Bearer {}"}


@pytest.mark.parametrize("carrier", ["X-Access-Token", "Authorization"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_badge_is_issued(program, carrier, door, certificate, bobs, cast):
    token_id, secret = bobs
    headers = {**JSON, carrier: CARRIERS[carrier].format(secret)}

    reply = PROGRAMS[program](door.url + ISSUE, headers, certificate.authority)

    assert (reply.status, reply.json["badge_id"]) == (200, 51)
    assert reply.json["recipient"] == {"firstname": "Bob", "lastname": "Example", "email": "bob@acme.example"}
    assert reply.json["issued_by"] == {
        "account": str(cast.bob.account_id),
        "user": str(cast.bob.id),
        "token": str(token_id),
    }


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_a_token_a_program_is_told_what_to_send(program, door, certificate):
    reply = PROGRAMS[program](door.url + ISSUE, JSON, certificate.authority)

    assert (reply.status, reply.headers["www-authenticate"]) == (401, 'Bearer realm="portal"')


def test_an_account_token_issues_for_the_account(door, cast, charlies_account_token):
    reply = door.issue({"X-Api-Token": charlies_account_token})

    # Declared scopes are an account token's too.
    assert reply.status == 200
    assert (reply.json["issued_by"]["account"], reply.json["issued_by"]["user"]) == (str(cast.charlie.account_id), "-")


def test_ac_134_a_chosen_scope_lets_in(door, new_secret, cast):
    secret = new_secret(cast.bob, scopes=("badges:issue",))

    assert door.issue({"X-Access-Token": secret}).status == 200


def test_ac_134_without_the_scope_it_is_403_with_the_reason(door, new_secret, cast):
    secret = new_secret(cast.bob, scopes=("tokens:read",))

    reply = door.issue({"X-Access-Token": secret})

    assert reply.status == 403
    assert 'error="insufficient_scope"' in reply.headers["www-authenticate"]
    assert 'scope="badges:issue"' in reply.headers["www-authenticate"]


@pytest.mark.parametrize("secret", ["", "pat_", "Bearer x", "pat_" + "0" * 43, "a" * 5000])
def test_ac_134_a_bad_token_is_401_with_the_reason(secret, door):
    reply = door.issue({"Authorization": f"Bearer {secret}"})

    assert reply.status == 401
    assert 'error="invalid_token"' in reply.headers["www-authenticate"]


def test_ac_134_an_expired_token_is_401_with_the_reason(door, new_secret, cast):
    secret = new_secret(cast.bob, now=ago(days=2), expires_at=ago(days=1))

    reply = door.issue({"X-Access-Token": secret})

    assert (reply.status, "expired" in reply.headers["www-authenticate"]) == (401, True)


def test_the_next_call_after_a_revoke_is_refused(door, front, new_secret, cast):
    maker = new_secret(cast.bob)
    call = front.portal().call
    authorized = {"Authorization": f"Bearer {maker}", **JSON}
    for _ in range(5):
        made = call("POST", "/api/v1/tokens", authorized, b'{"name": "Short-lived"}').json
        assert door.issue({"X-Access-Token": made["token"]}).status == 200
        assert call("DELETE", f"/api/v1/tokens/{made['id']}", authorized).status == 204
        assert door.issue({"X-Access-Token": made["token"]}).status == 401


@pytest.mark.parametrize("pair", [("X-Access-Token", "X-Api-Token"), ("Authorization", "X-Access-Token")])
def test_two_carriers_are_401(pair, door, bobs):
    reply = door.issue({carrier: CARRIERS[carrier].format(bobs[1]) for carrier in pair})

    assert (reply.status, 'error="invalid_request"' in reply.headers["www-authenticate"]) == (401, True)


def test_a_token_in_the_address_is_no_credential(door, bobs):
    assert door.call("PUT", f"{ISSUE}?api_token={bobs[1]}", JSON, b"{}").status == 401


def test_the_service_has_its_own_say_about_a_call(door, bobs):
    assert door.call("PUT", ISSUE, {**JSON, "X-Access-Token": bobs[1]}, b"{}").status == 422
    assert door.call("GET", ISSUE, {"X-Access-Token": bobs[1]}).status == 405
    assert door.call("GET", "/elsewhere", {"X-Access-Token": bobs[1]}).status == 404


def test_what_the_service_answers_is_kept_by_no_cache(door, bobs):
    assert door.issue({"X-Access-Token": bobs[1]}).headers["cache-control"] == "no-store"


def test_the_service_takes_nobody_but_the_gateway(badges):
    assert Client(badges).request("PUT", ISSUE, body=BODY, content_type="application/json").status == 403


def test_more_than_30_calls_at_once_are_429_and_a_little_later_let_in_again(door, bobs):
    replies = door.raw(raw_issue(bobs[1]) * 60 + raw_issue(bobs[1], "Connection: close"))

    statuses = re.findall(rb"^HTTP/1.1 (\d+)", replies, re.MULTILINE)
    assert set(statuses) == {b"200", b"429"}
    assert statuses.count(b"200") >= 30
    assert replies.count(b"Retry-After: 2") == statuses.count(b"429")
    time.sleep(0.3)
    assert door.issue({"X-Access-Token": bobs[1]}).status == 200


def test_the_limit_of_one_address_is_nobody_elses(door, bobs):
    elsewhere = replace(door, address=door.address.replace("127.0.1.", "127.0.2."))

    assert b" 429 " in door.raw(raw_issue(bobs[1]) * 60 + raw_issue(bobs[1], "Connection: close"))

    assert elsewhere.issue({"X-Access-Token": bobs[1]}).status == 200
