"""`portal run` with all its parts: started in order, started again when one dies, ended together."""

import os
import re
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from portal.tokens.models import Token
from tests.builders import make_token
from tests.served import Client
from tests.server.running import children_of, started, wait_for


@pytest.fixture
def portal(database_url, cast, tmp_path):
    with started(database_url, tmp_path, whole=True) as running:
        wait_for(lambda: len(running.workers()) == 2 and events_answer(running))
        yield running


# The parts themselves are tried on both kinds elsewhere.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def events_answer(portal):
    try:
        return Client(portal.port + 1).get("/healthz").status == 200
    except OSError:
        return False


def listening(portal, secret):
    return connect(f"ws://127.0.0.1:{portal.port + 1}/ws/events?api_token={secret}", compression=None, proxy=None)


def end_of(listener):
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            listener.recv(timeout=30)
    return closed.value.rcvd.code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_f34_all_parts_end_in_order_and_write_what_they_noted(portal, database, cast, number):
    of_web, secret = make_token(database, cast.bob)
    of_events, other = make_token(database, cast.adam)
    assert portal.client().get("/api/v1/me", token=secret).status == 200
    with listening(portal, other) as listener:
        assert listener.recv(timeout=10) == '{"type":"ready"}'
        # A terminal tells every process.
        for pid in [one for part in portal.workers() for one in (part, *children_of(part))] if number == 2 else ():
            os.kill(pid, number)
        portal.process.send_signal(number)

        assert end_of(listener) == 1012
    assert portal.stop(number) == 0
    assert [line for line in portal.err.splitlines() if "error" in line or "Traceback" in line] == []
    with database.reading() as session:
        used = session.scalars(select(Token.last_used_at).where(Token.id.in_([of_web, of_events])))
        assert all(used)


def test_a_part_that_died_is_started_again_and_the_other_goes_on(portal):
    said = portal.err
    for place, answers in ((1, lambda: events_answer(portal)), (0, lambda: portal.client().get("/readyz").status)):
        before = portal.workers()
        os.kill(before[place], signal.SIGKILL)
        wait_for(lambda before=before, place=place: len(now := portal.workers()) == 2 and before[place] not in now)

        assert wait_for(answers)
        assert before[1 - place] in portal.workers()
    lines = portal.err.removeprefix(said).splitlines()
    assert ["a part ended, it is started again" in line for line in lines] == [True, True]


def test_a_part_that_dies_early_waits_for_no_other_one(portal):
    web = portal.workers()[0]
    os.kill(web, signal.SIGKILL)

    # Another part may take ten seconds to be ready, as far as the process that watches them knows.
    wait_for(lambda: len(now := portal.workers()) == 2 and web not in now, seconds=4)


def test_nobody_is_woken_while_nothing_happens(portal):
    wait_for(lambda: sleeps_for_a_second(portal.process.pid))


def sleeps_for_a_second(pid):
    before = times_woken(pid)
    time.sleep(1)
    return times_woken(pid) == before


def times_woken(pid):
    found = re.search(r"^voluntary_ctxt_switches:\s+(\d+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1])


def test_parts_whose_parent_was_killed_end_too(portal):
    parts = portal.workers()
    everybody = [*parts, *(worker for part in parts for worker in children_of(part))]
    portal.process.kill()
    portal.process.wait()

    wait_for(lambda: not any(is_alive(pid) for pid in everybody))
    for port in (portal.port, portal.port + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))


def is_alive(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False
