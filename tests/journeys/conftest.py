"""A real Chromium before a real `portal run`, which most journeys share: each finds its database empty."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from portal.database import Database
from tests.cast import Cast, add_cast
from tests.chromium import DESKTOP, PHONE, listening
from tests.conftest import empty
from tests.served import Served, serve


@pytest.fixture(scope="session")
def standing(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Served]]:
    """A portal that stands for as long as this worker runs, and the address of its database."""
    folder = tmp_path_factory.mktemp("standing")
    path = folder / "portal.db"
    shutil.copy(sqlite_template, path)
    with serve(f"sqlite:///{path}", folder) as portal:
        yield f"sqlite:///{path}", portal


@pytest.fixture(params=["standing"])
def database_url(request: pytest.FixtureRequest, sqlite_template: Path, tmp_path: Path) -> str:
    """The database of the standing portal, emptied; a test that names `sqlite` or `postgresql` gets one of its own."""
    if request.param == "standing":
        url, _ = request.getfixturevalue("standing")
        empty(url)
        return str(url)
    if request.param == "postgresql":
        return str(request.getfixturevalue("emptied_postgres_url"))
    path = tmp_path / "portal.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def rows(database_url: str) -> Iterator[Database]:
    """The database that is served, to prepare rows and to look at them."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def cast(rows: Database) -> Cast:
    return rows.transaction(add_cast)


@pytest.fixture
def served(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Served]:
    """The standing portal, or before a database of the test's own a portal of its own."""
    if request.node.callspec.params["database_url"] == "standing":
        yield request.getfixturevalue("standing")[1]
        return
    with serve(database_url, tmp_path) as portal:
        yield portal


@pytest.fixture
def open_context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browser contexts (a person's own browser each); whatever a page complains about fails the test."""
    with listening() as listen, ExitStack() as closing:

        def make(**options: object) -> BrowserContext:
            context = chromium.new_context(**{"viewport": DESKTOP, **options})
            context.set_default_timeout(10_000)
            listen(context)
            closing.callback(context.close)
            return context

        yield make


@pytest.fixture
def desk(open_context: Callable[..., BrowserContext], served: Served) -> Page:
    """A page on a desktop, with the clipboard allowed."""
    context = open_context(permissions=["clipboard-read", "clipboard-write"], base_url=served.url)
    return context.new_page()


@pytest.fixture
def phone(open_context: Callable[..., BrowserContext], served: Served) -> Page:
    """A page on a phone, 390 pixels wide."""
    return open_context(viewport=PHONE, has_touch=True, is_mobile=True, base_url=served.url).new_page()


@pytest.fixture
def plain(open_context: Callable[..., BrowserContext], served: Served) -> Page:
    """A page in a browser that runs no script."""
    return open_context(java_script_enabled=False, base_url=served.url).new_page()
