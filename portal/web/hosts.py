"""Which Host a request may name. Links are made from the public address alone, so a foreign one is only refused."""

import re
from functools import lru_cache

from flask import Flask, request
from werkzeug.exceptions import BadRequest

from portal.current import running_in
from portal.settings import LOOPBACK_NAMES

# Asked by load balancers and gateways under whatever name they know us.
ANY_HOST = frozenset({"/introspect", "/healthz", "/readyz", "/metrics"})
# A name, or an IPv6 address in brackets; a dot at the end and a port change nothing about it.
_HOST = re.compile(r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[0-9a-z._-]+?)\.?)(?::[0-9]*)?")


class ForeignHost(BadRequest):
    """The request names a host that is not ours, or none at all."""

    code_word = "bad_host"


def install(app: Flask) -> None:
    """Refuses foreign hosts before anything else of a request is looked at."""
    public = running_in(app).settings.public_host
    ours = LOOPBACK_NAMES if public in LOOPBACK_NAMES else {public}

    def refuse_foreign_host() -> None:
        environ = request.environ
        if _name(environ.get("HTTP_HOST", "")) not in ours and environ["PATH_INFO"] not in ANY_HOST:
            raise ForeignHost

    app.before_request(refuse_foreign_host)


@lru_cache(maxsize=64)
def _name(host: str) -> str | None:
    """The host without its port, lower case; IPv6 without brackets. None for what is no host."""
    found = _HOST.fullmatch(host.lower())
    return found and (found["address"] or found["name"])
