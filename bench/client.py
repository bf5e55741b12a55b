"""A small HTTP client: one kept-alive connection that keeps cookies and can sign in, like a browser's tab."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from bench.processes import HOST, Broken

_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
_NAME = re.compile(r'name="([^"]*)"')
_VALUE = re.compile(r'value="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page's forms."""
        found = {}
        for field_text in _HIDDEN.findall(self.body.decode()):
            name, value = _NAME.search(field_text), _VALUE.search(field_text)
            if name:
                found[name[1]] = value[1] if value else ""
        return found


@dataclass
class Client:
    """Speaks to one server on this machine."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._connection = HTTPConnection(HOST, self.port, timeout=30)

    def close(self) -> None:
        self._connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        return self.ask("GET", path, headers=headers)

    def post_form(self, path: str, fields: Mapping[str, str]) -> Reply:
        """Sends a form as a browser does."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, headers=kind, body=urlencode(fields).encode())

    def ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        sent = dict(headers or {})
        if self.cookies:
            sent["Cookie"] = self.cookie_header
        self._connection.request(method, path, body=body, headers=sent)
        response = self._connection.getresponse()
        for header in response.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def sign_in(self, email: str, password: str) -> None:
        """Signs in by the real page. Raises `Broken` when that fails."""
        fields = {**self.get("/sign-in").hidden(), "email": email, "password": password}
        reply = self.post_form("/sign-in", fields)
        if reply.status != 303:
            raise Broken(f"signing in is answered with {reply.status}")
