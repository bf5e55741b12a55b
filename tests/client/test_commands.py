"""`portal token whoami|list|create|rotate|revoke` against a portal."""

import json
import re
from datetime import timedelta

import pytest

from portal.audit import OPERATOR
from portal.client import calls
from portal.clock import as_iso, utc_now
from portal.tokens import services
from tests.builders import ago, ahead, make_account_token, make_token

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SECRET = re.compile(r"pat_[0-9A-Za-z]{43}\n")


def ids(outcome):
    return [item["id"] for item in json.loads(outcome.out)["items"]]


def test_whoami_says_whom_the_token_acts_for(alices, alices_secret):
    outcome = alices.run("whoami")

    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines() == [
        "Alice <alice@acme.example>, owner of Acme",
        f"token    Caller ({alices_secret[:12]}…), personal, id 1",
        "scopes   full access",
        "expires  never",
    ]


def test_whoami_of_an_account_and_with_scopes(typed, portal_url, database, cast, token_of):
    end = ahead(days=1)
    of_account = typed.at(portal_url, make_account_token(database, cast.alice)[1]).run("whoami")
    limited = typed.at(portal_url, token_of(cast.bob, scopes=("tokens:read",), expires_at=end)).run("whoami")

    assert of_account.out.startswith("Acme\ntoken    API access (acc_")
    assert "scopes   account:read" in of_account.out
    assert limited.out.endswith(f"scopes   tokens:read\nexpires  {as_iso(end)}\n")


def test_whoami_of_a_service(typed, portal_url, database):
    def make(session):
        return services.create(session, OPERATOR, name="Badge gateway", prefix="svc", now=utc_now())

    secret = database.transaction(make).secret.reveal()

    said = typed.at(portal_url, secret).run("whoami").out.splitlines()

    assert said[0] == "A service of the operator"
    assert said[1].startswith(f"token    Badge gateway ({secret[:12]}…), service, id ")
    assert said[2] == "scopes   none"


@pytest.mark.parametrize("written", ["Bearer {}", "bearer  {}", " {}\n"])
def test_a_token_is_good_with_the_word_bearer_and_without(alices, portal_url, alices_secret, written):
    assert alices.at(portal_url, written.format(alices_secret)).run("whoami").code == 0


def test_the_list_shows_hints_and_never_a_secret(alices, alices_secret, database, cast):
    make_token(database, cast.alice, "Zapier", scopes=("account:read", "tokens:read"))
    make_token(database, cast.bob, "Bob's")

    header, first, second = alices.run("list").out.splitlines()

    assert header.split() == ["id", "name", "token", "scopes", "created", "ends", "last", "used"]
    assert re.fullmatch(r"2 +Zapier +pat_\w{8}… +account:read tokens:read +20\S+Z +never +never", first)
    assert alices_secret not in second
    assert f"{alices_secret[:12]}…" in second


def test_the_list_has_a_status(alices, database, cast):
    make_token(database, cast.alice, "Expired", expires_at=ago(hours=1), now=ago(days=1))

    assert "Expired" not in alices.run("list").out
    assert "Caller" not in alices.run("list", "--status", "expired").out
    assert alices.run("list", "--status", "all", "--json").out.count('"id"') == 2
    nothing = alices.run("list", "--status", "revoked")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "There are none.\n")


def test_the_list_says_what_ended_or_will_end_a_token(alices, database, cast):
    revoked, replaced = (make_token(database, cast.alice, name)[0] for name in ("Revoked", "Replaced"))
    alices.run("revoke", str(revoked))
    alices.run("rotate", str(replaced))

    said = alices.run("list", "--status", "all").out

    assert re.search(r"Revoked .* revoked 20\S+Z +never\n", said)
    assert re.search(r"Replaced .* replaced, stops 20\S+Z +never\n", said)


@pytest.mark.parametrize("limits", ["token=60/2s", "token=2/1s"])
def test_the_list_goes_through_every_page_and_waits_where_it_must(alices, database, cast, monkeypatch):
    monkeypatch.setattr(calls, "PER_PAGE", 2)
    for number in range(2, 6):
        make_token(database, cast.alice, f"Token {number}")

    assert ids(alices.run("list", "--json")) == [5, 4, 3, 2, 1]


def test_the_secret_of_a_new_token_stands_alone_on_stdout(alices, typed, portal_url):
    outcome = alices.run("create", "Zapier: badge issuing")

    assert outcome.code == 0
    assert SECRET.fullmatch(outcome.out)
    hint = outcome.out[:12]
    said = f"Zapier: badge issuing ({hint}…), id 2, ends: never. Store its secret now, it is shown only once.\n"
    assert outcome.err == said
    assert typed.at(portal_url, outcome.out).run("whoami").code == 0


def test_scopes_and_the_end_can_be_chosen(alices):
    made = json.loads(
        alices.run("create", "CI", "--scopes", "tokens:read, account:read", "--expires-in", "30", "--json").out
    )

    assert made["scopes"] == ["account:read", "tokens:read"]
    assert (
        as_iso(utc_now() + timedelta(days=29, hours=23)) < made["expires_at"] <= as_iso(utc_now() + timedelta(days=30))
    )
    assert made["token"].startswith("pat_")


def test_left_out_a_new_token_ends_with_the_caller_and_never_is_refused(typed, portal_url, token_of, cast):
    end = ahead(days=2)
    caller = typed.at(portal_url, token_of(cast.alice, expires_at=end))

    refused = caller.run("create", "CI", "--never")

    assert json.loads(caller.run("create", "CI", "--json").out)["expires_at"] == as_iso(end)
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("A token makes none that lives longer than itself.")


def test_a_token_replaces_itself(alices, typed, portal_url, alices_secret):
    outcome = alices.run("rotate")

    assert SECRET.fullmatch(outcome.out)
    assert outcome.err.endswith("Put it into PORTAL_TOKEN: the old one works on for 3600 seconds at most.\n")
    assert "id 1" in alices.run("whoami").out
    assert "id 2" in typed.at(portal_url, outcome.out).run("whoami").out


def test_another_is_replaced_at_once(alices, typed, portal_url, database, cast):
    token_id, secret = make_token(database, cast.alice, "Zapier")

    outcome = alices.run("rotate", str(token_id), "--overlap-seconds", "0", "--expires-in", "1", "--json")

    assert json.loads(outcome.out)["name"] == "Zapier"
    assert "PORTAL_TOKEN" not in outcome.err
    assert typed.at(portal_url, secret).run("whoami").err.startswith("This token was revoked or replaced.")


def test_a_token_is_revoked_without_a_question(alices, typed, portal_url, database, cast):
    token_id, secret = make_token(database, cast.alice, "Zapier")

    outcome = alices.run("revoke", str(token_id))

    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == f"Token {token_id} is revoked; calls with it are refused from now on.\n"
    assert typed.at(portal_url, secret).run("whoami").code == 1


def test_a_token_of_any_kind_can_end_itself(typed, portal_url, database, cast):
    account = typed.at(portal_url, make_account_token(database, cast.alice)[1])

    outcome, after = account.run("revoke", "self"), account.run("whoami")

    assert outcome.err == "This token is revoked; calls with it are refused from now on.\n"
    assert (after.code, after.err) == (
        1, "This token was revoked or replaced. Make a new token and put it into PORTAL_TOKEN.\n",
    )  # fmt: skip
