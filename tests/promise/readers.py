"""Those who are asked about a token, and what they say of a living and of a dead one."""

from dataclasses import dataclass, field
from http.client import RemoteDisconnected
from itertools import count
from urllib.parse import urlencode

from tests.served import Client

ALIVE = b'{"active":true,'
LET_IN = {"api": 200, "verify": 204, "introspect": ALIVE, "gateway": 204}
REFUSED = {"api": 401, "verify": 401, "introspect": b'{"active":false}', "gateway": 401}


@dataclass(frozen=True)
class Readers:
    """Each in its own process or by its own way: the API, `/verify`, `/introspect`, the gateway."""

    portal: Client
    gateway: Client
    service: str
    turns: "count[int]" = field(default_factory=count)

    def answers(self, secret: str, *, first: int = 0) -> dict[str, int | bytes]:
        """What each says about the token, beginning with the one at `first`."""
        names = list(LET_IN)
        return {name: self._ask(name, secret) for name in names[first:] + names[:first]}

    def stale(self, secret: str) -> int:
        """How many still let a dead token in, or do not say that it is dead.

        Each time another one is asked first: none may need the call of another to notice.
        """
        answers = self.answers(secret, first=next(self.turns) % len(REFUSED))
        return sum(answers[name] != refused for name, refused in REFUSED.items())

    def _ask(self, name: str, secret: str) -> int | bytes:
        if name == "introspect":
            return self._introspect(secret)
        if name == "gateway":
            return self._ask_gateway(secret)
        return self.portal.get("/api/v1/me" if name == "api" else "/verify", token=secret).status

    def _ask_gateway(self, secret: str) -> int:
        try:
            return self.gateway.get("/verify", token=secret).status
        except RemoteDisconnected:
            # It lets go of a connection on which nothing was asked for 10 seconds; so long may a command take.
            return self.gateway.get("/verify", token=secret).status

    def _introspect(self, secret: str) -> bytes:
        """All that is told about a dead token; about a living one, no more than that it is one."""
        body = urlencode({"token": secret}).encode()
        form = "application/x-www-form-urlencoded"
        told = self.portal.request("POST", "/introspect", token=self.service, body=body, content_type=form).body
        return ALIVE if told.startswith(ALIVE) else told
