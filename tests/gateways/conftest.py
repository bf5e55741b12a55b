"""One portal, one example service and one nginx before both, for all tests of this folder."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from portal.database import Database
from tests.builders import make_token
from tests.cast import Cast, add_cast
from tests.gateways.calls import Door
from tests.gateways.nginx import Certificate, Nginx, Ports, Upstreams, nginx
from tests.served import ROOT, Client, environment, free_port
from tests.server.running import Running, started, wait_for

_NUMBERS = count(2)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def database_url(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database for the folder; what nginx does is the same on both kinds."""
    path = tmp_path_factory.mktemp("database") / "portal.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def rows(database_url: str) -> Iterator[Database]:
    """The database that is served, to prepare rows and to look at them."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def cast(rows: Database) -> Cast:
    return rows.transaction(add_cast)


@pytest.fixture(scope="session")
def bobs(rows: Database, cast: Cast) -> tuple[int, str]:
    """Bob's token with full access: its id and its secret."""
    return make_token(rows, cast.bob, "Badges")


@pytest.fixture(scope="session")
def ports() -> Ports:
    """Where the nginx that everybody shares listens; the portal must know it before it starts."""
    return Ports()


@pytest.fixture(scope="session")
def settings_of_portal(ports: Ports) -> dict[str, str]:
    """What docs/operations.md says goes with nginx."""
    return {
        "public_url": f"https://localhost:{ports.portal}",
        "trusted_proxies": "127.0.0.1/32",
        "scopes": "badges:issue=Issue badges",
    }


@pytest.fixture(scope="session")
def portal(
    database_url: str, settings_of_portal: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    with started(database_url, tmp_path_factory.mktemp("portal"), **settings_of_portal) as running:
        yield running


@pytest.fixture(scope="session")
def gateway(
    database_url: str, settings_of_portal: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """The port of a `portal gateway`."""
    folder, port = tmp_path_factory.mktemp("gateway"), free_port()
    command = [sys.executable, "-m", "portal.cli", "gateway", "--port", str(port)]
    with _running(command, port, env=environment(database_url, folder, **settings_of_portal), asked="/verify"):
        yield port


@pytest.fixture(scope="session")
def badges() -> Iterator[int]:
    """The port of the example service, run as its README says."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", "--bind", f"127.0.0.1:{port}", "badges:app"]
    with _running(command, port, cwd=ROOT / "examples" / "badges", asked="/"):
        yield port


@contextmanager
def _running(command: list[str], port: int, *, asked: str, **how: object) -> Iterator[None]:
    process = subprocess.Popen(command, **how)
    try:
        wait_for(lambda: process.poll() is not None or _answers(port, asked))
        assert process.poll() is None, command
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int, path: str) -> bool:
    try:
        return Client(port).get(path).status > 0
    except OSError:
        return False


@pytest.fixture(scope="session")
def front(
    certificate: Certificate,
    portal: Running,
    badges: int,
    ports: Ports,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Nginx]:
    """The nginx before portal and service."""
    upstreams = Upstreams(portal=portal.port, check=portal.port, badges=badges)
    with nginx(tmp_path_factory.mktemp("nginx"), certificate, upstreams, ports) as running:
        yield running


@pytest.fixture
def address() -> str:
    """An address that nobody else called from, so that no test uses up the limit of another."""
    return f"127.0.1.{next(_NUMBERS)}"


@pytest.fixture(params=["front"])
def door(request: pytest.FixtureRequest, address: str) -> Door:
    """The service through nginx."""
    front: Nginx = request.getfixturevalue(request.param)
    return front.badges(address)
