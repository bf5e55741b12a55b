"""What the proof looks at: every state of every page, kept once for each worker and served to one browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import BytecodeCache
from playwright.sync_api import Browser, Page

from portal.app import Portal, create_app
from portal.current import running_in
from tests.chromium import DESKTOP, listening
from tests.conftest import settings_for
from tests.proof.gallery import Gallery, opened
from tests.proof.states import PARTS, States, every_state


@pytest.fixture(scope="session")
def states(
    sqlite_template: Path, compiled_templates: BytecodeCache, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, States]]:
    """Every state of every page, by part and name."""
    folder, made = tmp_path_factory.mktemp("states"), []

    def make_app(*, debug: bool = False) -> Portal:
        path = folder / f"{len(made)}.db"
        shutil.copy(sqlite_template, path)
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("FLASK_DEBUG", "1" if debug else "0")
            app = create_app(settings_for(f"sqlite:///{path}", folder))
        app.testing = True
        app.jinja_env.bytecode_cache = compiled_templates
        app.config["PROPAGATE_EXCEPTIONS"] = False
        made.append(app)
        return app

    made_states = every_state(make_app)
    assert tuple(made_states) == PARTS
    yield made_states
    for app in made:
        running_in(app).recorder.stop()
        running_in(app).database.close()


@pytest.fixture(scope="session")
def gallery(
    states: dict[str, States], sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gallery]:
    """The states at addresses that a browser can open."""
    folder = tmp_path_factory.mktemp("gallery")
    app = create_app(settings_for(f"sqlite:///{sqlite_template}", folder))
    with opened(app, states) as gallery:
        yield gallery
    running_in(app).recorder.stop()
    running_in(app).database.close()


@pytest.fixture
def screen(chromium: Browser) -> Iterator[Page]:
    """A page of a browser; what breaks the policy or a script fails the test."""
    # A colour that is on its way to another one has no contrast to measure.
    with listening() as listen, chromium.new_context(viewport=DESKTOP, reduced_motion="reduce") as context:
        listen(context)
        yield context.new_page()
