"""The clients in `examples/events`: they hear, come back, miss nothing, and stop when their token is dead."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import orjson
import pytest

from tests.builders import make_token
from tests.served import ROOT, Client
from tests.server.running import started, wait_for

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

FOLDER = ROOT / "examples" / "events"
CLIENTS = {
    "python": [sys.executable, FOLDER / "listen.py"],
    "node": ["node", "--experimental-websocket", FOLDER / "listen.mjs"],
}


@contextmanager
def listening(portal, command, secret, folder, name):
    environment = {
        "PATH": os.environ["PATH"],
        "PORTAL_URL": f"http://localhost:{portal.port}",
        "PORTAL_EVENTS_URL": f"ws://localhost:{portal.port + 1}/ws/events",
        "PORTAL_TOKEN": secret,
    }
    with (folder / f"{name}.out").open("wb") as out, (folder / f"{name}.err").open("wb") as err:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=err)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_they_miss_nothing_and_stop_when_the_token_is_dead(database_url, database, cast, tmp_path):
    secrets = {name: make_token(database, cast.bob, name)[1] for name in CLIENTS}
    _, maker = make_token(database, cast.bob, "Maker")

    def seen(name):
        lines = (tmp_path / f"{name}.out").read_text().splitlines()
        return [orjson.loads(line)["target"]["name"] for line in lines]

    def make(name):
        answer = Client(portal.port).call("POST", "/api/v1/tokens", maker, {"name": name})
        assert answer.status == 201

    with (
        started(database_url, tmp_path, whole=True) as portal,
        listening(portal, CLIENTS["python"], secrets["python"], tmp_path, "python") as python,
        listening(portal, CLIENTS["node"], secrets["node"], tmp_path, "node") as node,
    ):
        # Each hears what is made once it is there.
        made = []
        while not all(seen(name) for name in CLIENTS):
            made.append(f"Early {len(made)}")
            make(made[-1])
            time.sleep(0.5)
        wait_for(lambda: all(seen(name)[-1] == made[-1] for name in CLIENTS))
        before = {name: len(seen(name)) for name in CLIENTS}

        os.kill(portal.workers()[1], signal.SIGKILL)
        make("Missed")
        make("Later")

        wait_for(lambda: all(seen(name)[before[name] :] == ["Missed", "Later"] for name in CLIENTS))
        for name, process in (("python", python), ("node", node)):
            assert Client(portal.port).call("DELETE", "/api/v1/tokens/self", secrets[name]).status == 204
            assert process.wait(timeout=30) == 1
            assert "Closed for good: 4401 token_revoked." in (tmp_path / f"{name}.err").read_text()
