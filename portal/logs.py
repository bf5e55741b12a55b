"""The application's log: one line of JSON for each record, on stderr. Requests have their own, `portal.access_log`.

No secret reaches it, and nothing in it can start a line of its own or act on a terminal.
"""

import logging
import threading
import time
from datetime import UTC, datetime

import orjson

from portal.access_log import printable, request_at_work, without_secrets
from portal.lines import STDERR

# What every record has by itself; anything else was handed over as `extra`.
_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

A_MINUTE = 60.0


class OnceAMinute:
    """Keeps a lasting fault from filling the log: what was said less than a minute ago is not said again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said_at: dict[str, float] = {}

    def is_due(self, what: str) -> bool:
        """Whether `what`, one of a few words, is to be said now; whoever gets True says it."""
        now = time.monotonic()
        with self._lock:
            said_at = self._said_at.get(what)
            if said_at is not None and now - said_at < A_MINUTE:
                return False
            self._said_at[what] = now
            return True


class JsonLines(logging.Formatter):
    """A record as one line: when (UTC), how bad, what, in which request, then the extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "event": _clean(record.getMessage()),
            "logger": record.name,
            "request_id": request_at_work.get(),
            **{name: _clean(value) for name, value in vars(record).items() if name not in _OF_EVERY_RECORD},
        }
        if record.exc_info:
            entry["exception"] = [_clean(line) for line in self.formatException(record.exc_info).splitlines()]
        return orjson.dumps(entry, option=orjson.OPT_UTC_Z).decode()


class ToStderr(logging.Handler):
    """Hands records on to stderr; one that it has no room for is dropped."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            STDERR.write(self.format(record).encode())
        except Exception:
            # As the handlers of the library do: a record that cannot be written must not cost more than itself.
            self.handleError(record)


def install() -> None:
    """Sends every record of level INFO and above to stderr as JSON, whoever logs it."""
    handler = ToStderr()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # It reports every step of a migration, also when there is nothing to do.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _clean(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float) else printable(without_secrets(str(value)))
