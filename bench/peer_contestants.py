"""The peers as contestants, with as many tokens on SQLite; the Python ones on granian, as `portal gateway` is."""

import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.floors import GRANIAN
from bench.lab import TOKENS, Lab
from bench.load import Contestant
from bench.machine import PEERS, ROOT, require
from bench.processes import HOST, Process, bare_environment, status_of
from bench.seeding import MOST_KNOWN

_NODE = ROOT / "bench" / "peers" / "node"


def node(lab: Lab) -> Contestant:
    database = lab.folder / "node.db"
    _install_node_peer()
    serve = [require("node"), str(_NODE / "server.js")]
    lab.once("node tokens", lambda: _seed(lab, [*serve, "0", str(database), str(TOKENS)], database))
    process = lab.server(
        "peer-node", lambda port: [*serve, str(port), str(database)], ready=lambda port: status_of(port, "/") == 401
    )
    return Contestant("node", "node:http + better-sqlite3", process, "/", 204, _headers(lab, "Bearer"))


def naive(lab: Lab) -> Contestant:
    process = _python_peer(lab, "naive", ready="/check")
    return Contestant("naive", "Flask-HTTPAuth + ORM", process, "/check", 204, _headers(lab, "Bearer"))


def drf(lab: Lab) -> Contestant:
    process = _python_peer(lab, "django_site", ready="/drf")
    return Contestant("drf", "DRF TokenAuthentication", process, "/drf", 204, _headers(lab, "Token"))


def knox(lab: Lab) -> Contestant:
    process = _python_peer(lab, "django_site", ready="/knox")
    return Contestant("knox", "django-rest-knox", process, "/knox", 204, _headers(lab, "Token"))


def _python_peer(lab: Lab, module: str, *, ready: str) -> Process:
    database = lab.folder / f"{module}.db"
    fill = [str(PEERS / "python"), "-m", "bench.peers.seed", module, str(TOKENS)]
    lab.once(f"{module} tokens", lambda: _seed(lab, fill, database))
    return lab.server(
        f"peer-{module}",
        lambda port: [*GRANIAN, f"--host={HOST}", f"--port={port}", f"bench.peers.{module}:app"],
        ready=lambda port: status_of(port, ready) == 401,
        environment={"BENCH_DATABASE": str(database)},
    )


def _known(lab: Lab) -> tuple[str, ...]:
    # 40 hex digits, which is the longest that REST framework's own table takes.
    return lab.once("peer secrets", lambda: tuple(secrets.token_hex(20) for _ in range(MOST_KNOWN)))


def _headers(lab: Lab, scheme: str) -> tuple[str, ...]:
    return tuple(f"Authorization: {scheme} {secret}" for secret in sorted(_known(lab)))


def _seed(lab: Lab, command: Sequence[str], database: Path) -> None:
    subprocess.run(
        command,
        cwd=ROOT,
        env={**bare_environment(), "BENCH_DATABASE": str(database)},
        input="\n".join(_known(lab)),
        text=True,
        check=True,
    )


def _install_node_peer() -> None:
    # npm writes this file last, so an installation that was cut short is made again.
    if (_NODE / "node_modules" / ".package-lock.json").exists():
        return
    require("node")
    sys.stderr.write("Installing what bench/peers/node/package-lock.json says ...\n")
    subprocess.run([require("npm"), "ci", "--silent"], cwd=_NODE, check=True)
