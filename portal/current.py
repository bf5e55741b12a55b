"""What the running app holds, for views and guards: settings, database, limits, recorder, counts.

The one kernel room that knows Flask. Services never come here; they are handed a session.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from flask import Flask, current_app, request
from sqlalchemy.orm import Session

from portal.addresses import address_of
from portal.database import Database
from portal.limits import Limits
from portal.metrics import Counts
from portal.recorder import Recorder
from portal.settings import Settings

Result = TypeVar("Result")
_KEY = "portal"


@dataclass(frozen=True, slots=True)
class Running:
    """One portal, put together by `create_app`."""

    settings: Settings
    database: Database
    limits: Limits
    recorder: Recorder
    counts: Counts


def install(app: Flask, running: Running) -> None:
    """Makes `running` what `running()` finds in requests of `app`."""
    app.extensions[_KEY] = running


def running_in(app: Flask) -> Running:
    """What `app` holds, for those outside of a request (the server's hooks, tests)."""
    found: Running = app.extensions[_KEY]
    return found


def running() -> Running:
    """What the app of this request holds."""
    return running_in(current_app)


def transaction(work: Callable[[Session], Result]) -> Result:
    """`Database.transaction` of the app of this request."""
    return running().database.transaction(work)


def reading() -> AbstractContextManager[Session]:
    """`Database.reading` of the app of this request."""
    return running().database.reading()


def client_address() -> str | None:
    """Where this request comes from, proxies that we trust left out."""
    environ, trusted = request.environ, running().settings.trusted_proxies
    return address_of(environ.get("REMOTE_ADDR"), environ.get("HTTP_X_FORWARDED_FOR"), trusted=trusted)
