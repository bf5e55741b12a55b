"""Queries that are written once, and answered whole."""

import pytest
from sqlalchemy import bindparam, select

from portal.accounts.models import Account
from portal.clock import utc_now
from portal.database import LARGEST_ID, UtcDateTime, as_utc
from portal.errors import DatabaseUnavailable
from portal.kept_queries import KeptQuery
from tests.cast import add_account
from tests.kernel.conftest import file_of

MADE_BEFORE = KeptQuery(
    select(Account.id, Account.name, Account.created_at, Account.api_access_enabled, Account.name_key)
    .where(Account.created_at < bindparam("moment", type_=UtcDateTime), Account.id < bindparam("before_id"))
    .order_by(Account.id)
    .limit(bindparam("most"))
)


def asked(database, **values):
    return MADE_BEFORE.rows(database, **{"moment": utc_now(), "before_id": LARGEST_ID, "most": 10, **values})


def test_all_rows_come_whatever_is_in_them(either):
    names = ["Acme", '["Zoë\'s", null]\n', "🦊 \\"]
    either.transaction(lambda session: [add_account(session, name) for name in names])

    assert [row[1] for row in sorted(asked(either))] == names
    assert len(asked(either, most=2)) == 2


def test_no_row_is_no_row(either):
    assert asked(either) == []


def test_a_moment_and_a_switch_come_as_they_are_stored(either):
    made_at = either.transaction(lambda session: add_account(session, "Acme")).created_at

    ((_, _, created_at, is_on, _),) = asked(either)

    assert as_utc(created_at) == made_at
    assert not is_on
    assert asked(either, moment=made_at) == []


def test_rows_of_a_database_that_is_away_are_not_none(sqlite):
    file_of(sqlite).unlink()

    with pytest.raises(DatabaseUnavailable):
        asked(sqlite)
