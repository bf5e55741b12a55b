"""The promise: what one process has answered, the very next call in any other process honours."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from portal.accounts.models import Role
from portal.database import Database
from tests.builders import make_token
from tests.cast import Cast, Person, add_account, add_cast, add_person
from tests.served import ROOT, Client, Served, environment, serve

ROUNDS = int(os.environ.get("ROUNDS", "300"))
DEACTIVATIONS = 30
COMMANDS = 3


@pytest.fixture
def rows(database_url: str) -> Iterator[Database]:
    """The database that both processes serve, to prepare rows on."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def cast(rows: Database) -> Cast:
    return rows.transaction(add_cast)


@pytest.fixture
def two(database_url: str, cast: Cast, tmp_path: Path) -> Iterator[tuple[Served, Served]]:
    """Two `portal run` processes on one database."""
    with serve(database_url, tmp_path) as one, serve(database_url, tmp_path) as other:
        yield one, other


@dataclass(frozen=True)
class Readers:
    """Who is asked about a token, each in its own process or by its own way: the API, `/verify`, the gateway."""

    api: Client
    verify: Client
    gateway: Client

    def statuses(self, secret: str) -> list[int]:
        return [
            self.api.get("/api/v1/me", token=secret).status,
            self.verify.get("/verify", token=secret).status,
            self.gateway.get("/verify", token=secret).status,
        ]

    def stale(self, secret: str) -> int:
        """How many still let a dead token in, or do not say that it is dead."""
        return sum(status != 401 for status in self.statuses(secret))


LET_IN = [200, 204, 204]


@pytest.fixture
def readers(two: tuple[Served, Served], database_url: str, tmp_path: Path) -> Iterator[Readers]:
    """Those who never hear of a change but by the database."""
    with serve(database_url, tmp_path, command="gateway") as gateway:
        yield Readers(Client(two[1].port), Client(two[1].port), Client(gateway.port))


def test_a_revoked_token_is_refused_by_the_other_process_at_once(two, readers, rows, cast):
    _, maker = make_token(rows, cast.bob, "Maker")
    here = Client(two[0].port)
    stale = 0
    for number in range(ROUNDS):
        made = here.call("POST", "/api/v1/tokens", maker, {"name": f"Round {number}"}).json
        assert readers.statuses(made["token"]) == LET_IN
        assert here.call("DELETE", f"/api/v1/tokens/{made['id']}", maker).status == 204
        stale += readers.stale(made["token"])
    assert stale == 0


def test_a_token_rotated_now_is_refused_by_the_other_process_at_once(two, readers, rows, cast):
    _, maker = make_token(rows, cast.bob, "Maker")
    here = Client(two[0].port)
    token = here.call("POST", "/api/v1/tokens", maker, {"name": "Rotating"}).json
    stale = 0
    for _ in range(ROUNDS):
        old = token["token"]
        assert readers.statuses(old) == LET_IN
        reply = here.call("POST", f"/api/v1/tokens/{token['id']}/rotate", maker, {"overlap_seconds": 0})
        assert reply.status == 201, reply.body
        token = reply.json
        stale += readers.stale(old)
    assert stale == 0


def test_disabling_api_access_is_honoured_by_the_other_process_at_once(two, readers, cast):
    here = Client(two[0].port)
    here.sign_in(cast.alice.email, cast.alice.password)
    stale = 0
    for _ in range(ROUNDS):
        secret = _turn_on(here)
        assert readers.statuses(secret) == LET_IN
        form = here.get("/account/api-access/disable").hidden()
        assert here.post_form("/account/api-access/disable", form).status == 303
        stale += readers.stale(secret)
    assert stale == 0


def test_a_deactivated_person_is_refused_by_every_process_at_once(readers, rows, cast, database_url, tmp_path):
    stale = 0
    with _long_lived_deactivator(database_url, tmp_path) as deactivator:
        for number in range(DEACTIVATIONS):
            person = _newcomer(rows, number)
            _, secret = make_token(rows, person)
            assert readers.statuses(secret) == LET_IN
            _ask(deactivator, person.email)
            stale += readers.stale(secret)
    assert stale == 0


def test_the_command_deactivates_for_every_process_at_once(readers, rows, cast, database_url, tmp_path):
    for number in range(COMMANDS):
        person = _newcomer(rows, number)
        _, secret = make_token(rows, person)
        assert readers.statuses(secret) == LET_IN
        subprocess.run(
            [sys.executable, "-m", "portal.cli", "deactivate-user", "--email", person.email],
            cwd=ROOT,
            env=environment(database_url, tmp_path),
            check=True,
            capture_output=True,
        )
        assert readers.stale(secret) == 0


def test_ac_010_a_token_revoked_before_a_restart_is_refused_after_it(rows, cast, database_url, tmp_path):
    token_id, secret = make_token(rows, cast.bob)
    with serve(database_url, tmp_path, command="gateway") as before:
        assert Client(before.port).get("/verify", token=secret).status == 204
    with serve(database_url, tmp_path) as before:
        assert Client(before.port).get("/api/v1/me", token=secret).status == 200
        assert Client(before.port).call("DELETE", f"/api/v1/tokens/{token_id}", secret).status == 204

    with serve(database_url, tmp_path) as after:
        assert Client(after.port).get("/api/v1/me", token=secret).status == 401
    with serve(database_url, tmp_path, command="gateway") as after:
        assert Client(after.port).get("/verify", token=secret).status == 401


def test_a_session_ended_here_is_dead_there(two, cast):
    here = Client(two[0].port)
    here.sign_in(cast.bob.email, cast.bob.password)
    copy = Client(two[1].port, cookies=dict(here.cookies))
    assert copy.get("/settings/tokens").status == 200

    here.post_form("/sign-out", here.get("/settings/profile").hidden())

    assert copy.get("/settings/tokens").status == 303


def _turn_on(owner: Client) -> str:
    form = owner.get("/account/api-access").hidden()
    assert owner.post_form("/account/api-access", {**form, "enabled": "y"}).status == 303
    agreed = owner.post_form("/account/api-access/agree", owner.get("/account/api-access").hidden())
    assert agreed.status == 200, agreed.body
    return agreed.secret()


def _newcomer(rows: Database, number: int) -> Person:
    """A member of an account of their own; nobody's last owner."""

    def add(session: Session) -> Person:
        return add_person(session, add_account(session, f"Round{number}"), "Bob", Role.MEMBER)

    return rows.transaction(add)


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
