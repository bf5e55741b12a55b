"""A foreign process that writes to a SQLite database: `python -m bench.writer PATH RATE`, until SIGTERM.

Each write is a transaction of its own, flushed to the disk as those of the portal are. Says "writing" at its
start, and at its end how many it made a second.
"""

import signal
import sqlite3
import sys
import time
from types import FrameType

_CHANGE = "UPDATE tokens SET last_used_from = ? WHERE id = ?"


class Stop(Exception):
    """SIGTERM came."""


def write(path: str, rate: int) -> float:
    """Writes until stopped, never faster than `rate` a second; the rate that was reached."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    connection.execute("PRAGMA synchronous = FULL")
    (last,) = connection.execute("SELECT max(id) FROM tokens").fetchone()
    sys.stdout.write("writing\n")
    sys.stdout.flush()
    started, made = time.monotonic(), 0
    try:
        while True:
            time.sleep(max(0.0, started + made / rate - time.monotonic()))
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_CHANGE, ("192.0.2.1", made % last + 1))
            connection.execute("COMMIT")
            made += 1
    except Stop:
        return made / (time.monotonic() - started)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stop


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    sys.stdout.write(f"{write(sys.argv[1], int(sys.argv[2])):.0f}\n")
