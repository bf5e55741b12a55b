"""`/healthz`: the process lives. `/readyz`: it can serve: the database answers and its schema is ours.

Without its Redis it serves as well, so that one only degrades.
"""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from portal.accounts.guards import public
from portal.current import reading, running
from portal.errors import DatabaseUnavailable
from portal.migrations import HEAD

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    return {"status": "alive"}


@blueprint.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    checks = _checks()
    is_ready = all(state == "ok" for state in checks.values())
    return {"status": "ready" if is_ready else "not ready", **checks, **_redis()}, 200 if is_ready else 503


def _redis() -> dict[str, str]:
    """Nothing where none is set."""
    is_degraded = running().limits.is_degraded()
    return {} if is_degraded is None else {"redis": "degraded" if is_degraded else "ok"}


def _checks() -> dict[str, str]:
    try:
        with reading() as session:
            revision = session.scalar(text("SELECT version_num FROM alembic_version"))
    except DatabaseUnavailable:
        return {"database": "unavailable", "schema": "unknown"}
    return {"database": "ok", "schema": "ok" if revision == HEAD else "stale"}
