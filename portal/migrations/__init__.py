"""The schema's history. `HEAD` names its newest state, so that a start need not load Alembic to compare."""

HEAD = "0003"
