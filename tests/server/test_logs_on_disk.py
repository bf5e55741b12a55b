"""Both logs of a running portal: every line parses, and none holds a secret or starts where another one ends."""

from urllib.parse import quote

import orjson

from tests.builders import make_token
from tests.server.running import started

FIELDS = ("api_token", "access_token", "token", "API_Token", "%61pi_token", "api%5Ftoken", "x")


def test_v16_4_1_and_ac_110_every_line_parses_and_no_secret_is_logged(database_url, cast, database, tmp_path):
    secret = make_token(database, cast.alice)[1]
    with started(database_url, tmp_path) as portal:
        for path in _paths_with(secret):
            portal.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        for broken in (
            f"GET /?api_token={secret} HTTP/9\r\n\r\n",
            f"GET /{secret}\r\n\r\n",
            f"{secret} / HTTP/1.1\r\n\r\n",
        ):
            portal.raw(broken.encode())
        portal.client().get("/api/v1/me", token=secret)
        portal.stop()

        lines = portal.requests()
        errors = [orjson.loads(line) for line in portal.err.splitlines() if line.startswith("{")]

    assert len([line for line in lines if line["path"] == "/api/v1/me"]) == len(FIELDS) + 1
    assert errors
    for text in (portal.out, portal.err):
        assert secret not in text
        assert quote(secret).replace("_", "%5F") not in text
        assert secret[4:] not in text


def _paths_with(secret: str) -> list[str]:
    queries = [f"/api/v1/me?{field}={secret}" for field in FIELDS]
    encoded = secret.replace("_", "%5F")
    return [*queries, f"/{secret}", f"/sign-in?next={encoded}", f"/sign-in?a=1;token={encoded}", f"/{encoded}"]


FORGERIES = (
    "/%0d%0a%7B%22event%22:%22forged%22%7D",
    "/x?a=%0d%0aforged",
    "/%1b%5B31mred",
    "/%c2%9b31m",
    "/%ff%fe",
    "/" + "%1b" * 900,
    "/" + "%22" * 900,
)


def test_v16_4_1_what_a_caller_sends_cannot_forge_a_line(tmp_path):
    with started(f"sqlite:///{tmp_path}/instance/new.db", tmp_path) as portal:
        for path in FORGERIES:
            portal.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        portal.stop()

        lines = [line for line in portal.out.splitlines() if "/healthz" not in line]
        assert len(lines) == len(portal.out.split("\n")) - 1 - portal.out.count("/healthz") == len(FORGERIES)
        assert all(line.isprintable() and orjson.loads(line)["event"] == "request" for line in lines)
        assert max(len(line.encode()) for line in lines) < 4096
