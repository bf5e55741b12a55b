"""Service tokens at the command line: made, shown once, listed, revoked."""

import re

import pytest
from sqlalchemy import select

from portal.audit import AuditEvent
from portal.tokens.models import ServiceToken
from portal.tokens.secret import digest_of, pattern_for

CREATE, REVOKE = "create-service", "revoke-service"
NAME = "Badge gateway"


def rows(database) -> list[ServiceToken]:
    with database.reading() as session:
        return list(session.scalars(select(ServiceToken).order_by(ServiceToken.id)))


def events(database) -> list[AuditEvent]:
    with database.reading() as session:
        return list(session.scalars(select(AuditEvent).order_by(AuditEvent.id)))


def test_the_secret_stands_alone_on_stdout(operator, database):
    outcome = operator.run(CREATE, NAME)

    assert outcome.code == 0
    assert re.fullmatch(pattern_for(("svc",)) + "\n", outcome.out)
    assert outcome.err == "This is the token of Badge gateway. Store it now, it is shown only once.\n"
    (made,) = rows(database)
    assert (made.name, made.digest) == (NAME, digest_of(outcome.out.strip()))


def test_the_first_prefix_of_the_setting_makes_it(operator, monkeypatch):
    monkeypatch.setenv("PORTAL_SERVICE_TOKEN_PREFIX", "gate,svc")

    assert operator.run(CREATE, NAME).out.startswith("gate_")


def test_the_list_shows_hints_and_never_a_secret(operator):
    empty = operator.run("services")
    secret = operator.run(CREATE, NAME).out.strip()
    operator.run(CREATE, "Other")
    operator.run(REVOKE, "Other")

    header, first, second = operator.run("services").out.splitlines()

    assert (empty.code, empty.out) == (0, "")
    assert header.split() == ["name", "hint", "created", "last", "used", "revoked"]
    assert first.startswith(f"{NAME}  {secret[:12]}…  20")
    assert first.split()[-2:] == ["never", "never"]
    assert secret not in first
    assert re.search(r"never +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", second)


def test_names_of_living_ones_differ_however_they_are_written(operator, database):
    operator.run(CREATE, NAME)

    outcome = operator.run(CREATE, NAME.upper())

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (1, "", 1)
    assert len(rows(database)) == 1


def test_the_name_of_a_revoked_one_is_free_again(operator, database):
    operator.run(CREATE, NAME)
    revoked = operator.run(REVOKE, NAME.lower())

    assert (revoked.code, revoked.err) == (0, "")
    assert operator.run(CREATE, NAME).code == 0
    assert [row.revoked_at is None for row in rows(database)] == [False, True]


@pytest.mark.parametrize("name", ["Nobody", NAME])
def test_what_is_not_there_or_revoked_already_is_said_in_one_sentence(name, operator):
    operator.run(CREATE, NAME)
    operator.run(REVOKE, NAME)

    outcome = operator.run(REVOKE, name)

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "There is no living service token of that name. See: portal services\n"


def test_both_are_recorded_as_the_operators_deeds_in_nobodys_account(operator, database):
    secret = operator.run(CREATE, NAME).out.strip()
    operator.run(REVOKE, NAME)

    made, revoked = events(database)
    assert (made.action, revoked.action) == ("token.created", "token.revoked")
    for event in (made, revoked):
        assert (event.account_id, event.actor_kind, event.target_kind, event.target_name, event.token_id) == (
            None, "operator", "service", NAME, None,
        )  # fmt: skip
    assert secret not in str(vars(made))


@pytest.mark.parametrize("arguments", [(CREATE,), (REVOKE,), (CREATE, "a", "b"), ("services", "x")])
def test_a_wrong_call_ends_with_2(arguments, operator):
    assert operator.run(*arguments).code == 2


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 101, "a\u202eb"])
def test_a_name_that_cannot_be_is_refused(name, operator, database):
    assert (operator.run(CREATE, name).code, rows(database)) == (1, [])
