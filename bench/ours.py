"""The portal as contestants: `/verify`, `/api/v1/me` and the token list, as served to users."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from io import StringIO

from bench.lab import Lab
from bench.load import Contestant
from bench.machine import ROOT
from bench.processes import Process
from bench.seeding import Seeded

Beside = Callable[[], AbstractContextManager[object]]

MILLION = 1_000_000
WRITES_PER_SECOND = 200
# With fewer, what was measured is not quite what the line says.
_ENOUGH = 0.9


def verify_sqlite(lab: Lab) -> Contestant:
    return _verify("gateway-sqlite", lab, lab.sqlite(), "sqlite")


def verify_postgres(lab: Lab) -> Contestant:
    return _verify("gateway-postgresql", lab, lab.postgres(), "postgresql")


def verify_ten(lab: Lab) -> Contestant:
    return _verify("gateway-ten", lab, lab.sqlite(10), "ten", what="10 tokens")


def verify_million(lab: Lab) -> Contestant:
    return _verify("gateway-million", lab, lab.sqlite(MILLION), "million", what="1,000,000 tokens")


def verify_two_workers(lab: Lab) -> Contestant:
    return _verify("gateway-two", lab, lab.sqlite(), "sqlite", workers=2, what="2 workers, both cores")


def verify_with_writes(lab: Lab) -> Contestant:
    beside = partial(_writes, lab, lab.sqlite().path)
    return _verify("gateway-writes", lab, lab.sqlite(), "sqlite", what="200 writes a second beside", beside=beside)


def verify_on_web(lab: Lab) -> Contestant:
    seeded = lab.sqlite()
    what = "/verify on the web server, SQLite"
    return Contestant("web-verify", what, lab.web(seeded, "sqlite"), "/verify", 204, seeded.headers())


def me_sqlite(lab: Lab) -> Contestant:
    return _me("me-sqlite", lab, lab.sqlite(), "sqlite")


def me_postgres(lab: Lab) -> Contestant:
    return _me("me-postgresql", lab, lab.postgres(), "postgresql")


def me_two_workers(lab: Lab) -> Contestant:
    return _me("me-two", lab, lab.sqlite(), "sqlite", workers=2)


def token_list(lab: Lab) -> Contestant:
    web = lab.web(lab.sqlite(), "sqlite")
    what = "token list page, 100 tokens"
    return Contestant("token-list", what, web, "/settings/tokens", 200, (lab.cookie(web),), stretch=3)


def _verify(
    name: str, lab: Lab, seeded: Seeded, kind: str, *, workers: int = 1, what: str = "", beside: Beside = nullcontext
) -> Contestant:
    process = lab.gateway(seeded, kind, workers=workers)
    return Contestant(name, f"/verify, {what or kind}", process, "/verify", 204, seeded.headers(), beside)


def _me(name: str, lab: Lab, seeded: Seeded, kind: str, *, workers: int = 1) -> Contestant:
    process: Process = lab.web(seeded, kind, workers=workers)
    what = f"/api/v1/me, {kind}" + (f", {workers} workers, both cores" if workers > 1 else "")
    return Contestant(name, what, process, "/api/v1/me", 200, seeded.headers())


@contextmanager
def _writes(lab: Lab, path: str) -> Iterator[None]:
    """Somebody else's process writes to the database meanwhile, from the core of the load."""
    core, rate = str(lab.cores.load), str(WRITES_PER_SECOND)
    command = ["taskset", "-c", core, sys.executable, "-m", "bench.writer", path, rate]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as writer:
        said = writer.stdout or StringIO()
        try:
            # It says so when it has begun.
            said.readline()
            yield
        finally:
            writer.send_signal(signal.SIGTERM)
        reached = said.read().strip() or "0"
    if int(reached) < WRITES_PER_SECOND * _ENOUGH:
        lab.remarks.append(f"writes: in one round {reached} instead of {rate} writes a second were made.")
