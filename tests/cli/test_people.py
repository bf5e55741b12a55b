"""Verbs on people: what each does, what it refuses, and what the security log keeps."""

import pytest
from sqlalchemy import select

from portal.accounts.models import Account, Role, User, UserSession
from portal.accounts.passwords import verify_password
from portal.audit import AuditEvent
from portal.tokens.models import Token
from tests.builders import make_token
from tests.cli.conftest import PASSWORD

OWNER = ("create-owner", "--account", "Acme", "--email", "alice@acme.example", "--password-stdin")
MEMBER = ("create-user", "--account", "Acme", "--email", "zoe@acme.example", "--role", "member", "--password-stdin")


def person(database, email: str) -> User:
    with database.reading() as session:
        return session.scalars(select(User).where(User.email_key == email)).one()


def count(database, model) -> int:
    with database.reading() as session:
        return len(session.scalars(select(model)).all())


def events(database) -> list[tuple[str, str, str | None]]:
    with database.reading() as session:
        found = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        return [(event.action, event.actor_kind, event.target_name) for event in found]


def test_create_owner_makes_the_account_and_its_owner(operator, database):
    outcome = operator.run(*OWNER, "--name", "Alice")

    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "alice@acme.example is an owner of Acme.\n"
    alice = person(database, "alice@acme.example")
    assert (alice.name, alice.role) == ("Alice", Role.OWNER)
    assert verify_password(alice.password_hash, PASSWORD)


def test_create_owner_is_recorded_as_the_operators_deed(operator, database):
    operator.run(*OWNER)

    assert events(database) == [("account.created", "operator", "Acme"), ("user.created", "operator", "alice")]


def test_create_owner_adds_an_owner_to_an_account_however_its_name_is_written(operator, cast, database):
    outcome = operator.run("create-owner", "--account", "ACME", "--email", "zoe@acme.example", "--password-stdin")

    assert outcome.code == 0
    assert person(database, "zoe@acme.example").account_id == cast.alice.account_id
    assert count(database, Account) == 2


def test_a_name_left_out_is_the_part_of_the_address_before_the_at(operator, database):
    operator.run(*OWNER)

    assert person(database, "alice@acme.example").name == "alice"


@pytest.mark.parametrize("role", ["member", "admin", "owner"])
def test_create_user_adds_a_person_with_that_role(operator, cast, database, role):
    outcome = operator.run(*MEMBER[:5], "--role", role, "--password-stdin")

    assert outcome.code == 0
    assert person(database, "zoe@acme.example").role == role
    assert events(database)[-1] == ("user.created", "operator", "zoe")


def test_create_user_does_not_make_an_account(operator, database):
    outcome = operator.run(*MEMBER)

    assert (outcome.code, outcome.out) == (1, "")
    assert "There is no account of that name." in outcome.err
    assert count(database, Account) == 0


@pytest.mark.parametrize("command", [OWNER, (*MEMBER[:4], "ALICE@acme.example", *MEMBER[5:])])
def test_an_address_that_is_in_use_is_refused(operator, cast, database, command):
    outcome = operator.run(*command)

    assert (outcome.code, outcome.err) == (1, "That email address is in use. Choose a different one.\n")
    assert count(database, User) == 4


def test_deactivate_user_kills_sessions_and_tokens(operator, cast, bob, database):
    make_token(database, cast.bob)

    outcome = operator.run("deactivate-user", "--email", cast.bob.email)

    assert outcome.code == 0
    assert not person(database, cast.bob.email).is_active
    with database.reading() as session:
        assert session.scalars(select(Token.revoked_at)).one() is not None
        assert session.scalars(select(UserSession.ended_at)).one() is not None
    assert ("user.deactivated", "operator", "Bob") in events(database)


def test_the_last_owner_cannot_be_deactivated(operator, cast, database):
    outcome = operator.run("deactivate-user", "--email", cast.charlie.email)

    assert outcome.code == 1
    assert "last active owner" in outcome.err
    assert person(database, cast.charlie.email).is_active


