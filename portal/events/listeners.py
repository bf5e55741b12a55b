"""Who listens right now. Lives in the event loop alone, so nothing here is locked."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from itertools import count

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from portal.events.closing import Closing, Code
from portal.events.door import Entry
from portal.events.reading import Place

MOST_PER_TOKEN = 10
# How long a socket may take to be closed in order; then it is cut.
CLOSE_SECONDS = 5.0
# What may wait in our memory for one who reads slowly, before no more is put there.
LARGEST_BACKLOG = 32 * 1024


class Listener:
    """One socket that was let in. `after_id` is its place in the log of its account; `checked_at` is by the clock of
    the loop, as is `full_since`, None for one that keeps up."""

    __slots__ = ("account_id", "after_id", "checked_at", "connection", "full_since", "number", "sent", "token_id")

    def __init__(self, number: int, connection: ServerConnection, entry: Entry, *, now: float) -> None:
        self.number = number
        self.connection = connection
        self.token_id, self.account_id, self.after_id = entry
        self.checked_at = now
        self.full_since: float | None = None
        self.sent = 0

    def place(self, now: float) -> Place:
        """Where it stands; on the way it is noted since when it takes no more."""
        takes_more = self.connection.transport.get_write_buffer_size() <= LARGEST_BACKLOG
        if takes_more:
            self.full_since = None
        elif self.full_since is None:
            self.full_since = now
        return Place(self.number, self.token_id, self.account_id, self.after_id, takes_more)

    def send(self, wire: bytes) -> None:
        """Sends whole frames. Not by the connection's own `send`, which would pack the same frames for everybody anew,
        and wait for the slow."""
        if self.connection.state is State.OPEN:
            self.connection.transport.write(wire)

    def push(self, wire: bytes, *, count: int, after_id: int) -> None:
        """Sends that many events, and moves on to the place behind them."""
        self.after_id = after_id
        if count:
            self.sent += count
            self.send(wire)


class Listeners:
    """All of them, by number; closing is begun at once and goes on beside whatever else is done."""

    def __init__(self) -> None:
        self._by_number: dict[int, Listener] = {}
        self._of_token: Counter[int] = Counter()
        self._numbers = count(1)
        self._closing: set[asyncio.Task[None]] = set()

    def __iter__(self) -> Iterator[Listener]:
        return iter(list(self._by_number.values()))

    def __len__(self) -> int:
        return len(self._by_number)

    def get(self, number: int) -> Listener | None:
        """The listener of that number, unless it has left."""
        return self._by_number.get(number)

    def add(self, connection: ServerConnection, entry: Entry, *, now: float) -> Listener:
        """Raises `Closing` when there are enough of that token."""
        if self._of_token[entry.token_id] >= MOST_PER_TOKEN:
            raise Closing(Code.TOO_MANY, "too_many_sockets")
        listener = Listener(next(self._numbers), connection, entry, now=now)
        self._by_number[listener.number] = listener
        self._of_token[listener.token_id] += 1
        return listener

    def remove(self, listener: Listener) -> None:
        """It is sent nothing more. May be called again."""
        if self._by_number.pop(listener.number, None) is None:
            return
        self._of_token[listener.token_id] -= 1
        if not self._of_token[listener.token_id]:
            del self._of_token[listener.token_id]

    def close(self, listener: Listener, closing: Closing) -> None:
        """Removes it, and tells it why."""
        self.remove(listener)
        task = asyncio.get_running_loop().create_task(close(listener.connection, closing))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def close(connection: ServerConnection, closing: Closing) -> None:
    """Closes with that code; cuts the line of one that does not answer, or does not even read."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await connection.close(closing.code, closing.reason)
    except TimeoutError:
        connection.transport.abort()
