"""Lines for whoever reads our logs, who must never hold up an answer.

A reader that is stuck, or a disk that is full, costs lines: they are dropped and counted, and when there is room again
the number is told.
"""

import os
import select
import threading
from contextlib import suppress

import orjson

from portal.clock import utc_now

# A pipe that is ready takes this much at once, whatever else waits in it.
_AT_ONCE = select.PIPE_BUF


class Lines:
    """One of the streams of this process, by its descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.unlock()
        self._dropped = 0
        self._is_torn = False

    def unlock(self) -> None:
        """A new lock. A process that was just forked needs one: whoever held the old one is not there."""
        # Reentrant: what handles a signal may log in the very thread that is at it.
        self._lock = threading.RLock()

    def write(self, line: bytes) -> None:
        """Writes a line of JSON, whose end is added, or drops it. Never waits for the reader, and raises nothing."""
        with self._lock:
            if self._dropped and self._is_taken(self._told()):
                self._dropped = 0
            if not self._is_taken(line):
                self._dropped += 1

    def _told(self) -> bytes:
        told = {"at": utc_now(), "level": "warning", "event": "log lines dropped", "dropped": self._dropped}
        return orjson.dumps(told, option=orjson.OPT_UTC_Z)

    def _is_taken(self, line: bytes) -> bool:
        rest = whole = (b"\n" if self._is_torn else b"") + line + b"\n"
        with suppress(OSError):
            while rest and select.select((), (self._descriptor,), (), 0)[1]:
                rest = rest[os.write(self._descriptor, rest[:_AT_ONCE]) :]
        if rest != whole:
            # Only one that is longer than what is taken at once can be.
            self._is_torn = bool(rest)
        return not rest


STDOUT, STDERR = Lines(1), Lines(2)
for _one in (STDOUT, STDERR):
    os.register_at_fork(after_in_child=_one.unlock)
