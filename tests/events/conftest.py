"""An event stream in a thread of the test, and people who listen to it."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from portal.database import Database
from portal.events_server import EventServer
from portal.server import listen
from portal.settings import Settings
from tests.builders import make_token
from tests.cast import Cast
from tests.events.listening import Stream


@contextmanager
def streaming(settings: Settings) -> Iterator[Stream]:
    """The event stream on a port of its own until the block is left."""
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        server = EventServer(settings, listener, greet=lambda: None)
        with _served(server) as stop:
            yield Stream(port, stop, server.listeners)


@contextmanager
def _served(server: EventServer) -> Iterator[Callable[[], None]]:
    started, parts = threading.Event(), {}

    async def serve() -> None:
        parts["loop"], parts["stopping"] = asyncio.get_running_loop(), asyncio.Event()
        started.set()
        await server.serve(parts["stopping"])

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    started.wait()

    def stop() -> None:
        if thread.is_alive():
            parts["loop"].call_soon_threadsafe(parts["stopping"].set)
        thread.join(timeout=30)
        assert not thread.is_alive()

    try:
        yield stop
    finally:
        stop()
        server.close()


@pytest.fixture
def stream(settings: Settings) -> Iterator[Stream]:
    with streaming(settings) as running:
        yield running


@pytest.fixture
def alices(database: Database, cast: Cast) -> str:
    """The secret of a token of Alice's with full access."""
    return make_token(database, cast.alice)[1]


@pytest.fixture
def bobs(database: Database, cast: Cast) -> str:
    """The secret of a token of Bob's with full access."""
    return make_token(database, cast.bob)[1]
