"""The schema at start: SQLite is brought up to date by itself, PostgreSQL is refused until it is."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from portal.database import Database
from portal.migrations import HEAD
from portal.migrations.run import migrate, schema_revision
from tests.served import environment

OWNER = ("create-owner", "--account", "Acme", "--email", "alice@acme.example", "--password-stdin")
MIGRATORS = 4


def revision(url: str) -> str | None:
    database = Database(url)
    try:
        return schema_revision(database)
    finally:
        database.close()


def set_revision(url: str, number: str) -> None:
    database = Database(url)
    migrate(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :number"), {"number": number})
    database.close()


def test_migrate_brings_an_empty_database_to_the_newest_schema(anybody, at_database, new_database_url):
    at_database(new_database_url)

    outcome = anybody.run("migrate")

    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == f"The schema is at {HEAD} now; before, the database was empty.\n"
    assert revision(new_database_url) == HEAD


def test_migrating_again_does_nothing(anybody, at_database, new_database_url):
    at_database(new_database_url)
    anybody.run("migrate")

    assert anybody.run("migrate").out == f"The schema is at {HEAD} already.\n"


def test_every_command_migrates_sqlite_first(anybody, at_database, tmp_path):
    url = f"sqlite:///{tmp_path}/new.db"
    at_database(url)

    assert anybody.run(*OWNER).code == 0
    assert revision(url) == HEAD


def test_nobody_but_its_owner_reads_a_new_sqlite_database(anybody, at_database, tmp_path):
    at_database(f"sqlite:///{tmp_path}/new.db")
    anybody.run("migrate")

    assert (tmp_path / "new.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("command", [OWNER, ("run", "--port", "20898"), ("gateway", "--port", "20893")])
def test_an_empty_postgresql_is_refused_with_the_command_to_run(anybody, at_database, new_postgres_url, command):
    at_database(new_postgres_url)

    outcome = anybody.run(*command)

    assert (outcome.code, outcome.err) == (1, "The database is empty. Run: portal migrate\n")
    assert revision(new_postgres_url) is None


def test_an_older_postgresql_is_refused_with_the_command_to_run(anybody, at_database, new_postgres_url):
    set_revision(new_postgres_url, "0000")
    at_database(new_postgres_url)

    outcome = anybody.run(*OWNER)

    assert (outcome.code, outcome.err) == (1, "The database has an older schema. Run: portal migrate\n")


@pytest.mark.parametrize("command", [("migrate",), OWNER, ("run", "--port", "20897"), ("gateway", "--port", "20892")])
def test_a_newer_schema_is_refused(anybody, at_database, new_database_url, command):
    set_revision(new_database_url, "9999")
    at_database(new_database_url)

    outcome = anybody.run(*command)

    assert outcome.code == 1
    assert outcome.err.startswith("The database has schema 9999, newer than this portal knows")
    assert revision(new_database_url) == "9999"


def test_of_several_migrators_at_once_one_does_the_work(new_database_url, tmp_path):
    def run(_number: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "portal.cli", "migrate"],
            env=environment(new_database_url, tmp_path),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    with ThreadPoolExecutor(MIGRATORS) as pool:
        outcomes = list(pool.map(run, range(MIGRATORS)))

    assert [(outcome.returncode, outcome.stderr) for outcome in outcomes] == [(0, "")] * MIGRATORS
    assert revision(new_database_url) == HEAD
