"""The portal as its users meet it: real `portal run` processes, and a keep-alive client that fills their forms."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from lxml import html

from tests.conftest import NO_LIMITS, SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 30
STOP_SECONDS = 40


def free_port() -> int:
    """A port that is free, as are the two after it, on which `portal run` has its other parts.

    It lies below those that the system gives to connections, which would take a neighbour in the meantime.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        if all(_is_free(port + offset) for offset in range(3)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def environment(database_url: str, folder: Path, **settings: str) -> dict[str, str]:
    """The environment of a portal process: ours, without settings of the developer's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    given = {
        "database_url": database_url,
        "instance_dir": str(folder / "instance"),
        "secret_key": SECRET_KEY,
        "limits": NO_LIMITS,
    }
    return {**kept, **{f"PORTAL_{name.upper()}": value for name, value in (given | settings).items()}}


@dataclass
class Served:
    """One running `portal run`: where it listens, and all that it printed so far."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def printed(self) -> str:
        return self.log.read_text(errors="replace")

    def ask_to_stop(self) -> None:
        """SIGTERM, as an operator's supervisor sends it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Asks it to stop and waits for that; the exit code."""
        self.ask_to_stop()
        return self.process.wait(timeout=STOP_SECONDS)


@contextmanager
def serve(database_url: str, folder: Path, *, command: str = "run", **settings: str) -> Iterator[Served]:
    """A `portal run --only web` (or another such command) on a free port, ready to answer; ended with the block."""
    with serve_together(database_url, folder, command, **settings) as (served,):
        yield served


@contextmanager
def serve_together(database_url: str, folder: Path, *commands: str, **settings: str) -> Iterator[list[Served]]:
    """One process for each of `commands`, all on one database: none waits for another to start or to stop."""
    given = environment(database_url, folder, **settings)
    started = [_start(command, given, folder) for command in commands]
    try:
        for served, command in zip(started, commands, strict=True):
            _wait_until_ready(served, "/readyz" if command == "run" else "/healthz")
        yield started
    finally:
        for served in started:
            served.ask_to_stop()
        for served in started:
            served.process.wait(timeout=STOP_SECONDS)


def _start(command: str, given: dict[str, str], folder: Path) -> Served:
    port = free_port()
    log = folder / f"portal-{port}.log"
    # The event stream is a part of its own, which most tests need not wait for.
    alone = ["--only", "web"] if command == "run" else []
    line = [sys.executable, "-m", "portal.cli", command, "--port", str(port), *alone]
    with log.open("wb") as output:
        process = subprocess.Popen(line, cwd=ROOT, env=given, stdout=output, stderr=subprocess.STDOUT)
    return Served(port, process, log)


def _wait_until_ready(served: Served, path: str) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at:
        if served.process.poll() is not None:
            raise AssertionError(f"it ended with {served.process.returncode}: {served.printed()}")
        try:
            if Client(served.port).get(path).status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"it is not ready: {served.printed()}")


@dataclass
class Reply:
    """One answer, read to its end so that the connection can be used again."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page's main form: CSRF token, nonce, versions."""
        found = html.document_fromstring(self.body.decode()).xpath("//main//form//input[@type='hidden']")
        return {entry.get("name"): entry.get("value") or "" for entry in found}

    def secret(self) -> str:
        """The secret in the read-only field of a shown-once page, without the word Bearer."""
        shown = html.document_fromstring(self.body.decode()).get_element_by_id("secret")
        return (shown.get("value") or shown.text_content()).strip().removeprefix("Bearer ")


@dataclass
class Client:
    """Speaks HTTP over one kept-alive connection and keeps cookies, like a browser's tab without script."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._connection = HTTPConnection("localhost", self.port, timeout=30)

    def __del__(self) -> None:
        self._connection.close()

    def get(self, path: str, *, token: str | None = None) -> Reply:
        return self.request("GET", path, token=token)

    def call(self, method: str, path: str, token: str, body: object = None) -> Reply:
        """A call of the JSON API."""
        data = None if body is None else orjson.dumps(body)
        return self.request(method, path, token=token, body=data, content_type="application/json")

    def post_form(self, path: str, fields: dict[str, str]) -> Reply:
        """Sends a form as a browser does."""
        body = urlencode(fields).encode()
        return self.request("POST", path, body=body, content_type="application/x-www-form-urlencoded")

    def request(
        self, method: str, path: str, *, token: str | None = None, body: bytes | None = None, content_type: str = ""
    ) -> Reply:
        headers = {"Content-Type": content_type} if body is not None else {}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self._connection.request(method, path, body=body, headers=headers)
        return self._read(self._connection.getresponse())

    def sign_in(self, email: str, password: str) -> None:
        """Signs in by the real page."""
        form = self.get("/sign-in").hidden()
        reply = self.post_form("/sign-in", {**form, "email": email, "password": password})
        assert reply.status == 303, reply.body

    def _read(self, response: HTTPResponse) -> Reply:
        for header in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status, headers, response.read())
