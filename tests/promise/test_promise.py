"""The promise: what one process has answered, the very next call in any other process honours."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.builders import make_account_token, make_token
from tests.promise.readers import LET_IN
from tests.served import ROOT, Client, environment, serve_together

ROUNDS = int(os.environ.get("ROUNDS", "300"))
DEACTIVATIONS = 30
COMMANDS = 3
LISTENERS = 60


def test_a_revoked_token_is_refused_by_the_other_process_at_once(two, readers, rows, bob):
    _, maker = make_token(rows, bob, "Maker")
    here = Client(two[0].port)
    stale = 0
    for number in range(ROUNDS):
        made = here.call("POST", "/api/v1/tokens", maker, {"name": f"Round {number}"}).json
        assert readers.answers(made["token"]) == LET_IN
        assert here.call("DELETE", f"/api/v1/tokens/{made['id']}", maker).status == 204
        stale += readers.stale(made["token"])
    assert stale == 0


def test_a_token_rotated_now_is_refused_by_the_other_process_at_once(two, readers, rows, bob):
    _, maker = make_token(rows, bob, "Maker")
    here = Client(two[0].port)
    token = here.call("POST", "/api/v1/tokens", maker, {"name": "Rotating"}).json
    stale = 0
    for _ in range(ROUNDS):
        old = token["token"]
        assert readers.answers(old) == LET_IN
        reply = here.call("POST", f"/api/v1/tokens/{token['id']}/rotate", maker, {"overlap_seconds": 0})
        assert reply.status == 201, reply.body
        token = reply.json
        stale += readers.stale(old)
    assert stale == 0


def test_disabling_api_access_is_honoured_by_the_other_process_at_once(two, readers, rows, alice):
    here = Client(two[0].port)
    here.sign_in(alice.email, alice.password)
    stale = 0
    for _ in range(ROUNDS):
        # Turned on past the pages, which is not what is promised: a third process writes, and all must see it.
        _, secret = make_account_token(rows, alice)
        assert readers.answers(secret) == LET_IN
        form = here.get("/account/api-access/disable").hidden()
        assert here.post_form("/account/api-access/disable", form).status == 303
        stale += readers.stale(secret)
    assert stale == 0


def test_a_deactivated_person_is_refused_by_every_process_at_once(readers, rows, add_newcomer, database_url, tmp_path):
    stale = 0
    with _long_lived_deactivator(database_url, tmp_path) as deactivator:
        for _ in range(DEACTIVATIONS):
            person = add_newcomer()
            _, secret = make_token(rows, person)
            assert readers.answers(secret) == LET_IN
            _ask(deactivator, person.email)
            stale += readers.stale(secret)
    assert stale == 0


def test_the_command_deactivates_for_every_process_at_once(readers, rows, add_newcomer, database_url, tmp_path):
    for _ in range(COMMANDS):
        person = add_newcomer()
        _, secret = make_token(rows, person)
        assert readers.answers(secret) == LET_IN
        subprocess.run(
            [sys.executable, "-m", "portal.cli", "deactivate-user", "--email", person.email],
            cwd=ROOT,
            env=environment(database_url, tmp_path),
            check=True,
            capture_output=True,
        )
        assert readers.stale(secret) == 0


def test_ac_010_a_token_revoked_before_a_restart_is_refused_after_it(rows, bob, database_url, tmp_path):
    token_id, secret = make_token(rows, bob)
    with serve_together(database_url, tmp_path, "run", "gateway") as (portal, gateway):
        assert Client(gateway.port).get("/verify", token=secret).status == 204
        assert Client(portal.port).get("/api/v1/me", token=secret).status == 200
        assert Client(portal.port).call("DELETE", f"/api/v1/tokens/{token_id}", secret).status == 204

    with serve_together(database_url, tmp_path, "run", "gateway") as (portal, gateway):
        assert Client(gateway.port).get("/verify", token=secret).status == 401
        assert Client(portal.port).get("/api/v1/me", token=secret).status == 401


def test_ac_124_no_event_is_delivered_that_happened_after_the_revoke_was_answered(served, rows, alice):
    _, maker = make_token(rows, alice, "Maker")
    here, stream = Client(served[0].port), f"ws://127.0.0.1:{served[3].port}/ws/events"
    made = [make_token(rows, alice, f"Listening {number}") for number in range(LISTENERS)]
    with ExitStack() as held:
        listeners = [
            held.enter_context(connect(stream, subprotocols=["bearer", secret], compression=None, proxy=None))
            for _, secret in made
        ]
        for listener in listeners:
            assert listener.recv(timeout=10) == '{"type":"ready"}'
        for number, (token_id, _) in enumerate(made):
            assert here.call("DELETE", f"/api/v1/tokens/{token_id}", maker).status == 204
            assert here.call("POST", "/api/v1/tokens", maker, {"name": f"After {number}"}).status == 201
        heard = [_heard_until_closed(listener) for listener in listeners]

    for number, names in enumerate(heard):
        assert not [name for name in names if name.startswith("After ") and int(name[6:]) >= number]
    # Those that lived on did hear of what came before.
    assert any(heard)


def _heard_until_closed(listener) -> list[str]:
    names = []
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            names.append(orjson.loads(listener.recv(timeout=10))["event"]["target"]["name"])
    assert closed.value.rcvd.code == 4401
    return names


def test_a_session_ended_here_is_dead_there(two, bob):
    here = Client(two[0].port)
    here.sign_in(bob.email, bob.password)
    copy = Client(two[1].port, cookies=dict(here.cookies))
    assert copy.get("/settings/tokens").status == 200

    here.post_form("/sign-out", here.get("/settings/profile").hidden())

    assert copy.get("/settings/tokens").status == 303


@contextmanager
def _long_lived_deactivator(database_url: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.promise.deactivator", database_url],
        cwd=ROOT,
        env=environment(database_url, folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def _ask(deactivator: subprocess.Popen[str], email: str) -> None:
    assert deactivator.stdin
    assert deactivator.stdout
    deactivator.stdin.write(email + "\n")
    deactivator.stdin.flush()
    assert deactivator.stdout.readline() == "done\n"
