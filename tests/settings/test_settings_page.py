"""`docs/settings.md` is made from the code and kept with it."""

import runpy
from pathlib import Path

from portal.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_page_is_up_to_date():
    render = runpy.run_path(str(ROOT / "scripts" / "settings_page.py"))["render"]

    assert (ROOT / "docs" / "settings.md").read_text() == render(), "run: make docs"


def test_every_setting_has_a_description():
    assert all(field.description for field in Settings.model_fields.values())


def test_the_example_names_settings_that_exist():
    lines = (ROOT / ".env.example").read_text().splitlines()
    named = {line.lstrip("# ").partition("=")[0] for line in lines if "PORTAL_" in line and "=" in line}

    assert named
    assert named <= {f"PORTAL_{name.upper()}" for name in Settings.model_fields}
