"""Somebody else's writes while calls are measured: 200 new tokens a second, each in a transaction of its own.

`python -m bench.writer DATABASE` writes until it gets SIGTERM, then says how many it wrote in how many seconds.
"""

import signal
import sqlite3
import sys
import threading
import time
from contextlib import closing

from bench.tables import INSERT, token_rows

PER_SECOND = 200
AT_ONCE = 1_000


def main() -> None:
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    with closing(sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5)) as connection:
        # As the portal writes: what is answered survives a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        started, written = time.perf_counter(), _write(connection, stopping)
        sys.stdout.write(f"{written} {time.perf_counter() - started}\n")


def _write(connection: sqlite3.Connection, stopping: threading.Event) -> int:
    started, written, rows = time.perf_counter(), 0, iter(())
    while not stopping.wait(max(0.0, started + written / PER_SECOND - time.perf_counter())):
        row = next(rows, None)
        if row is None:
            rows = token_rows(AT_ONCE)
            continue
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(INSERT, row)
        connection.execute("COMMIT")
        written += 1
    return written


if __name__ == "__main__":
    main()
