"""The operator at the command line: in this process, on either database."""

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from portal.cli import main
from tests.conftest import SECRET_KEY

PASSWORD = "seven purple lanterns"


@dataclass(frozen=True)
class Outcome:
    """What a command left behind: its exit code and what it said."""

    code: int
    out: str
    err: str


class Operator:
    """Types commands. `stdin` is what is piped in."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def run(self, *arguments: str, stdin: bytes = PASSWORD.encode()) -> Outcome:
        self._capsys.readouterr()
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            try:
                code = main(arguments)
            except SystemExit as exit_:
                code = int(exit_.code or 0)
        said = self._capsys.readouterr()
        return Outcome(code, said.out, said.err)


@pytest.fixture
def at_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Points the settings of the environment at a database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PORTAL_TEST_POSTGRES_URL", raising=False)

    def point(url: str) -> None:
        monkeypatch.setenv("PORTAL_DATABASE_URL", url)
        monkeypatch.setenv("PORTAL_INSTANCE_DIR", str(tmp_path / "instance"))
        monkeypatch.setenv("PORTAL_SECRET_KEY", SECRET_KEY)

    return point


@pytest.fixture
def anybody(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Operator:
    """Somebody at a command line without a database yet."""
    return Operator(monkeypatch, capsys)


@pytest.fixture
def operator(anybody: Operator, at_database: Callable[[str], None], database_url: str) -> Operator:
    """The operator of a portal on either database."""
    at_database(database_url)
    return anybody


@pytest.fixture
def new_postgres_url(postgres_url: str) -> Iterator[str]:
    """A PostgreSQL database without any table."""
    server = make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS portal_without_tables WITH (FORCE)")
        connection.execute("CREATE DATABASE portal_without_tables")
        yield make_url(server).set(database="portal_without_tables").render_as_string(hide_password=False)
        connection.execute("DROP DATABASE portal_without_tables WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any table, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new.db'}"
    return str(request.getfixturevalue("new_postgres_url"))
