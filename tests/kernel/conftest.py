"""Databases without an app around them."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal.accounts.models import Account
from portal.database import Database
from tests.conftest import own_postgres


@pytest.fixture
def either(database_url):
    """The database that the test runs on."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def sqlite(sqlite_template, tmp_path):
    path = tmp_path / "portal.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def postgres(emptied_postgres_url):
    database = Database(emptied_postgres_url)
    yield database
    database.close()


@pytest.fixture
def own_server():
    """A PostgreSQL server of the test's own, and what freezes it and one backend of it, and thaws them."""
    frozen = []

    def freeze(backend):
        frozen.extend((postmaster, backend))
        send(signal.SIGSTOP, frozen)

    with own_postgres() as url:
        database = Database(url)
        (postmaster,) = database.lookup.fetch_one(
            "SELECT split_part(pg_read_file($1), chr(10), 1)::int", "postmaster.pid"
        )
        yield database, freeze, lambda: send(signal.SIGCONT, frozen)
        send(signal.SIGCONT, frozen)
        database.close()


def send(number, pids):
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def names(database):
    with database.reading() as session:
        return list(session.scalars(select(Account.name).order_by(Account.id)))


def file_of(database):
    return Path(str(database.url.database))


def terminate(database, pid):
    with database.engine.connect() as other:
        other.execute(select(func.pg_terminate_backend(pid, 5000)))


HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


@pytest.fixture
def locked_for(sqlite):
    """Another process writes to the file for that many seconds."""
    processes = []

    def lock(seconds):
        command = [sys.executable, "-c", HOLD, str(file_of(sqlite)), str(seconds)]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert processes[-1].stdout.readline() == "held\n"

    yield lock
    for process in processes:
        process.kill()
        process.communicate()
