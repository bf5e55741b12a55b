"""What thousands of sockets cost one `portal events`, how soon they hear of an event, how soon a revoke ends them."""

import asyncio
import random
import resource
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import update
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.lab import Lab
from bench.machine import on_core
from bench.outcome import Measured
from bench.processes import HOST, Broken, Process
from portal.accounts.models import Role, User
from portal.audit import OPERATOR, Action, record
from portal.clock import utc_now
from portal.database import Database
from portal.events.listeners import MOST_PER_TOKEN
from portal.tokens.models import Token
from portal.tokens.secret import digest_of

SOCKETS = 2_000
# As many secrets are known, so that nobody has more sockets than a token may have.
_TOKENS = 1_000
_PUSHES = 10
_REVOKES = 5
_AT_ONCE = 50
_PATIENCE_SECONDS = 60
_SPARE = 500
_ACCOUNT = 1

Happening = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run found: KB for each socket, then seconds of each round until the last one had heard or was closed."""

    sockets: int
    kilobytes: float
    pushes: Sequence[float]
    closes: Sequence[float]


def memory(lab: Lab) -> Measured:
    """KB of resident memory for each socket."""
    taken = _taken(lab)
    return Measured([taken.kilobytes], note=f"{taken.sockets:,} sockets, idle")


def push(lab: Lab) -> Measured:
    """Seconds from the commit of an event until the last of all sockets has it."""
    taken = _taken(lab)
    return Measured(taken.pushes, note=f"the last of {taken.sockets:,}; {_PUSHES} events")


def close(lab: Lab) -> Measured:
    """Seconds from the commit of a revoke until the last of its sockets is closed."""
    taken = _taken(lab)
    return Measured(taken.closes, note=f"the last of {taken.sockets // _REVOKES:,}; {_REVOKES} revokes")


def _taken(lab: Lab) -> Taken:
    return lab.once("event stream", lambda: measure(lab, sockets=SOCKETS))


def measure(lab: Lab, *, sockets: int) -> Taken:
    """Opens that many sockets to a `portal events` of its own, on SQLite, from the other core."""
    _allow_descriptors(sockets + _SPARE)
    seeded = lab.sqlite(_TOKENS)
    database = Database(seeded.url)
    # Only admins and owners hear of what others do.
    database.transaction(lambda session: session.execute(update(User).values(role=Role.ADMIN)))
    with lab.start_portal("events", seeded, "events", ready="/healthz") as process, on_core(lab.cores.load):
        taken = asyncio.run(_measure(process, database, seeded.known[: sockets // MOST_PER_TOKEN]))
    database.close()
    return taken


async def _measure(process: Process, database: Database, secrets: Sequence[str]) -> Taken:
    before = process.rss_mb()
    async with _crowd(process.port, secrets) as crowd:
        count = len(crowd.connections)
        # The garbage of all the handshakes is not what they cost from then on; it is counted all the same.
        kilobytes = (process.rss_mb() - before) * 1024 / count
        pushes = [await crowd.heard_after(partial(_happen, database)) for _ in range(_PUSHES)]
        each = len(secrets) // _REVOKES
        parts = [secrets[at * each : (at + 1) * each] for at in range(_REVOKES)]
        closes = [await crowd.closed_after(partial(_revoke, database, part)) for part in parts]
    return Taken(count, kilobytes, pushes, closes)


@dataclass
class _Crowd:
    """All sockets, and what is waited for."""

    connections: list[ClientConnection] = field(default_factory=list)
    heard: int = 0
    codes: list[int] = field(default_factory=list)

    async def hear(self, connection: ClientConnection) -> None:
        """Until it is closed."""
        try:
            async for _ in connection:
                self.heard += 1
        except ConnectionClosed as closed:
            self.codes.append(closed.rcvd.code if closed.rcvd else 1006)

    async def heard_after(self, happen: Happening) -> float:
        wanted = self.heard + len(self.connections)
        return await _seconds(happen, lambda: self.heard >= wanted)

    async def closed_after(self, happen: Happening) -> float:
        wanted = len(self.codes) + len(self.connections) // _REVOKES
        seconds = await _seconds(happen, lambda: len(self.codes) >= wanted)
        if set(self.codes) != {4401}:
            raise Broken(f"sockets were closed with {sorted(set(self.codes))}")
        return seconds


@asynccontextmanager
async def _crowd(port: int, secrets: Sequence[str]) -> AsyncIterator[_Crowd]:
    crowd, turns = _Crowd(), asyncio.Semaphore(_AT_ONCE)

    async def enter(secret: str) -> None:
        async with turns:
            connection = await connect(
                f"ws://{HOST}:{port}/ws/events?api_token={secret}",
                compression=None,
                proxy=None,
                ping_interval=None,
                open_timeout=_PATIENCE_SECONDS,
            )
            await asyncio.wait_for(connection.recv(), _PATIENCE_SECONDS)
            crowd.connections.append(connection)

    await asyncio.gather(*(enter(secret) for secret in secrets for _ in range(MOST_PER_TOKEN)))
    hearing = [asyncio.create_task(crowd.hear(connection)) for connection in crowd.connections]
    yield crowd
    for task in hearing:
        task.cancel()
    await asyncio.gather(*(connection.close() for connection in crowd.connections))


async def _seconds(happen: Happening, is_done: Callable[[], bool]) -> float:
    await asyncio.get_running_loop().run_in_executor(None, happen)
    began = time.monotonic()
    while not is_done():
        if time.monotonic() - began > _PATIENCE_SECONDS:
            raise Broken("the sockets did not hear of it")
        await asyncio.sleep(0.002)
    # A moment in which nothing is under way, so that rounds are alike.
    taken = time.monotonic() - began
    await asyncio.sleep(0.3 + random.random() / 5)
    return taken


def _happen(database: Database) -> None:
    database.transaction(
        lambda session: record(session, Action.USER_RENAMED, OPERATOR, account_id=_ACCOUNT, now=utc_now())
    )


def _revoke(database: Database, secrets: Sequence[str]) -> None:
    theirs = Token.digest.in_([digest_of(secret) for secret in secrets])
    database.transaction(lambda session: session.execute(update(Token).where(theirs).values(revoked_at=utc_now())))


def _allow_descriptors(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )
