"""Calls through nginx: as the programs that people use make them, and by bytes that no honest program sends."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import orjson
import requests

from tests.served import Reply

ISSUE = "/v1/badge/51/issue"
RECIPIENT = {
    "recipient_firstname": "Bob",
    "recipient_lastname": "Example",
    "recipient_email": "bob@acme.example",
}
BODY = orjson.dumps(RECIPIENT)
JSON = {"Content-Type": "application/json"}
SECONDS = 30

NODE = """
const [url, headers, body] = JSON.parse(process.argv[1]);
const answer = await fetch(url, {method: "PUT", headers, body});
const [status, found, text] = [answer.status, Object.fromEntries(answer.headers), await answer.text()];
console.log(JSON.stringify({status, headers: found, body: text}));
"""

CURL_MISSING = "curl is missing. Install it: apt-get install -y --no-install-recommends curl"
NODE_MISSING = "Node 18 or newer is missing. Install it: apt-get install -y --no-install-recommends nodejs"


@dataclass(frozen=True)
class Door:
    """One port of nginx, and the address that one calls from."""

    port: int
    address: str
    trust: ssl.SSLContext | None

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def issue(self, headers: Mapping[str, str]) -> Reply:
        """The badge call."""
        return self.call("PUT", ISSUE, {**JSON, **headers}, BODY)

    def call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        with closing(self._connection()) as connection:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status, found, response.read())

    def _connection(self) -> HTTPConnection:
        source = (self.address, 0)
        if self.trust is None:
            return HTTPConnection("localhost", self.port, timeout=SECONDS, source_address=source)
        return HTTPSConnection("localhost", self.port, timeout=SECONDS, source_address=source, context=self.trust)

    def raw(self, request: bytes) -> bytes:
        """Sends these very bytes; what comes back until nginx closes."""
        with socket.create_connection(("localhost", self.port), SECONDS, (self.address, 0)) as plain:
            if self.trust is None:
                return _exchanged(plain, request)
            with self.trust.wrap_socket(plain, server_hostname="localhost") as connection:
                return _exchanged(connection, request)


def raw_issue(secret: str, *lines: str, path: str = ISSUE) -> bytes:
    """The badge call as bytes, with `lines` among its headers."""
    head = [f"PUT {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", f"Content-Length: {len(BODY)}"]
    carrier = [f"X-Access-Token: {secret}"] if secret else []
    return "\r\n".join([*head, *carrier, *lines, "", ""]).encode() + BODY


def _exchanged(connection: socket.socket, request: bytes) -> bytes:
    connection.sendall(request)
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def by_curl(url: str, headers: dict[str, str], authority: Path) -> Reply:
    """The badge call as curl makes it."""
    assert shutil.which("curl"), CURL_MISSING
    lines = [option for name, value in headers.items() for option in ("-H", f"{name}: {value}")]
    command = ["curl", "-sS", "-i", "--http1.1", "--cacert", authority, "-X", "PUT", url, *lines, "-d", BODY]
    head, _, body = subprocess.run(command, check=True, capture_output=True).stdout.partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    found = dict(line.split(": ", 1) for line in rest)
    return Reply(int(first.split()[1]), {name.lower(): value for name, value in found.items()}, body)


def by_requests(url: str, headers: dict[str, str], authority: Path) -> Reply:
    """The badge call as Python's requests makes it."""
    answer = requests.put(url, headers=headers, json=RECIPIENT, verify=str(authority), timeout=SECONDS)
    return Reply(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)


def by_node(url: str, headers: dict[str, str], authority: Path) -> Reply:
    """The badge call as Node's own fetch makes it."""
    assert shutil.which("node"), NODE_MISSING
    call = orjson.dumps([url, headers, BODY.decode()])
    printed = subprocess.run(
        ["node", "--input-type=module", "-e", NODE, call],
        check=True,
        capture_output=True,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(authority)},
    ).stdout
    answer = orjson.loads(printed)
    return Reply(answer["status"], answer["headers"], answer["body"].encode())