def test_reactivate_user_lets_them_in_again_without_their_former_tokens(operator, cast, database):
    make_token(database, cast.bob)
    operator.run("deactivate-user", "--email", cast.bob.email)

    outcome = operator.run("reactivate-user", "--email", cast.bob.email)

    assert outcome.code == 0
    assert person(database, cast.bob.email).is_active
    with database.reading() as session:
        assert session.scalars(select(Token.revoked_at)).one() is not None
    assert events(database)[-1] == ("user.reactivated", "operator", "Bob")


@pytest.mark.parametrize("command", ["deactivate-user", "reactivate-user"])
def test_doing_it_again_is_refused(operator, cast, command):
    operator.run("deactivate-user", "--email", cast.bob.email)
    operator.run(command, "--email", cast.bob.email)

    assert operator.run(command, "--email", cast.bob.email).code == 1


def test_set_password_changes_it_and_ends_all_sessions(operator, cast, bob, database):
    outcome = operator.run("set-password", "--email", cast.bob.email, "--password-stdin")

    assert outcome.code == 0
    assert verify_password(person(database, cast.bob.email).password_hash, PASSWORD)
    with database.reading() as session:
        assert session.scalars(select(UserSession.ended_at)).one() is not None
    assert ("password.changed", "operator", "Bob") in events(database)


@pytest.mark.parametrize("command", ["deactivate-user", "reactivate-user", "set-password"])
def test_an_unknown_address_is_refused(operator, cast, command):
    password = ["--password-stdin"] if command == "set-password" else []

    outcome = operator.run(command, "--email", "nobody@acme.example", *password)

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "Nobody here has that email address. Check the spelling.\n"


@pytest.mark.parametrize(
    ("account", "email", "name", "why"),
    [
        ("  ", "alice@acme.example", "Alice", "Enter a name."),
        ("Acme\x1b[31m", "alice@acme.example", "Alice", "invisible or control characters"),
        ("A" * 101, "alice@acme.example", "Alice", "at most 100 characters"),
        ("Acme", "alice", "Alice", "Enter an email address like"),
        ("Acme", "alice@acme.example\r\nBcc: x@y.z", "Alice", "Enter an email address like"),
        ("Acme", "alice@acme.example", "Al\u202eice", "invisible or control characters"),
        ("Acme", "alice@acme.example", "", "Enter a name."),
    ],
)
def test_names_and_addresses_are_checked(operator, database, account, email, name, why):
    outcome = operator.run("create-owner", "--account", account, "--email", email, "--name", name, "--password-stdin")

    assert outcome.code == 1
    assert why in outcome.err
    assert "\x1b" not in outcome.err
    assert (count(database, Account), count(database, User)) == (0, 0)


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (b"", "There is no password on standard input."),
        (b"\n", "There is no password on standard input."),
        (b"too short", "Use at least 15 characters."),
        (b"x" * 129, "Use at most 128 characters."),
        (b"y" * 1_000_000, "Use at most 128 characters."),
        (b"\xff\xfe seven purple lanterns", "not UTF-8"),
        (b"aaaaaaaaaaaaaaaaaaaa", "lists attackers try first"),
        (b"acme alice acme 1", "mostly your name"),
    ],
)
def test_passwords_are_checked_before_anything_is_written(operator, database, typed, why):
    outcome = operator.run(*OWNER, stdin=typed)

    assert (outcome.code, outcome.out) == (1, "")
    assert why in outcome.err
    assert count(database, Account) == 0


@pytest.mark.parametrize(
    ("typed", "password"),
    [
        (f"{PASSWORD}\n", PASSWORD),
        (f"{PASSWORD}\r\n", PASSWORD),
        (f"{PASSWORD}\n\n", f"{PASSWORD}\n"),
        (f" {PASSWORD} ", f" {PASSWORD} "),
    ],
)
def test_one_trailing_newline_is_dropped_and_nothing_else(operator, database, typed, password):
    operator.run(*OWNER, stdin=typed.encode())

    assert verify_password(person(database, "alice@acme.example").password_hash, password)


def test_the_password_is_never_said(operator):
    outcome = operator.run(*OWNER)

    assert PASSWORD not in outcome.out + outcome.err
