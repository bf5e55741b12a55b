"""Two portals behind one nginx: one may be stopped under load, and nobody notices."""

import shutil
from contextlib import contextmanager
from itertools import count
from threading import Thread

import pytest
from sqlalchemy import select

from portal.database import Database
from portal.tokens.models import Token
from tests.builders import make_token
from tests.cast import add_cast
from tests.gateways.calls import JSON
from tests.gateways.nginx import NO_LIMITS, Ports, Upstreams, nginx
from tests.server.running import started, wait_for

CREATES = 25


@pytest.fixture
def rows(sqlite_template, tmp_path):
    """A database of this test's own, since it stops a portal."""
    shutil.copy(sqlite_template, tmp_path / "portal.db")
    database = Database(f"sqlite:///{tmp_path}/portal.db")
    yield database
    database.close()


@pytest.fixture
def secrets(rows):
    """A token of each of Acme's people."""
    cast = rows.transaction(add_cast)
    return [make_token(rows, person)[1] for person in (cast.alice, cast.adam, cast.bob)]


def test_f34_a_portal_stopped_under_load_costs_no_call(rows, secrets, certificate, tmp_path):
    url, ports = f"sqlite:///{tmp_path}/portal.db", Ports()
    settings = {"public_url": f"https://localhost:{ports.portal}", "limits": NO_LIMITS}
    folders = [tmp_path / name for name in ("one", "other", "nginx")]
    for folder in folders:
        folder.mkdir()

    with started(url, folders[0], **settings) as stopped, started(url, folders[1], **settings) as other:
        upstreams = Upstreams(portal=stopped.port, second_portal=other.port)
        with nginx(folders[2], certificate, upstreams, ports) as front, creating(front.portal(), secrets) as made:
            wait_for(lambda: len(made) > CREATES // 4)
            assert stopped.stop() == 0
            wait_for(lambda: len(made) == CREATES * len(secrets))

    assert {reply.status for reply in made} == {201}
    with rows.reading() as session:
        kept = set(session.scalars(select(Token.id)))
    assert {reply.json["id"] for reply in made} <= kept
    assert len(kept) == len(secrets) * (CREATES + 1)


@contextmanager
def creating(door, secrets):
    """Each of `secrets` makes tokens, one after the other on a thread of its own; the answers so far."""
    made, numbers = [], count()

    def create(secret):
        for _ in range(CREATES):
            headers = {"Authorization": f"Bearer {secret}", **JSON}
            made.append(door.call("POST", "/api/v1/tokens", headers, b'{"name": "Token %d"}' % next(numbers)))

    threads = [Thread(target=create, args=(secret,)) for secret in secrets]
    for thread in threads:
        thread.start()
    yield made
    for thread in threads:
        thread.join()
