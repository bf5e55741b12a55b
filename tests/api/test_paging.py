"""Lists in pages: none twice and none lost, however long they are and whoever adds to them; and what cursors open."""

from functools import partial
from itertools import cycle, islice
from threading import Event, Thread

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import insert, select

from portal.accounts.models import Role, User
from portal.api.queries import ACCOUNT_TOKEN_CURSORS, EVENT_CURSORS, MEMBER_CURSORS, TOKEN_CURSORS
from portal.audit import OPERATOR, Action, AuditEvent
from portal.clock import utc_now
from portal.tokens import services
from portal.tokens.models import Kind, Token
from tests.api.calls import TOKENS, code, errors
from tests.builders import make_token
from tests.cast import add_person

MANY = 10_000
EVENTS = "/api/v1/events"
MEMBERS = "/api/v1/account/members"
INVENTORY = "/api/v1/account/tokens"
CURSORS = {
    TOKENS: TOKEN_CURSORS,
    INVENTORY: ACCOUNT_TOKEN_CURSORS,
    MEMBERS: MEMBER_CURSORS,
    EVENTS: EVENT_CURSORS,
}


def add_tokens(person, count, session):
    """That many tokens of one person, as rows: made one by one they would take a minute."""
    same = {
        "kind": Kind.PERSONAL,
        "account_id": person.account_id,
        "user_id": person.id,
        "made_by_id": person.id,
        "created_at": utc_now(),
        "hint": "pat_12345678…",
    }
    numbers = map(str, range(count))
    session.execute(insert(Token), [{**same, "name": n, "name_key": n, "digest": n} for n in numbers])


def add_events(people, count, session):
    """That many events, of each of these people in turn, as rows."""
    same = {"at": utc_now(), "action": Action.SESSION_STARTED, "outcome": "done", "actor_kind": "user", "count": 1}
    rows = [
        {**same, "account_id": one.account_id, "actor_id": one.id, "actor_name": one.name}
        for one in islice(cycle(people), count)
    ]
    session.execute(insert(AuditEvent), rows)


def ids_of(database, query):
    with database.reading() as session:
        return set(session.scalars(query))


def read_all(program, path):
    """The ids of every item of the list, page by page."""
    seen, cursor = [], ""
    while cursor is not None:
        answer = program.get(f"{path}?limit=100{cursor and '&cursor='}{cursor}").get_json()
        seen += [item["id"] for item in answer["items"]]
        cursor = answer["next_cursor"]
    return seen


@pytest.fixture
def made_meanwhile(database, cast):
    """Alice makes one token after another until the test is over, each with its event. How many it were so far."""
    over, made = Event(), []

    def work():
        while not over.wait(0.02):
            made.append(make_token(database, cast.alice, f"Later {len(made)}"))

    thread = Thread(target=work)
    thread.start()
    yield made
    over.set()
    thread.join()


@pytest.mark.parametrize("path", [TOKENS, INVENTORY])
def test_ac_137_ten_thousand_tokens_none_twice_and_none_lost_while_others_are_made(
    path, request, alices, database, cast
):
    database.transaction(partial(add_tokens, cast.alice, MANY))
    before = ids_of(database, select(Token.id))
    made = request.getfixturevalue("made_meanwhile")

    seen = read_all(alices, path)

    assert len(before) > MANY
    assert before <= set(seen)
    assert seen == sorted(set(seen), reverse=True)
    assert made


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_ac_137_ten_thousand_events_none_twice_and_none_lost_while_others_are_added(
    who, request, program, database, cast
):
    caller = program(getattr(cast, who))
    database.transaction(partial(add_events, (cast.adam, cast.bob, cast.charlie, cast.bob), MANY))
    acmes = select(AuditEvent.id).where(AuditEvent.account_id == cast.bob.account_id)
    before = ids_of(database, acmes if who == "alice" else acmes.where(AuditEvent.actor_id == cast.bob.id))
    made = request.getfixturevalue("made_meanwhile")

    seen = read_all(caller, EVENTS)

    assert len(before) > MANY / 2
    assert before <= set(seen)
    assert seen == sorted(set(seen), reverse=True)
    assert made


