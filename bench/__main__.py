"""`python -m bench`: measures, prints the table, writes build/bench.json and build/bench.svg.

`ONLY=verify-gateway,me` measures these lines alone; `ROUNDS` and `SECONDS` say how often and how long each point
is called. Exit codes: 0 every gate passed, 1 a gate was missed or the run could not be made, 2 called wrongly.
"""

import os
import signal
import sys
from collections.abc import Sequence

from bench import load
from bench.faults import BenchFault
from bench.lines import LINES, SIZES, Line, Size
from bench.report import results, table, write_json, write_picture
from bench.rounds import run
from bench.servers import LOAD_CORE, ROOT
from bench.subjects import Subjects

LEAST_ROUNDS = 5
SECONDS = 3


def main() -> int:
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    # A stop from outside ends the servers, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        load.require_tools()
        chosen = _chosen(os.environ.get("ONLY", ""))
        rounds, seconds = _whole("ROUNDS", LEAST_ROUNDS), _whole("SECONDS", SECONDS)
        _leave_core_to_servers()
        with Subjects(folder) as subjects:
            found = run(subjects, chosen, rounds=rounds, seconds=seconds)
    except BenchFault as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    rows = results(found, chosen)
    write_json(ROOT / "build" / "bench.json", rows, found, rounds=rounds, seconds=seconds)
    write_picture(ROOT / "build" / "bench.svg", rows)
    sys.stdout.write(table(rows, found))
    missed = [row.what for row in rows if row.is_missed]
    sys.stdout.write(f"\n{len(missed)} gates missed\n" if missed else "\nNo gate missed\n")
    return 1 if missed else 0


def _chosen(only: str) -> Sequence[Line | Size]:
    known = {one.name: one for one in (*LINES, *SIZES)}
    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.stderr.write(f"There is no line {unknown[0]}. There are: {', '.join(known)}\n")
        sys.exit(2)
    return [one for name, one in known.items() if not names or name in names]


def _whole(name: str, default: int) -> int:
    text = os.environ.get(name, "") or str(default)
    if not text.isdecimal() or not int(text):
        sys.stderr.write(f"{name} is a whole number above 0.\n")
        sys.exit(2)
    return int(text)


def _leave_core_to_servers() -> None:
    if os.cpu_count() == 1:
        raise BenchFault("Measuring takes two cores: one serves, the other one calls.")
    # Inherited by whatever is started without a core of its own: PostgreSQL, the writer.
    os.sched_setaffinity(0, {int(LOAD_CORE)})


if __name__ == "__main__":
    sys.exit(main())
