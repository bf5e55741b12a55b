"""The machine that is measured on: its two cores, the tools it must have, and what a reader has to know about it."""

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OURS = ROOT / ".venv" / "bin"
PEERS = ROOT / ".venv-bench" / "bin"

# Packages of Debian and Ubuntu.
_PACKAGES = {"wrk": "wrk", "taskset": "util-linux", "node": "nodejs", "npm": "npm", "nginx": "nginx-light"}
_PINNED = ("granian", "gunicorn", "flask", "sqlalchemy", "django", "djangorestframework", "django-rest-knox")
# More work than this beside the bench moves the figures.
_QUIET = 0.5


class Missing(Exception):
    """The machine lacks something; the text says how to install it."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Where servers run, and where the load is made; the same one on a machine that has no second."""

    server: int
    load: int


def find_cores() -> Cores:
    """The first two cores that this process may use."""
    allowed = sorted(os.sched_getaffinity(0))
    return Cores(allowed[0], allowed[min(1, len(allowed) - 1)])


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """This thread, and what it starts, stays on `core` within the block."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def has(tool: str) -> bool:
    """Whether `tool` is installed; Debian keeps some outside of a person's search path."""
    return find(tool) is not None


def find(tool: str) -> str | None:
    """Where `tool` is installed, if anywhere."""
    return shutil.which(tool, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def require(tool: str) -> str:
    """Where `tool` is installed. Raises `Missing`."""
    found = find(tool)
    if found is None:
        raise Missing(f"{tool} is missing. Install it: apt-get install {_PACKAGES[tool]}")
    return found


def warnings() -> list[str]:
    """What makes this run's figures doubtful, a sentence each."""
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    said = []
    if cores < 2:
        said.append("There is one core only: servers and load take it from each other.")
    if load > _QUIET:
        said.append(f"The machine is busy (load {load:.1f}): these figures prove little.")
    return said


def described() -> dict[str, object]:
    """What a figure depends on: processor, cores, versions, and which state of the code it was."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
        "commit": _said(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]),
        "versions": {**_locked(), "node": _said(["node", "--version"]), "wrk": _said(["wrk", "-v"]).split(" [")[0]},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _locked() -> dict[str, str]:
    text = (ROOT / "requirements-bench.lock").read_text()
    found = dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", text, re.MULTILINE))
    return {name: found[name] for name in _PINNED if name in found}


def _said(command: list[str]) -> str:
    if not has(command[0]):
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return done.stdout.strip().partition("\n")[0]
