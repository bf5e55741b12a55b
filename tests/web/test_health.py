"""Whether the process lives, and whether it can serve."""

from sqlalchemy import text

from portal.migrations import HEAD
from tests.conftest import settings_for
from tests.page import Browser


def test_alive(stranger):
    page = stranger.get("/healthz")

    assert (page.status, page.response.get_json()) == (200, {"status": "alive"})


def test_ready(stranger):
    page = stranger.get("/readyz")

    assert page.status == 200
    assert page.response.get_json() == {"status": "ready", "database": "ok", "schema": "ok"}


def test_another_schema_is_not_ready(stranger, database):
    set_revision = text("UPDATE alembic_version SET version_num = :revision")
    with database.engine.begin() as connection:
        connection.execute(set_revision, {"revision": "9999"})

    page = stranger.get("/readyz")

    with database.engine.begin() as connection:
        connection.execute(set_revision, {"revision": HEAD})
    assert (page.status, page.response.get_json()["schema"]) == (503, "stale")


def test_an_empty_database_is_not_ready(make_app, tmp_path):
    (tmp_path / "empty.db").touch()
    browser = Browser(make_app(settings_for(f"sqlite:///{tmp_path / 'empty.db'}", tmp_path)).test_client())

    assert browser.get("/readyz").status == 503


def test_asking_sets_no_cookie(stranger):
    for path in ("/healthz", "/readyz"):
        assert "Set-Cookie" not in stranger.get(path).response.headers
