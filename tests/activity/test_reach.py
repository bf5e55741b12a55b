"""Whose events somebody sees, as pages, calls and the stream read them: each row once, found by an index."""

import re

import pytest
from sqlalchemy import event as sqlalchemy_event

from portal.accounts.service import lock_account
from portal.activity.service import Reach, events_after, events_before, reach_of
from portal.audit import Action, Target, record
from portal.clock import utc_now
from tests.builders import actor_of, make_token


@pytest.fixture
def log(database):
    """Adds one event to somebody's account."""

    def add(person, action=Action.SESSION_STARTED, **more):
        def work(session):
            lock_account(session, person.account_id)
            record(session, action, actor_of(person), account_id=person.account_id, now=utc_now(), **more)

        database.transaction(work)

    return add


@pytest.mark.parametrize(
    ("user_id", "role", "sees"),
    [(None, "account", None), (3, "owner", None), (3, "admin", None), (3, "member", 3)],
)
def test_who_reaches_how_far(user_id, role, sees):
    assert reach_of(account_id=1, user_id=user_id, role=role) == Reach(1, sees)


def test_what_is_ones_own_in_three_ways_is_there_once(database, cast, log):
    token_id, _ = make_token(database, cast.bob)
    log(cast.bob, Action.USER_RENAMED, token_id=token_id, target=Target("user", cast.bob.id, "Bob"))
    with database.reading() as session:
        own = events_before(session, Reach(cast.bob.account_id, cast.bob.id), before_id=None, action=None, most=9)

    assert [event["action"] for event in own] == ["user.renamed", "token.created"]


def test_a_stream_reads_on_in_order(database, cast, log):
    for _ in range(3):
        log(cast.bob)
        log(cast.adam)
    own, account = Reach(cast.bob.account_id, cast.bob.id), Reach(cast.bob.account_id, None)
    with database.reading() as session:
        first = events_after(session, own, after_id=0, most=2)
        rest = events_after(session, own, after_id=first[-1]["id"], most=9)
        everything = events_after(session, account, after_id=0, most=9)

    assert [len(first), len(rest), len(everything)] == [2, 1, 6]
    ids = [event["id"] for event in [*first, *rest]]
    assert ids == sorted(ids)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("is_own", "action", "indexes"),
    [
        (False, None, {"account_id_id"}),
        (False, Action.TOKEN_REVOKED, {"action"}),
        (True, None, {"actor", "target", "token"}),
    ],
)
def test_ac_137_no_part_of_the_log_is_looked_for_among_all_of_it(is_own, action, indexes, database, cast):
    asked = []
    sqlalchemy_event.listen(database.engine, "before_cursor_execute", lambda *told: asked.append(told[2:4]))
    reach = Reach(cast.bob.account_id, cast.bob.id if is_own else None)
    with database.reading() as session:
        events_before(session, reach, before_id=99, action=action, most=9)
    statement, parameters = asked[-1]

    with database.engine.connect() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert not [step for step in plan if step.startswith(("SCAN audit_events", "SCAN tokens"))]
    assert set(re.findall(r"ix_audit_events_(\w+)", " ".join(plan))) == indexes
