"""The callers of the soak: threads that each ask one kind of call, and note how long it took."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import count, cycle
from statistics import median, quantiles

from bench.client import Client
from bench.lab import Lab

# Tokens are made and revoked about this often, with this pause between.
_WRITE_PAUSE_SECONDS = 0.1

Call = Callable[[], None]


class WrongAnswer(Exception):
    """The portal answered with another status than it should."""


@dataclass
class Asker:
    """One kind of call, its latencies since the last sample, and those of each sample."""

    name: str
    call: Call
    stopping: threading.Event
    pause_seconds: float = 0.0
    calls: int = 0
    fault: str = ""
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    _lately: list[float] = field(default_factory=list)

    def run(self) -> None:
        """Asks until stopped. The first fault ends all of them."""
        try:
            while not self.stopping.is_set():
                started = time.perf_counter()
                self.call()
                self._lately.append((time.perf_counter() - started) * 1000)
                if self.pause_seconds:
                    time.sleep(self.pause_seconds)
        except (OSError, HTTPException, WrongAnswer) as error:
            self.fault = str(error) or type(error).__name__
            self.stopping.set()

    def sample(self) -> None:
        """Ends one stretch: its median and its 99th percentile."""
        taken, self._lately = self._lately, []
        self.calls += len(taken)
        if len(taken) > 1:
            self.p50_ms.append(median(taken))
            self.p99_ms.append(quantiles(taken, n=100)[-1])


@contextmanager
def asking(lab: Lab) -> Iterator[list[Asker]]:
    """Asks from a thread for each kind of call until the block is left."""
    askers = _askers(lab)
    threads = [threading.Thread(target=asker.run, name=asker.name) for asker in askers]
    for thread in threads:
        thread.start()
    try:
        yield askers
    finally:
        askers[0].stopping.set()
        for thread in threads:
            thread.join()


def _askers(lab: Lab) -> list[Asker]:
    stopping = threading.Event()
    web = lab.web(lab.sqlite(), "sqlite")
    gateway = lab.gateway(lab.sqlite(), "sqlite")
    secrets = lab.sqlite().known
    cookie = lab.cookie(web).partition(": ")[2]
    return [
        Asker("verify", _get(gateway.port, "/verify", secrets, 204), stopping),
        Asker("verify on web", _get(web.port, "/verify", secrets, 204), stopping),
        Asker("me", _get(web.port, "/api/v1/me", secrets, 200), stopping),
        Asker("token list", _get_page(web.port, "/settings/tokens", cookie), stopping),
        Asker("make and revoke", _make_and_revoke(web.port, secrets[-1]), stopping, _WRITE_PAUSE_SECONDS),
    ]


def _get(port: int, path: str, secrets: tuple[str, ...], expected: int) -> Call:
    client, turns = Client(port), cycle(secrets)

    def call() -> None:
        status = client.get(path, {"Authorization": f"Bearer {next(turns)}"}).status
        if status != expected:
            raise WrongAnswer(f"{path} answers {status}")

    return call


def _get_page(port: int, path: str, cookie: str) -> Call:
    client = Client(port)

    def call() -> None:
        status = client.get(path, {"Cookie": cookie}).status
        if status != 200:
            raise WrongAnswer(f"{path} answers {status}")

    return call


def _make_and_revoke(port: int, secret: str) -> Call:
    client, numbers = Client(port), count()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}

    def call() -> None:
        body = json.dumps({"name": f"Soak {next(numbers)}"}).encode()
        made = client.ask("POST", "/api/v1/tokens", headers=headers, body=body)
        if made.status != 201:
            raise WrongAnswer(f"making a token answers {made.status}: {made.body!r}")
        gone = client.ask("DELETE", made.headers["location"], headers=headers).status
        if gone != 204:
            raise WrongAnswer(f"revoking a token answers {gone}")

    return call
