"""One portal, one example service and one nginx before both, for all tests of this folder."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from portal.database import Database
from tests.builders import make_account_token, make_token
from tests.cast import Cast, Person, add_cast
from tests.gateways.calls import Door
from tests.gateways.nginx import NO_LIMITS, Certificate, Nginx, Ports, Upstreams, nginx
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


@pytest.fixture
def new_secret(rows: Database) -> Callable[..., str]:
    """Makes one more token of a person, under a name of its own; its secret."""

    def make(person: Person, **kwargs: Any) -> str:
        return make_token(rows, person, f"Token {next(_NUMBERS)}", **kwargs)[1]

    return make


@pytest.fixture(scope="session")
def charlies_account_token(rows: Database, cast: Cast) -> str:
    """The secret of the account token of Globex."""
    return make_account_token(rows, cast.charlie)[1]


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
        "limits": NO_LIMITS,
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
def events(
    database_url: str, settings_of_portal: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A `portal events`."""
    folder = tmp_path_factory.mktemp("events")
    with started(database_url, folder, command="events", **settings_of_portal) as running:
        yield running


@pytest.fixture(scope="session")
def badges() -> Iterator[int]:
    """The port of the example service, run as its README says."""
    port = free_port()
    where = ["--bind", f"127.0.0.1:{port}", "--chdir", "examples/badges"]
    command = [sys.executable, "-m", "gunicorn", "--no-control-socket", *where, "badges:app"]
    with _running(command, port, cwd=ROOT, asked="/"):
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
    events: Running,
    gateway: int,
    badges: int,
    ports: Ports,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Nginx]:
    """The nginx before portal and service, as deploy/nginx has it: `portal gateway` answers the check."""
    upstreams = Upstreams(portal=portal.port, events=events.port, check=gateway, badges=badges)
    with nginx(tmp_path_factory.mktemp("nginx"), certificate, upstreams, ports) as running:
        yield running


@pytest.fixture(scope="session")
def front_on_web(
    certificate: Certificate, portal: Running, badges: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nginx]:
    """Another nginx, whose check the web server answers."""
    upstreams = Upstreams(check=portal.port, badges=badges)
    with nginx(tmp_path_factory.mktemp("nginx"), certificate, upstreams) as running:
        yield running


@pytest.fixture
def address() -> str:
    """An address that nobody else called from, so that no test uses up the limit of another."""
    return f"127.0.1.{next(_NUMBERS)}"


@pytest.fixture(params=["front", "front_on_web"])
def door(request: pytest.FixtureRequest, address: str) -> Door:
    """The service through nginx, behind the one check and behind the other."""
    front: Nginx = request.getfixturevalue(request.param)
    return front.badges(address)
