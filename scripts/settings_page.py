"""Prints `docs/settings.md`, made from the descriptions in `portal/settings.py`."""

import sys
from pathlib import Path

from portal.settings import PREFIX, Settings

HEAD = """# Settings

Made from `portal/settings.py` by `make docs`; change it there.

Settings come from the environment, or from a file `.env` in the folder that the portal is started in (the
environment wins). An empty one counts as left out. A wrong one stops the start and is named; a `PORTAL_…` name that
means nothing is warned about.

| setting | what it does |
|---|---|
"""


def render() -> str:
    """The page: one row for each setting, in the order in which they are declared."""
    return HEAD + "".join(
        f"| `{PREFIX}{name.upper()}` | {field.description}{_default(field.default)} |\n"
        for name, field in Settings.model_fields.items()
    )


def _default(value: object) -> str:
    text = ",".join(str(part) for part in value) if isinstance(value, tuple) else str(value)
    # Where the default depends on something else, the description says so.
    return f" Default: `{text}`." if text and isinstance(value, int | str | tuple | Path) else ""


if __name__ == "__main__":
    sys.stdout.write(render())