@pytest.mark.parametrize("path", [TOKENS, INVENTORY, MEMBERS, EVENTS])
def test_the_last_page_has_no_next_even_when_it_is_full(path, alices):
    most = len(alices.get(f"{path}?limit=100").get_json()["items"])

    assert alices.get(f"{path}?limit={most}").get_json()["next_cursor"] is None


@pytest.mark.parametrize("path", [INVENTORY, MEMBERS, EVENTS])
def test_ac_044_a_query_that_cannot_be_is_refused_by_name(path, alices):
    for query in (
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=1&limit=2",
        "cursor=",
        "page=2",
        "user_id=1",
        "sort=digest",
    ):
        answer = alices.get(f"{path}?{query}")
        assert (answer.status_code, list(errors(answer))) == (422, [f"/{query.partition('=')[0]}"]), query


@pytest.mark.parametrize("path", CURSORS)
def test_ac_109_a_cursor_of_another_list_or_a_tampered_one_is_refused(path, alices):
    good = CURSORS[path].after(7)
    others = [cursors.after(7) for cursors in CURSORS.values() if cursors is not CURSORS[path]]
    tampered = [good.upper(), good[:-1], f"{good}0", f"{good}%0a", f"{good[0]}8{good[2:]}", f"{good[:-1]}g", good[1:],
                f"{good}' OR 1=1 --", f"{good[:-2]}٣٣"]  # fmt: skip

    assert alices.get(f"{path}?cursor={good}").status_code == 200
    for cursor in [*others, *tampered]:
        answer = alices.get(f"{path}?cursor={cursor}")
        assert (answer.status_code, list(errors(answer))) == (422, ["/cursor"]), cursor


@pytest.mark.parametrize("path", CURSORS)
def test_ac_109_a_cursor_of_somebody_elses_row_opens_only_ones_own(path, program, database, cast):
    charlies, alices = program(cast.charlie), program(cast.alice)
    make_token(database, cast.alice, "Newer")
    first = alices.get(f"{path}?limit=1").get_json()

    theirs = charlies.get(f"{path}?cursor={first['next_cursor']}")
    beyond = charlies.get(f"{path}?cursor={CURSORS[path].after(2**63 - 1)}")

    own = charlies.get(path).get_json()["items"]
    assert [item for item in theirs.get_json()["items"] if item not in own] == []
    assert beyond.get_json()["items"] == own


@pytest.mark.parametrize("path", [*CURSORS, "/api/v1/usage", "/api/v1/account"])
def test_a_service_token_lists_nothing(path, nobody, database):
    def work(session):
        return services.create(session, OPERATOR, name="Gateway", prefix="svc", now=utc_now())

    answer = nobody.with_token(database.transaction(work).secret.reveal()).get(path)

    assert (answer.status_code, code(answer)) == (403, "forbidden")


@pytest.mark.parametrize("path", [TOKENS, INVENTORY, MEMBERS, EVENTS])
def test_a_page_of_a_hundred_asks_the_database_no_more_than_a_short_one(path, alices, database, cast):
    def statements():
        asked = []
        listen = (database.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
        sqlalchemy_event.listen(*listen)
        found = alices.get(f"{path}?limit=100").get_json()["items"]
        sqlalchemy_event.remove(*listen)
        return len(found), len(asked)

    def fill(session):
        add_tokens(cast.alice, 100, session)
        add_events((cast.bob, cast.adam), 100, session)
        acme = session.get_one(User, cast.alice.id).account
        for number in range(100):
            add_person(session, acme, f"Bob{number}", Role.MEMBER)

    _, before = statements()
    database.transaction(fill)

    assert statements() == (100, before)
