"""When a service token was last used: noted in memory, written in batches, never backwards."""

from datetime import timedelta

import pytest

from portal.audit import OPERATOR
from portal.current import running_in
from portal.tokens import services
from portal.tokens.models import ServiceToken
from portal.tokens.service_uses import ServiceUses
from tests.api.calls import Program
from tests.builders import ago


@pytest.fixture
def issued(database):
    return database.transaction(
        lambda session: services.create(session, OPERATOR, name="Gateway", prefix="svc", now=ago(days=1))
    )


@pytest.fixture
def last_use(database, issued):
    def read():
        with database.reading() as session:
            return session.get_one(ServiceToken, issued.service.id).last_used_at

    return read


def test_a_use_is_written_when_the_notes_are(app, issued, last_use):
    assert Program(app, issued.secret.reveal()).get().status_code == 200
    assert last_use() is None

    running_in(app).recorder.flush()

    assert ago(minutes=1) < last_use()


def test_an_older_use_of_another_process_never_overwrites_a_newer_one(database, issued, last_use):
    here, there, last = ServiceUses(), ServiceUses(), ago(minutes=1)
    here.note(issued.service.id, last)
    there.note(issued.service.id, last - timedelta(seconds=1))

    here.write(database, is_last=False)
    there.write(database, is_last=True)

    assert last_use() == last


def test_a_revoked_one_is_refused_by_the_next_call(app, database, issued, last_use):
    database.transaction(lambda session: services.revoke(session, OPERATOR, name="gateway", now=ago(seconds=0)))

    answer = Program(app, issued.secret.reveal()).get()
    running_in(app).recorder.flush()

    assert (answer.status_code, answer.get_json()["code"], last_use()) == (401, "token_revoked", None)


def test_without_notes_the_database_is_not_asked(database):
    database.close()
    ServiceUses().write(database, is_last=True)
