"""Starts that are refused: one sentence each, and exit code 1."""

import socket

import pytest


@pytest.mark.parametrize("command", ["run", "gateway", "events"])
def test_a_port_that_is_taken_is_one_sentence(operator, command):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        outcome = operator.run(command, "--port", str(port))

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"Port {port} on 127.0.0.1 is taken.")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_port_of_another_part_that_is_taken_is_one_sentence(operator):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        outcome = operator.run("run", "--port", str(port - 1))

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"Port {port} on 127.0.0.1 is taken.")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_port_after_which_there_is_none_is_one_sentence(operator):
    outcome = operator.run("run", "--port", "65535")

    assert outcome.code == 1
    assert "leaves none for the event stream" in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("host", ["203.0.113.1", "no-such-host.invalid", "a" * 70])
def test_an_address_that_is_not_here_is_one_sentence(operator, host):
    outcome = operator.run("run", "--host", host, "--port", "20896")

    assert outcome.code == 1
    assert "--host" in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_file_in_place_of_the_instance_folder_is_one_sentence(operator, tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("PORTAL_INSTANCE_DIR", str(tmp_path / "taken"))

    outcome = operator.run("run", "--port", "20895")

    assert outcome.code == 1
    assert outcome.err.startswith("PORTAL_INSTANCE_DIR: ")
    assert outcome.err.count("\n") == 1


def test_a_statement_without_a_date_is_one_sentence(operator, tmp_path, monkeypatch):
    (tmp_path / "statement.md").write_text("Keep it secret.\n")
    monkeypatch.setenv("PORTAL_SECURITY_STATEMENT_FILE", str(tmp_path / "statement.md"))

    outcome = operator.run("run", "--port", "20894")

    assert outcome.code == 1
    assert outcome.err.startswith("PORTAL_SECURITY_STATEMENT_FILE: ")
    assert outcome.err.count("\n") == 1


def test_a_brand_whose_logo_is_not_there_is_one_sentence(operator, monkeypatch):
    monkeypatch.setenv("PORTAL_BRAND", "Acme;logo=/nope/logo.svg")

    outcome = operator.run("run", "--port", "20893")

    assert outcome.code == 1
    assert outcome.err == "PORTAL_BRAND: the logo /nope/logo.svg cannot be read (No such file or directory).\n"
