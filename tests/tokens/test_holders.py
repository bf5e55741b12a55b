"""Killing a token by its secret alone: under the lock, once, and never one that died in between."""

import pytest
from sqlalchemy import select

from portal.audit import OPERATOR, AuditEvent
from portal.clock import utc_now
from portal.tokens import holders, services
from portal.tokens.secret import SecretReader, make_secret
from tests.builders import make_account_token, make_token


@pytest.fixture
def secret_of(database, cast):
    """The secret of a new token of that kind."""

    def make(kind):
        if kind == "service":
            return database.transaction(
                lambda session: services.create(session, OPERATOR, name="Gateway", prefix="svc", now=utc_now())
            ).secret
        _, text = make_token(database, cast.bob) if kind == "personal" else make_account_token(database, cast.alice)
        return SecretReader(("pat", "acc")).read(text)

    return make


def is_alive(database, secret):
    with database.reading() as session:
        return holders.is_alive(session, secret, now=utc_now())


def kill(database, secret):
    database.transaction(lambda session: holders.kill(session, secret, address=None, now=utc_now()))


@pytest.mark.parametrize("kind", ["personal", "account", "service"])
def test_a_second_kill_finds_it_dead_and_records_nothing(kind, database, secret_of):
    secret = secret_of(kind)
    assert is_alive(database, secret)

    kill(database, secret)
    kill(database, secret)

    assert not is_alive(database, secret)
    with database.reading() as session:
        assert list(session.scalars(select(AuditEvent.action))) == ["token.created", "token.revoked"]


@pytest.mark.parametrize("prefix", ["pat", "acc", "svc"])
def test_what_does_not_exist_is_neither_alive_nor_killed(prefix, database):
    secret = make_secret(prefix)

    kill(database, secret)

    assert not is_alive(database, secret)
