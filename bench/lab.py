"""What one run holds: a folder, databases and servers, each made when the first line asks for it, all ended with it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from bench.client import Client
from bench.load import Contestant, Shot, shoot
from bench.machine import OURS, Cores
from bench.processes import Process, free_port, running, status_of
from bench.seeding import ALICE, PASSWORD, Seeded, postgres, seed
from portal.written import LIMIT_DEFAULTS

Made = TypeVar("Made")

TOKENS = 10_000
# So that nothing is refused for being asked often.
_NO_LIMITS = ",".join(f"{name}=0" for name in LIMIT_DEFAULTS)


@dataclass
class Lab:
    """One run of the bench; `held` ends all that was made."""

    folder: Path
    cores: Cores
    held: ExitStack
    # What happened on the way and makes a figure doubtful, a sentence each.
    remarks: list[str] = field(default_factory=list)
    _made: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What `make` returned when it was first asked for under `name`."""
        if name not in self._made:
            self._made[name] = make()
        found: Made = self._made[name]
        return found

    def open(self, name: str, make: Callable[[], AbstractContextManager[Made]]) -> Made:
        """As `once`, for what must be closed at the end of the run."""
        return self.once(name, lambda: self.held.enter_context(make()))

    def sqlite(self, tokens: int = TOKENS) -> Seeded:
        """A SQLite database with that many tokens."""
        path = self.folder / f"{tokens}-tokens.db"
        return self.once(path.name, lambda: seed(f"sqlite:///{path}", tokens=tokens))

    def postgres(self) -> Seeded:
        """A PostgreSQL database, whose server may use both cores, as one on another machine would."""
        return self.once(
            "postgresql", lambda: seed(self.open("postgres", lambda: postgres(self.folder)), tokens=TOKENS)
        )

    def start(
        self,
        name: str,
        command: Callable[[int], Sequence[str]],
        *,
        ready: Callable[[int], bool],
        environment: Mapping[str, str] | None = None,
        cores: Sequence[int] | None = None,
    ) -> AbstractContextManager[Process]:
        """A server of that name, running within the block; `command` is given the port."""
        port = free_port()
        return running(
            name,
            command(port),
            port=port,
            folder=self.folder,
            cores=cores or [self.cores.server],
            ready=ready,
            environment=environment,
        )

    def server(
        self,
        name: str,
        command: Callable[[int], Sequence[str]],
        *,
        ready: Callable[[int], bool],
        environment: Mapping[str, str] | None = None,
    ) -> Process:
        """The server of that name, running until the end of the run."""
        return self.open(f"server {name}", lambda: self.start(name, command, ready=ready, environment=environment))

    def start_portal(
        self, name: str, seeded: Seeded, *command: str, ready: str, cores: Sequence[int] | None = None
    ) -> AbstractContextManager[Process]:
        """A `portal …` process on that database, in an instance folder of its own, without limits."""
        settings = {
            "PORTAL_DATABASE_URL": seeded.url,
            "PORTAL_INSTANCE_DIR": str(self.folder / f"instance-{name}"),
            "PORTAL_SECRET_KEY": "only-for-the-bench-0123456789-abcdefghijklmnop",
            "PORTAL_LIMITS": _NO_LIMITS,
            # Everybody has a hundred already.
            "PORTAL_TOKENS_PER_USER": "1000",
        }
        return self.start(
            name,
            lambda port: [str(OURS / "portal"), *command, "--port", str(port)],
            ready=lambda port: status_of(port, ready) == 200,
            environment=settings,
            cores=cores,
        )

    def web(self, seeded: Seeded, kind: str, *, workers: int = 1) -> Process:
        """`portal run --only web` on that database."""
        return self._portal(f"web-{kind}-{workers}", seeded, "run", "--only", "web", workers=workers)

    def gateway(self, seeded: Seeded, kind: str, *, workers: int = 1) -> Process:
        """`portal gateway` on that database."""
        return self._portal(f"gateway-{kind}-{workers}", seeded, "gateway", workers=workers)

    def _portal(self, name: str, seeded: Seeded, *command: str, workers: int) -> Process:
        cores = [self.cores.server] if workers == 1 else [self.cores.server, self.cores.load]
        words = (*command, "--workers", str(workers))
        return self.open(
            f"server {name}", lambda: self.start_portal(name, seeded, *words, ready="/healthz", cores=cores)
        )

    def cookie(self, process: Process) -> str:
        """The header by which Alice is known to `process`, signed in by the real page."""

        def sign_in() -> str:
            client = Client(process.port)
            client.sign_in(ALICE, PASSWORD)
            client.close()
            return f"Cookie: {client.cookie_header}"

        return self.once(f"cookie {process.name}", sign_in)

    def contestant(self, make: Callable[["Lab"], Contestant]) -> Contestant:
        """The contestant that `make` gives, its server running."""
        return self.once(f"contestant {make.__module__}.{make.__name__}", lambda: make(self))

    def shoot(self, contestant: Contestant, *, seconds: int) -> Shot:
        """Load on one contestant, from the other core."""
        return shoot(contestant, seconds=seconds, core=self.cores.load, folder=self.folder)
