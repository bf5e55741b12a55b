"""Services of the operator's at a running portal with two workers: they ask, and the numbers are those of all."""

import os
import re
import signal
import subprocess
import sys
from urllib.parse import urlencode

import pytest

from tests.builders import make_token
from tests.served import environment
from tests.server.running import started, wait_for

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def portal(database_url, cast, tmp_path):
    with started(database_url, tmp_path, "--workers", "2") as running:
        yield running


@pytest.fixture
def service(database_url, tmp_path):
    """The secret of a service token, made while the portal runs."""
    made = subprocess.run(
        [sys.executable, "-m", "portal.cli", "create-service", "Badge gateway"],
        cwd=tmp_path,
        env=environment(database_url, tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.strip()


def post(portal, path, token, secret):
    body = urlencode({"token": secret}).encode()
    return portal.client().request("POST", path, token=token, body=body, content_type=FORM)


def number(portal, service, name):
    text = portal.client().get("/metrics", token=service).body.decode()
    found = re.search(rf"^{re.escape(name)} ([0-9.]+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_a_token_is_good_until_its_holder_kills_it_on_every_worker(portal, service, database, cast):
    _, secret = make_token(database, cast.bob, scopes=("tokens:read",))
    before = post(portal, "/introspect", service, secret)

    revoked = post(portal, "/revoke", None, secret)

    assert (before.json["active"], before.json["scope"]) == (True, "tokens:read")
    assert (revoked.status, revoked.body) == (200, b"")
    # Each on a connection of its own, so that both workers are asked.
    assert {post(portal, "/introspect", service, secret).body for _ in range(20)} == {b'{"active":false}'}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_numbers_are_those_of_all_workers_and_outlive_them(portal, service):
    name = 'portal_token_checks_total{outcome="token_malformed"}'
    for _ in range(30):
        portal.client().get("/api/v1/me", token="x")
    wait_for(lambda: number(portal, service, name) == 30)

    for worker in portal.workers():
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda worker=worker: worker not in portal.workers() and len(portal.workers()) == 2)

    wait_for(lambda: number(portal, service, name) == 30)
    (shared,) = (portal.folder / "instance" / "run").iterdir()
    assert {path.name for path in shared.iterdir() if not path.name.isdecimal()} == {"ended", "lock"}
