"""Serves kept pages, as they were answered, to a browser; their files come from a portal in this process."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

from playwright.sync_api import Page
from werkzeug.serving import WSGIRequestHandler, make_server

from portal.app import Portal
from tests.proof.states import States

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/gallery/"


class QuietHandler(WSGIRequestHandler):
    """The portal logs its own requests."""

    def log_request(self, *_about: object) -> None:
        """Says nothing."""


@dataclass(frozen=True)
class Gallery:
    """Where each state can be opened."""

    url: str
    parts: dict[str, tuple[str, ...]]

    def show(self, screen: Page, name: str) -> None:
        """Opens that state, and waits until its scripts have started."""
        names = [one for part in self.parts.values() for one in part]
        screen.goto(f"{self.url}{PREFIX}{names.index(name)}")


@contextmanager
def opened(app: Portal, states: dict[str, States]) -> Iterator[Gallery]:
    """The gallery of those states, on a port of its own, while the block lasts."""
    pages = [page.response for part in states.values() for page in part.values()]

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(PREFIX):
            return app(environ, start_response)
        page = pages[int(path.removeprefix(PREFIX))]
        # Whoever looks at a kept page is nobody.
        start_response(page.status, [(name, value) for name, value in page.headers if name != "Set-Cookie"])
        return [page.data]

    server = make_server("127.0.0.1", 0, answer, threaded=True, request_handler=QuietHandler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Gallery(f"http://localhost:{server.server_port}", {part: tuple(found) for part, found in states.items()})
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
