"""What every command shares: exit codes, one sentence for what is refused, warnings."""

import os
import subprocess
import sys

import pytest

from tests.conftest import SECRET_KEY

EMAIL = ("--email", "alice@acme.example")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("dance",),
        ("run", "--port", "0"),
        ("run", "--port", "65536"),
        ("run", "--port", "http"),
        ("run", "--workers", "0"),
        ("run", "--workers", "65"),
        ("run", "--only", "events"),
        ("events", "--port", "0"),
        ("events", "--workers", "2"),
        ("migrate", "now"),
        ("create-owner", *EMAIL, "--password-stdin"),
        ("create-owner", "--account", "Acme", "--password-stdin"),
        ("create-owner", "--account", "Acme", *EMAIL),
        ("create-owner", "--account", "Acme", *EMAIL, "--role", "owner", "--password-stdin"),
        ("create-user", "--account", "Acme", *EMAIL, "--password-stdin"),
        ("create-user", "--account", "Acme", *EMAIL, "--role", "king", "--password-stdin"),
        ("deactivate-user",),
        ("reactivate-user",),
        ("set-password", *EMAIL),
    ],
)
def test_a_wrong_call_ends_with_2(anybody, arguments):
    outcome = anybody.run(*arguments)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("usage: portal")


@pytest.mark.parametrize("command", [(), ("run",), ("create-owner",), ("set-password",)])
def test_help_ends_with_0(anybody, command):
    assert anybody.run(*command, "--help").code == 0


def test_a_wrong_setting_is_one_sentence(anybody, at_database, tmp_path, monkeypatch):
    at_database(f"sqlite:///{tmp_path}/portal.db")
    monkeypatch.setenv("PORTAL_PUBLIC_URL", "http://portal.example")

    outcome = anybody.run("migrate")

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("PORTAL_PUBLIC_URL: use https")
    assert outcome.err.count("\n") == 1


def test_an_unknown_setting_is_warned_about(anybody, at_database, tmp_path, monkeypatch):
    at_database(f"sqlite:///{tmp_path}/portal.db")
    monkeypatch.setenv("PORTAL_WORKER", "3")

    outcome = anybody.run("migrate")

    assert outcome.code == 0
    assert outcome.err == "Warning: PORTAL_WORKER is not a setting; did you mean PORTAL_WORKERS?\n"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://alice:hidden-word@127.0.0.1:9/portal",
        "sqlite:////nowhere/at/all/portal.db",
        "sqlite:////proc/portal.db",
    ],
)
@pytest.mark.parametrize("command", [("migrate",), ("deactivate-user", *EMAIL), ("run", "--port", "20899")])
def test_a_database_that_is_away_is_one_sentence(anybody, at_database, url, command):
    at_database(url)

    outcome = anybody.run(*command)

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("The database ")
    assert "cannot answer" in outcome.err
    assert outcome.err.count("\n") == 1
    assert "hidden-word" not in outcome.err


def test_a_file_that_is_no_database_is_one_sentence(anybody, at_database, tmp_path):
    (tmp_path / "portal.db").write_text("this is a letter to Alice, and no database at all\n" * 100)
    at_database(f"sqlite:///{tmp_path}/portal.db")

    outcome = anybody.run("migrate")

    assert (outcome.code, outcome.err.count("\n")) == (1, 1)


def test_the_console_does_what_it_is_told(database_url, database, tmp_path):
    command = "create-owner --account Acme --email alice@acme.example --password-stdin"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")},
        "PORTAL_DATABASE_URL": database_url,
        "PORTAL_INSTANCE_DIR": str(tmp_path / "instance"),
        "PORTAL_SECRET_KEY": SECRET_KEY,
    }

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "portal.cli", *command.split()],
            input="seven purple lanterns\n",
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    first, second = run(), run()

    assert (first.returncode, first.stdout, first.stderr) == (0, "alice@acme.example is an owner of Acme.\n", "")
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == "That email address is in use. Choose a different one.\n"
