"""What a token is at a moment, said the same in Python and in SQL; and what the table itself refuses."""

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.clock import utc_now
from portal.tokens.models import Kind, Status, Token, is_current
from portal.tokens.service import has_status

NOW = utc_now()
MOMENTS = (None, NOW - timedelta(seconds=1), NOW, NOW + timedelta(microseconds=1))


def build(person, number=0, **columns) -> Token:
    """A row that no verb made, to try every state."""
    given = {
        "kind": Kind.PERSONAL,
        "account_id": person.account_id,
        "user_id": person.id,
        "made_by_id": person.id,
        "name": f"Token {number}",
        "name_key": f"token {number}",
        "digest": f"{number:064}",
        "hint": "pat_00000000…",
        "created_at": NOW,
        **columns,
    }
    return Token(**given)


def insert(database, *rows):
    database.transaction(lambda session: session.add_all(rows))


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({}, Status.ACTIVE),
        ({"expires_at": NOW}, Status.EXPIRED),
        ({"expires_at": NOW + timedelta(microseconds=1)}, Status.ACTIVE),
        ({"superseded_at": NOW, "stops_at": NOW}, Status.REVOKED),
        ({"superseded_at": NOW, "stops_at": NOW + timedelta(microseconds=1)}, Status.ACTIVE),
        ({"superseded_at": NOW, "stops_at": NOW + timedelta(days=1), "expires_at": NOW}, Status.EXPIRED),
        ({"revoked_at": NOW + timedelta(days=1)}, Status.REVOKED),
        ({"revoked_at": NOW, "expires_at": NOW}, Status.REVOKED),
    ],
)
def test_the_status_of_a_token(columns, status):
    assert Token(**columns).status(NOW) is status


def test_a_query_sees_every_token_as_python_does(database, cast):
    states = list(product(MOMENTS, repeat=3))
    insert(
        database,
        *(
            build(cast.bob, number, expires_at=expires, stops_at=stops, superseded_at=stops and NOW, revoked_at=revoked)
            for number, (expires, stops, revoked) in enumerate(states)
        ),
    )
    with database.reading() as session:
        rows = session.scalars(select(Token)).all()
        assert len(rows) == 64
        for status in Status:
            found = set(session.scalars(select(Token.id).where(has_status(status, NOW))))
            assert found == {row.id for row in rows if row.status(NOW) is status}
        assert set(session.scalars(select(Token.id).where(is_current()))) == {row.id for row in rows if row.is_current}


def test_a_token_overlaps_while_it_is_superseded_and_alive():
    later = NOW + timedelta(seconds=1)
    assert Token(superseded_at=NOW, stops_at=later).is_overlapping(NOW)
    assert not Token(superseded_at=NOW, stops_at=NOW).is_overlapping(NOW)
    assert not Token(superseded_at=NOW, stops_at=later, revoked_at=NOW).is_overlapping(NOW)
    assert not Token().is_overlapping(NOW)


ACCOUNT = {"kind": Kind.ACCOUNT, "user_id": None, "name_key": "api access"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"name_key": "same"}, {"name_key": "same"}),
        ({"name_key": "same", "expires_at": NOW}, {"name_key": "same"}),
        ({"digest": "d" * 64}, {"digest": "d" * 64}),
        (ACCOUNT, ACCOUNT),
        ({}, {"kind": Kind.ACCOUNT}),
        ({}, {"user_id": None}),
        ({}, {"account_id": 10**6}),
    ],
    ids=[
        "name",
        "name of an expired one",
        "digest",
        "account token",
        "account's with a person",
        "nobody's",
        "no account",
    ],
)
def test_the_table_refuses_what_must_not_be(database, cast, first, second):
    with pytest.raises(IntegrityError):
        insert(database, build(cast.bob, 1, **first), build(cast.bob, 2, **second))


@pytest.mark.parametrize("gone", [{"revoked_at": NOW}, {"superseded_at": NOW, "stops_at": NOW + timedelta(days=1)}])
@pytest.mark.parametrize("columns", [{"name_key": "same"}, ACCOUNT], ids=["name", "account token"])
def test_a_revoked_or_superseded_token_makes_room(database, cast, gone, columns):
    insert(database, build(cast.bob, 1, **columns, **gone), build(cast.bob, 2, **columns))


def test_ids_are_never_used_again(database, cast):
    insert(database, build(cast.bob, 1))
    with database.reading() as session:
        first = session.scalars(select(Token.id)).one()
    database.transaction(lambda session: session.delete(session.get_one(Token, first)))
    insert(database, build(cast.bob, 2))
    with database.reading() as session:
        assert session.scalars(select(Token.id)).one() > first


def test_no_column_can_hold_a_secret():
    assert Token.digest.type.length == 64
    assert {column.name for column in Token.__table__.columns} & {"secret", "token", "value", "plaintext"} == set()
