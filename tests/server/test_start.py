"""Starting: what is printed, and what is refused in one sentence."""

import os
import signal
from pathlib import Path

import pytest

from portal.members.service import read_setup_id, setup_code
from tests.conftest import SECRET_KEY
from tests.server.running import started, wait_for


@pytest.fixture
def new_url(tmp_path: Path) -> str:
    """A database that is not there yet, for what does not depend on its kind."""
    return f"sqlite:///{tmp_path}/instance/new.db"


def test_it_says_where_it_is_and_how_to_set_it_up(database_url, database, tmp_path):
    with database.reading() as session:
        code = setup_code(SECRET_KEY, read_setup_id(session))

    with started(database_url, tmp_path) as portal:
        assert portal.err.splitlines() == [
            f"The portal is at http://localhost:{portal.port} (listening on 127.0.0.1, port {portal.port}).",
            f"Nobody has an account yet. Open http://localhost:{portal.port}/setup",
            f"Code: {code}",
        ]
        assert portal.client().get("/setup").status == 200


def test_the_code_is_not_printed_once_there_is_somebody(database_url, cast, tmp_path):
    with started(database_url, tmp_path) as portal:
        assert "Code" not in portal.err
        assert "/setup" not in portal.err


def test_it_is_alive_and_ready(database_url, tmp_path):
    with started(database_url, tmp_path) as portal:
        client = portal.client()

        assert client.get("/healthz").json == {"status": "alive"}
        assert client.get("/readyz").status == 200


def test_sqlite_is_made_and_migrated_by_itself(new_url, tmp_path):
    with started(new_url, tmp_path) as portal:
        assert portal.client().get("/readyz").status == 200


def test_it_listens_on_this_machine_alone_unless_told_otherwise(new_url, tmp_path):
    with started(new_url, tmp_path, "--host", "0.0.0.0") as portal:
        assert "Other machines are refused until PORTAL_PUBLIC_URL names the address they use." in portal.err


def test_unknown_settings_are_warned_about_and_it_starts(new_url, tmp_path):
    with started(new_url, tmp_path, treads="9") as portal:
        assert "Warning: PORTAL_TREADS is not a setting; did you mean PORTAL_THREADS?\n" in portal.err


def test_a_worker_that_died_is_replaced(new_url, tmp_path):
    with started(new_url, tmp_path, "--workers", "2") as portal:
        before = wait_for(lambda: portal.workers() if len(portal.workers()) == 2 else None)
        os.kill(before[0], signal.SIGKILL)

        after = wait_for(lambda: (found := set(portal.workers())) and len(found) == 2 and before[0] not in found)

        assert after
        assert portal.client().get("/readyz").status == 200


def test_nothing_is_left_in_the_home_folder(new_url, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    (tmp_path / "home").mkdir()

    with started(new_url, tmp_path):
        assert list((tmp_path / "home").iterdir()) == []
