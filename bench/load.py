"""Calls a server for a while with wrk: 16 connections that stay open, on the core that serves nobody."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.faults import BenchFault
from bench.servers import LOAD_CORE

CONNECTIONS = "16"
_SCRIPT = Path(__file__).with_name("calls.lua")


@dataclass(frozen=True)
class Measured:
    """What one go of wrk brought."""

    calls: int
    per_second: float
    p50_ms: float
    p99_ms: float


def require_tools() -> None:
    """Raises `BenchFault` with what to install when wrk or taskset is missing."""
    for tool, package in (("wrk", "wrk"), ("taskset", "util-linux")):
        if shutil.which(tool) is None:
            raise BenchFault(f"{tool} is missing. Install it: apt-get install -y --no-install-recommends {package}")


def call(port: int, path: str, headers: Path, *, seconds: int, name: str) -> Measured:
    """Calls `path` with the header lines of a file in turn. Raises `BenchFault` when a single call fails."""
    command = [
        "taskset", "-c", LOAD_CORE, "wrk", "--threads", "1", "--connections", CONNECTIONS, "--duration", f"{seconds}s",
        "--timeout", "10s", "--script", str(_SCRIPT), f"http://127.0.0.1:{port}", "--", path, str(headers),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise BenchFault(f"wrk failed at {name}: {(done.stderr or done.stdout).strip()[-400:]}")
    found = json.loads(line.removeprefix("RESULT "))
    if found["refused"] or found["broken"] or found["timeouts"]:
        raise BenchFault(f"Calls of {name} failed, so their speed means nothing: {line}")
    per_second = found["calls"] / found["microseconds"] * 1_000_000
    return Measured(found["calls"], per_second, found["p50_us"] / 1000, found["p99_us"] / 1000)
