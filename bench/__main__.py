"""The commands: `python -m bench run`, `table FILE` and `soak`; the first and the last by `make`.

Exit codes: 0 every gate held, 1 a gate missed or the bench could not run, 2 called in a wrong way, 130 Ctrl-C.
"""

import atexit
import shutil
import signal
import sys
import tempfile
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from bench import machine, outcome, report, soak
from bench.check_profile import profile
from bench.lab import Lab
from bench.lines import FIGURES, NAMES, PROFILE, RATIOS, Figure
from bench.machine import ROOT, Missing
from bench.outcome import Outcome, Results
from bench.picture import draw
from bench.processes import Broken
from bench.rounds import Race

BUILD = ROOT / "build"
_STOPPING = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Runs one command and returns its exit code."""
    for number in _STOPPING:
        signal.signal(number, _interrupt)
    options = _parser().parse_args()
    try:
        ended: int = options.command(options)
    except (Missing, Broken, OSError) as error:
        _say(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        _say("Stopped; what was started has been ended.\n")
        return 130
    return ended


def _run(options: Namespace) -> int:
    _require_tools()
    wanted = options.only or NAMES
    about: dict[str, Any] = {
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "rounds": options.rounds,
        "seconds": options.seconds,
        "machine": machine.described(),
        "warnings": machine.warnings(),
    }
    for warning in machine.warnings():
        _say(f"Warning: {warning}\n")
    with ExitStack() as held:
        results = _measure(_lab(held), wanted, options, about)
    # A few lines must not replace what a whole run found.
    _keep(results, "bench-part" if options.only else "bench")
    sys.stdout.write(report.terminal(results))
    return 1 if results.missed or results.unmeasured else 0


def _measure(lab: Lab, wanted: Sequence[str], options: Namespace, about: dict[str, Any]) -> Results:
    ratios = [line for line in RATIOS if line.name in wanted]
    race = Race(lab, ratios)
    race.run(rounds=options.rounds, seconds=options.seconds)
    outcomes: list[Outcome] = []
    unmeasured: dict[str, str] = {}
    works = {line.name: partial(race.outcome, line) for line in ratios}
    works |= {line.name: partial(_measured, lab, line) for line in FIGURES if line.name in wanted}
    for name, work in works.items():
        try:
            outcomes.append(work())
        except (Broken, Missing, OSError) as error:
            unmeasured[name] = str(error)
    about["warnings"] += lab.remarks
    profiles = profile(lab) if PROFILE in wanted else {}
    return Results(about, outcomes, race.contestants(), profiles, unmeasured)


def _measured(lab: Lab, line: Figure) -> Outcome:
    _say(f"measuring {line.name}\n")
    measured = line.measure(lab)
    return Outcome(line.name, line.what, line.unit, tuple(measured.values), line.goal, line.gate, measured.note)


def _keep(results: Results, name: str) -> None:
    results.write(BUILD / f"{name}.json")
    (BUILD / f"{name}.svg").write_text(draw(results))
    _say(f"Written: build/{name}.json and build/{name}.svg\n\n")


def _table(options: Namespace) -> int:
    sys.stdout.write(report.markdown(outcome.read(options.file)))
    return 0


def _soak(options: Namespace) -> int:
    _require_tools()
    with ExitStack() as held:
        return soak.soak(_lab(held), minutes=options.minutes)


def _lab(held: ExitStack) -> Lab:
    folder = Path(tempfile.mkdtemp(prefix="portal-bench-"))
    # At the very end, after what PostgreSQL's wheel does there: it leaves a lock file otherwise.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Lab(folder, machine.find_cores(), held)


def _require_tools() -> None:
    for tool in ("wrk", "taskset"):
        machine.require(tool)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # Once: what was started is being ended, and a second signal must not cut that short.
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m bench", description="How fast the portal is, against floors and peers.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="measure, and fail when a gate is missed")
    run.add_argument("--only", type=_names, help=f"a comma list of: {', '.join(NAMES)}")
    run.add_argument("--rounds", type=_whole(1, 100), default=7)
    run.add_argument("--seconds", type=_whole(1, 60), default=2, help="how long each one is asked in each round")
    run.set_defaults(command=_run)
    table = commands.add_parser("table", help="print what a run kept, as Markdown")
    table.add_argument("file", type=Path)
    table.set_defaults(command=_table)
    long = commands.add_parser("soak", help="mixed load for minutes; memory and latency must stay flat")
    long.add_argument("--minutes", type=_whole(1, 600), default=10)
    long.set_defaults(command=_soak)
    return parser


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        raise ArgumentTypeError(f"there is no line {unknown[0]}; there are {', '.join(NAMES)}")
    return names


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if text.isascii() and text.isdecimal() and least <= int(text) <= most:
            return int(text)
        raise ArgumentTypeError(f"write a whole number from {least} to {most}")

    return parse


if __name__ == "__main__":
    sys.exit(main())
