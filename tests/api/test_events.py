"""`GET /api/v1/events`: the security log for programs. Whose events, what one says, and nobody else's."""

import pytest

from portal.accounts.models import Role
from portal.accounts.service import lock_account
from portal.audit import OPERATOR, Action, ActorKind, Outcome, Target, record
from portal.clock import as_iso, utc_now
from tests.api.calls import code, errors
from tests.builders import actor_of, ago, make_account_token, make_token

EVENTS = "/api/v1/events"
# Public names, so written out: later ones are added, none is renamed.
ACTIONS = {
    "account.created", "user.created", "user.deactivated", "user.reactivated", "user.renamed", "password.changed",
    "session.started", "session.refused", "session.ended", "api_access.enabled", "api_access.disabled",
    "statement.agreed", "token.created", "token.renamed", "token.rotated", "token.stopped", "token.revoked",
    "call.refused",
}  # fmt: skip


@pytest.fixture
def log(database):
    """Adds one event to somebody's account."""

    def add(person, action=Action.SESSION_STARTED, *, actor=None, now=None, **more):
        def work(session):
            lock_account(session, person.account_id)
            of = {"account_id": person.account_id, "now": now or utc_now()}
            record(session, action, actor or actor_of(person), **of, **more)

        database.transaction(work)

    return add


def told(answer):
    """What was done and by whom, newest first."""
    return [(item["action"], item["actor"]["name"]) for item in answer.get_json()["items"]]


def test_the_words_are_the_contracts():
    assert set(Action) >= ACTIONS
    assert list(Outcome) == ["done", "refused"]
    assert list(ActorKind) == ["user", "account", "service", "operator", "none"]


def test_an_event_says_who_did_what_to_what_when_and_from_where(program, cast, log):
    bobs = program(cast.bob, "CI")
    token = bobs.get().get_json()["token"]
    made = ago(minutes=5)
    log(cast.bob, Action.TOKEN_RENAMED, now=made, token_id=token["id"], target=Target("token", token["id"], "CI 2"))

    first, second = bobs.get(EVENTS).get_json()["items"]

    assert first == {
        "id": first["id"],
        "at": as_iso(made),
        "action": "token.renamed",
        "outcome": "done",
        "actor": {"kind": "user", "id": cast.bob.id, "name": "Bob"},
        "token": {"id": token["id"], "token_prefix": token["token_prefix"]},
        "target": {"kind": "token", "id": token["id"], "name": "CI 2"},
        "address": None,
    }
    assert (second["action"], second["id"] < first["id"]) == ("token.created", True)


def test_what_an_event_does_not_have_is_null(alices, cast, log):
    log(cast.alice, Action.SESSION_REFUSED, actor=OPERATOR, outcome=Outcome.REFUSED)

    event = alices.get(f"{EVENTS}?limit=1").get_json()["items"][0]

    assert event["actor"] == {"kind": "operator", "id": None, "name": "Operator"}
    assert (event["outcome"], event["token"], event["target"], event["address"]) == ("refused", None, None, None)


def test_a_refused_call_is_in_the_log_with_its_token_and_address(app, program, cast, events):
    bobs = program(cast.bob)
    bobs.get("/api/v1/account/members")
    events()

    item = bobs.get(f"{EVENTS}?action=call.refused").get_json()["items"][0]

    assert (item["outcome"], item["token"]["token_prefix"]) == ("refused", f"{bobs.secret[:12]}…")
    assert (item["actor"]["name"], item["address"]) == ("Bob", "127.0.0.1")


@pytest.mark.parametrize("who", ["alice", "adam", "the account"])
def test_owners_admins_and_the_account_see_the_whole_account(who, program, nobody, database, cast, log):
    secret = make_account_token(database, cast.alice)[1]
    caller = nobody.with_token(secret) if who == "the account" else program(getattr(cast, who))
    log(cast.bob)
    log(cast.charlie)

    assert told(caller.get(EVENTS))[0] == ("session.started", "Bob")
    assert ("token.created", "Alice") in told(caller.get(EVENTS))


def test_a_member_sees_what_they_did_and_what_was_done_to_them_and_their_tokens(program, database, cast, log):
    bobs = program(cast.bob)
    token_id = bobs.get().get_json()["token"]["id"]
    make_token(database, cast.adam, "Not Bob's")
    log(cast.alice)
    log(cast.alice, Action.USER_RENAMED, target=Target("user", cast.bob.id, "Bob"))
    log(cast.alice, Action.USER_RENAMED, target=Target("user", cast.adam.id, "Adam"))
    log(cast.alice, Action.TOKEN_STOPPED, token_id=token_id, target=Target("token", token_id, "Caller"))
    log(cast.charlie, Action.USER_RENAMED, target=Target("user", cast.bob.id, "Bob"))

    assert told(bobs.get(EVENTS)) == [("token.stopped", "Alice"), ("user.renamed", "Alice"), ("token.created", "Bob")]


def test_the_page_and_the_call_show_one_persons_same_events(program, bob, cast, log):
    bobs = program(cast.bob)
    log(cast.alice, Action.USER_REACTIVATED, target=Target("user", cast.bob.id, "Bob"))
    log(cast.adam)

    lines = bob.get("/settings/activity").all("//ol[@class='timeline']/li")

    assert len(lines) == len(bobs.get(EVENTS).get_json()["items"]) == 2


def test_another_account_is_never_in_reach(program, cast, log):
    log(cast.alice, Action.USER_RENAMED, target=Target("user", cast.charlie.id, "Charlie"))

    assert told(program(cast.charlie).get(EVENTS)) == [("token.created", "Charlie")]


def test_ac_023_an_admin_that_was_demoted_sees_their_own_at_the_next_call(program, cast, log, change_user):
    adams = program(cast.adam)
    log(cast.alice)
    first = adams.get(f"{EVENTS}?limit=1").get_json()

    change_user(cast.adam, role=Role.MEMBER)

    assert told(adams.get(EVENTS)) == [("token.created", "Adam")]
    assert told(adams.get(f"{EVENTS}?cursor={first['next_cursor']}")) == [("token.created", "Adam")]


def test_one_action_alone(alices, cast, log):
    log(cast.alice)
    log(cast.bob, Action.SESSION_ENDED)
    log(cast.bob)

    assert told(alices.get(f"{EVENTS}?action=session.started")) == [
        ("session.started", "Bob"), ("session.started", "Alice"),
    ]  # fmt: skip
    assert told(alices.get(f"{EVENTS}?action=token.rotated")) == []


def test_an_unknown_action_is_refused_with_those_there_are(alices):
    for action in ("", "session", "SESSION.STARTED", "policy.changed", "session.started,session.ended"):
        answer = alices.get(f"{EVENTS}?action={action}")
        assert (answer.status_code, code(answer)) == (422, "validation_failed")
        assert errors(answer)["/action"] == f"Use one of: {', '.join(Action)}."


def test_events_need_their_scope_and_nothing_else(program, cast):
    assert program(cast.bob, scopes=("events:read",)).get(EVENTS).status_code == 200
    assert code(program(cast.alice, scopes=("usage:read", "tokens:read")).get(EVENTS)) == "insufficient_scope"


def test_an_event_of_a_newer_version_is_listed(alices, cast, log):
    log(cast.alice, "policy.changed")

    assert told(alices.get(EVENTS))[0] == ("policy.changed", "Alice")


def test_ac_047_no_event_holds_a_secret(alices, acmes):
    new = alices.post("/api/v1/tokens/self/rotate").get_json()["token"]
    text = alices.get(EVENTS).text

    assert not any(secret[13:] in text for secret in (alices.secret, acmes.secret, new))
