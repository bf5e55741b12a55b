"""`GET /api/v1/usage`: calls per token and day, as far as the caller sees."""

from datetime import timedelta

import pytest

from portal.accounts.models import Role
from portal.clock import utc_now
from portal.current import running_in
from portal.tokens.models import TokenUsage
from tests.api.calls import code, errors
from tests.builders import make_token

USAGE = "/api/v1/usage"


@pytest.fixture
def used(database):
    """Notes that a token was used so often, that many days ago."""

    def note(token_id, *, days_ago=0, calls=1, refusals=0):
        day = utc_now().date() - timedelta(days=days_ago)
        row = TokenUsage(token_id=token_id, day=day, calls=calls, refusals=refusals)
        database.transaction(lambda session: session.add(row))
        return {"date": day.isoformat(), "token_id": token_id, "calls": calls}

    return note


@pytest.fixture
def made(database, cast):
    """A token each of Alice, Bob and Charlie."""
    return {person.name: make_token(database, person)[0] for person in (cast.alice, cast.bob, cast.charlie)}


def items(answer):
    return answer.get_json()["items"]


def test_usage_is_told_by_token_and_day_oldest_first(program, cast, made, used):
    today, before = used(made["Bob"], calls=170), used(made["Bob"], days_ago=2, calls=3, refusals=8)
    used(made["Bob"], days_ago=1, calls=0, refusals=5)

    assert items(program(cast.bob).get(USAGE)) == [before, today]


def test_a_call_shows_once_it_is_written(app, program, cast):
    bobs = program(cast.bob)
    bobs.get()
    running_in(app).recorder.flush(is_last=True)

    assert [item["calls"] for item in items(bobs.get(USAGE))] == [1]


@pytest.mark.parametrize(("who", "sees"), [("alice", ["Alice", "Bob"]), ("adam", []), ("bob", ["Bob"])])
def test_owners_see_the_account_and_others_their_own(who, sees, program, cast, made, used):
    for token_id in made.values():
        used(token_id)

    assert [item["token_id"] for item in items(program(getattr(cast, who)).get(USAGE))] == [made[name] for name in sees]


def test_the_account_token_sees_the_account_and_its_own_use(acmes, made, used):
    own = used(acmes.get().get_json()["token"]["id"], calls=5)
    bobs = used(made["Bob"])
    used(made["Charlie"])

    assert items(acmes.get(USAGE)) == [own, bobs]


def test_the_days_are_counted_with_today(program, cast, made, used):
    rows = [used(made["Bob"], days_ago=days_ago) for days_ago in (90, 89, 30, 29, 1, 0)]
    bobs = program(cast.bob)

    assert items(bobs.get(USAGE)) == rows[3:]
    assert items(bobs.get(f"{USAGE}?days=1")) == rows[5:]
    assert items(bobs.get(f"{USAGE}?days=90")) == rows[1:]


def test_days_that_cannot_be_are_refused(alices):
    for days in ("0", "91", "-1", "x", "", "1.5", "٣", "30&days=7", "9" * 400):
        answer = alices.get(f"{USAGE}?days={days}")
        assert (answer.status_code, list(errors(answer))) == (422, ["/days"]), days


def test_usage_takes_no_other_field(alices):
    assert list(errors(alices.get(f"{USAGE}?user_id=1"))) == ["/user_id"]


def test_usage_needs_its_scope(program, cast):
    assert program(cast.bob, scopes=("usage:read",)).get(USAGE).status_code == 200
    assert code(program(cast.alice, scopes=("events:read",)).get(USAGE)) == "insufficient_scope"


def test_ac_023_an_owner_that_was_demoted_sees_their_own_at_the_next_call(program, cast, made, used, change_user):
    alices = program(cast.alice)
    own, _ = used(made["Alice"]), used(made["Bob"])
    assert len(items(alices.get(USAGE))) == 2

    change_user(cast.alice, role=Role.ADMIN)

    assert items(alices.get(USAGE)) == [own]
