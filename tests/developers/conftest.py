"""Portals with settings of their own, beside the usual one. These pages ask no database, so one kind is enough."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.app import Portal
from portal.settings import Settings
from tests.conftest import settings_for
from tests.proof.states import House


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """An empty, migrated SQLite file."""
    path = tmp_path / "portal.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def house_with(sqlite_template: Path, tmp_path: Path, make_app: Callable[[Settings], Portal]) -> Callable[..., House]:
    """Makes a portal with those settings and the cast in it: `house_with(developers="members")`."""

    def make(**more: str) -> House:
        path = tmp_path / "own.db"
        shutil.copy(sqlite_template, path)
        return House(make_app(settings_for(f"sqlite:///{path}", tmp_path, **more)))

    return make
