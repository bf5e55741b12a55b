"""Refusals are counted in memory and written one row for each minute, never for strangers."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.accounts.refusals import Refusals
from portal.audit import Action
from portal.clock import utc_now
from portal.database import Database
from portal.errors import DatabaseUnavailable, NotFound, OutcomeUnknown
from tests.accounts.log import events
from tests.builders import actor_of

AT = utc_now().replace(second=30, microsecond=0)


@pytest.fixture
def refusals():
    return Refusals()


def note(refusals, person, *, at=AT, detail="wrong_password", address="192.0.2.1"):
    actor = replace(actor_of(person), address=address)
    refusals.note(Action.SESSION_REFUSED, actor, account_id=person.account_id, detail=detail, at=at)


def test_one_row_for_a_minute_with_its_count(database, cast, refusals):
    for second in range(3):
        note(refusals, cast.bob, at=AT + timedelta(seconds=second))
    refusals.write(database, is_last=True)
    [row] = events(database)
    assert (row.outcome, row.count, row.detail, row.actor_id) == ("refused", 3, "wrong_password", cast.bob.id)
    assert row.at == AT.replace(second=0)


def test_many_addresses_make_no_more_rows(database, cast, refusals):
    for number in range(1, 50):
        note(refusals, cast.bob, address=f"192.0.2.{number}")
    refusals.write(database, is_last=True)
    [row] = events(database)
    assert (row.count, row.address) == (49, "192.0.2.1")


def test_reasons_people_and_minutes_are_told_apart(database, cast, refusals):
    note(refusals, cast.bob)
    note(refusals, cast.bob, detail="user_inactive")
    note(refusals, cast.charlie)
    note(refusals, cast.bob, at=AT + timedelta(minutes=1))
    refusals.write(database, is_last=True)
    assert len(events(database)) == 4


def test_a_minute_that_is_not_over_waits(database, cast, refusals):
    note(refusals, cast.bob, at=utc_now() + timedelta(minutes=1))
    note(refusals, cast.alice, at=utc_now() - timedelta(minutes=2))
    refusals.write(database, is_last=False)
    assert [row.actor_id for row in events(database)] == [cast.alice.id]
    refusals.write(database, is_last=True)
    assert len(events(database)) == 2


def test_nobody_we_know_is_never_written(database, refusals):
    refusals.note_nobody(Action.SESSION_REFUSED, address="192.0.2.1", detail="wrong_password", at=AT)
    refusals.write(database, is_last=True)
    assert events(database) == []


def away(tmp_path):
    return Database(f"sqlite:///{tmp_path / 'gone.db'}")


def test_what_could_not_be_written_is_written_later(database, cast, refusals, tmp_path):
    for person in (cast.bob, cast.charlie):
        note(refusals, person)
    with pytest.raises(DatabaseUnavailable):
        refusals.write(away(tmp_path), is_last=True)
    note(refusals, cast.bob, address="192.0.2.2")

    refusals.write(database, is_last=True)

    assert {(row.actor_id, row.count, row.address) for row in events(database)} == {
        (cast.bob.id, 2, "192.0.2.1"),
        (cast.charlie.id, 1, "192.0.2.1"),
    }


def test_what_could_not_be_written_stays_within_bounds(cast, refusals, tmp_path, monkeypatch):
    monkeypatch.setattr("portal.accounts.refusals.MOST_NOTES", 2)
    database = away(tmp_path)

    def fill_up(work):
        for detail in ("one", "two"):
            note(refusals, cast.bob, detail=detail)
        raise DatabaseUnavailable

    note(refusals, cast.bob, detail="three")
    monkeypatch.setattr(database, "transaction", fill_up)
    with pytest.raises(DatabaseUnavailable):
        refusals.write(database, is_last=True)

    assert {refusal.detail for refusal in refusals._noted} == {"one", "two"}


@pytest.mark.parametrize("error", [OutcomeUnknown, NotFound])
def test_an_account_whose_rows_may_be_there_or_never_can_be_costs_no_other(
    database, cast, refusals, monkeypatch, error
):
    note(refusals, cast.bob)
    note(refusals, cast.charlie)
    write = database.transaction

    def fail(work):
        monkeypatch.setattr(database, "transaction", write)
        raise error

    monkeypatch.setattr(database, "transaction", fail)
    with pytest.raises(error):
        refusals.write(database, is_last=True)
    refusals.write(database, is_last=True)

    assert len(events(database)) == 1


def test_memory_stays_bounded(database, cast, refusals, monkeypatch):
    monkeypatch.setattr("portal.accounts.refusals.MOST_NOTES", 20)
    for number in range(25):
        note(refusals, cast.bob, detail=str(number))
    note(refusals, cast.bob, detail="0")
    refusals.write(database, is_last=True)
    rows = events(database)
    assert len(rows) == 20
    assert rows[0].count == 2
