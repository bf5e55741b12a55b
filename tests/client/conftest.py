"""People with a token at a command line, and a portal that they reach over a real socket."""

from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from werkzeug.serving import make_server

from portal.app import Portal
from portal.cli import main
from portal.database import Database
from tests.builders import make_token
from tests.cast import Cast, Person
from tests.cli.conftest import Outcome


class Commands:
    """Types `portal token …` with that portal and that token in the environment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def at(self, url: str | None, secret: str | None) -> "Commands":
        """The same, with another environment."""
        for name, value in (("PORTAL_URL", url), ("PORTAL_TOKEN", secret)):
            if value is None:
                self._monkeypatch.delenv(name, raising=False)
            else:
                self._monkeypatch.setenv(name, value)
        return self

    def run(self, *arguments: str) -> Outcome:
        self._capsys.readouterr()
        try:
            code = main(("token", *arguments))
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        said = self._capsys.readouterr()
        return Outcome(code, said.out, said.err)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    """Somebody at a command line, with neither address nor token yet."""
    return Commands(monkeypatch, capsys).at(None, None)


@pytest.fixture
def portal_url(app: Portal) -> Iterator[str]:
    """The portal of the test on a port of its own."""
    server = make_server("localhost", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def token_of(database: Database) -> Callable[..., str]:
    """Makes a token of that person; its secret."""

    def make(person: Person, name: str = "Caller", **token: object) -> str:
        return make_token(database, person, name, **token)[1]

    return make


@pytest.fixture
def alices_secret(token_of: Callable[..., str], cast: Cast) -> str:
    """Alice's token with full access."""
    return token_of(cast.alice)


@pytest.fixture
def alices(typed: Commands, portal_url: str, alices_secret: str) -> Commands:
    """Alice at a command line, with her token in the environment."""
    return typed.at(portal_url, alices_secret)
