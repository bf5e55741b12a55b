"""Running processes that all tests of the promise share, once for each kind of database; people that none shares."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count

import pytest
from sqlalchemy.orm import Session

from portal.accounts.models import Role
from portal.database import Database
from tests.cast import Person, add_account, add_person
from tests.conftest import empty
from tests.gateway.questions import new_service
from tests.promise.readers import Readers
from tests.served import Client, Served, serve_together

_numbers = count()


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database that was empty when the first of these tests began."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("promise") / "portal.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    url = request.getfixturevalue("postgres_url")
    yield url
    empty(url)


@pytest.fixture(scope="package")
def served(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Served]]:
    """Two `portal run`, a `portal gateway` and a `portal events`, all on one database."""
    commands = ("run", "run", "gateway", "events")
    with serve_together(database_url, tmp_path_factory.mktemp("served"), *commands) as started:
        yield started


@pytest.fixture
def two(served: list[Served]) -> tuple[Served, Served]:
    """The two `portal run` processes."""
    return served[0], served[1]


@pytest.fixture
def rows(database_url: str) -> Iterator[Database]:
    """The database that all of them serve, to prepare rows on."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def readers(served: list[Served], rows: Database) -> Readers:
    """Those who never hear of a change but by the database."""
    service = new_service(rows, f"Badge gateway {next(_numbers)}")
    return Readers(Client(served[1].port), Client(served[2].port), service)


@pytest.fixture
def alice(rows: Database) -> Person:
    """The owner of an account of this test's own."""
    return rows.transaction(lambda session: _add(session, "Alice", Role.OWNER))


@pytest.fixture
def bob(rows: Database) -> Person:
    """A member of an account of this test's own."""
    return rows.transaction(lambda session: _add(session, "Bob", Role.MEMBER))


@pytest.fixture
def add_newcomer(rows: Database) -> Callable[[], Person]:
    """Adds a member of an account of their own; nobody's last owner."""
    return lambda: rows.transaction(lambda session: _add(session, "Bob", Role.MEMBER))


def _add(session: Session, name: str, role: Role) -> Person:
    return add_person(session, add_account(session, f"Acme{next(_numbers)}"), name, role)
