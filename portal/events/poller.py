"""Asks over and over what is new, sends it, and closes the sockets of tokens that died.

One question for all listeners, several times a second; nothing is kept for those who read slowly but their place in
the log. Whoever cannot be checked for long is closed: what was said of revoking holds here as well.
"""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial

from portal.errors import DatabaseUnavailable
from portal.events.closing import Closing, Code, closing_for
from portal.events.listeners import Listeners
from portal.events.reading import Batch, Found, Place, Reading, why_dead
from portal.logs import OnceAMinute

LOG = logging.getLogger(__name__)

POLL_SECONDS = 0.2
# How often all tokens are looked at, whether there is something new for them or not.
SWEEP_SECONDS = 0.5
# How long a listener may take nothing.
SLOW_SECONDS = 10.0
# How long a socket stays open while nobody can know whether its token is alive; nothing is sent meanwhile.
UNCHECKED_SECONDS = 30.0
# What was read longer ago says too little about today; the next read finds it again.
STALE_SECONDS = 5.0
# How many are sent to before others have their turn.
_AT_ONCE = 200


class Poller:
    """The one poller of a process."""

    def __init__(self, reading: Reading, listeners: Listeners, executor: Executor) -> None:
        self._reading = reading
        self._listeners = listeners
        self._executor = executor
        self._swept_at = 0.0
        self._said = OnceAMinute()

    async def run(self) -> None:
        """Until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            has_more = await self._turn_or_fault()
            took = loop.time() - began
            # With very many listeners a read takes long; the database is left as much time for others.
            await asyncio.sleep(0 if has_more else max(POLL_SECONDS - took, min(took, POLL_SECONDS)))

    async def watch(self) -> None:
        """Closes those who read too slowly, and those who could not be checked, until it is cancelled.

        Apart from the turns, which wait for the database.
        """
        while True:
            await asyncio.sleep(POLL_SECONDS)
            now = asyncio.get_running_loop().time()
            for listener in self._listeners:
                if listener.full_since is not None and now - listener.full_since > SLOW_SECONDS:
                    self._listeners.close(listener, Closing(Code.SLOW_READER, "slow_reader"))
                elif now - listener.checked_at > UNCHECKED_SECONDS:
                    self._listeners.close(listener, Closing(Code.CANNOT_KNOW, "unavailable"))

    async def _turn_or_fault(self) -> bool:
        try:
            return await self._turn()
        except DatabaseUnavailable:
            self._say("events wait, the database is away")
        except Exception:
            # Nothing may stop the turns; whoever cannot be checked because of it is closed in time.
            if self._said.is_due("fault"):
                LOG.exception("events not read")
        return False

    def _say(self, what: str) -> None:
        if self._said.is_due(what):
            LOG.warning(what, extra={"listeners": len(self._listeners)})

    async def _turn(self) -> bool:
        """One read and what follows from it; whether more is waiting."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        places = [listener.place(now) for listener in self._listeners]
        asks_all = now - self._swept_at >= SWEEP_SECONDS
        if not places:
            return False
        found = await loop.run_in_executor(self._executor, partial(self._reading.read, places, asks_all=asks_all))
        if asks_all:
            self._swept_at = now
        self._check(places, found, now)
        if loop.time() - now > STALE_SECONDS:
            self._say("events wait, the database is slow")
            return False
        await self._push(found.batches)
        return found.has_more

    def _check(self, places: Sequence[Place], found: Found, now: float) -> None:
        for place in places:
            listener = self._listeners.get(place.listener)
            if listener is None or place.token_id not in found.asked:
                continue
            refused = why_dead(found.standing.get(place.token_id))
            listener.checked_at = now
            if refused is not None:
                self._listeners.close(listener, closing_for(refused))

    async def _push(self, batches: Sequence[Batch]) -> None:
        for batch in batches:
            for done, number in enumerate(batch.listeners, start=1):
                listener = self._listeners.get(number)
                if listener is not None:
                    listener.push(batch.wire, count=batch.events, after_id=batch.after_id)
                if done % _AT_ONCE == 0:
                    await asyncio.sleep(0)
