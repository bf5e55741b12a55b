"""Verbs on people, for those who have no page yet."""

import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from portal.accounts.models import Role
from portal.accounts.passwords import check_password, hash_password
from portal.audit import OPERATOR
from portal.clock import utc_now
from portal.commands.console import Refused, add_command, change, say
from portal.members import service as members
from portal.names import clean_email, clean_name
from portal.sign_in import service as sign_in

if TYPE_CHECKING:
    from portal.commands.console import Commands

# Far more than any password; what is piped in by mistake must not fill the memory.
LONGEST_INPUT = 10_000


def add_commands(commands: "Commands") -> None:
    """Adds the commands on people to those of `portal`."""
    for name, command, what in _COMMANDS:
        one = add_command(commands, name, command, what)
        if name.startswith("create-"):
            one.add_argument("--account", required=True, metavar="NAME")
            one.add_argument("--name", help="the person's name; by default the part of the address before the @")
        one.add_argument("--email", required=True)
        if name == "create-user":
            one.add_argument("--role", required=True, choices=[role.value for role in Role])
        if command not in {_deactivate_user, _reactivate_user}:
            one.add_argument("--password-stdin", action="store_true", required=True, help="read it there")


def _create_owner(options: Namespace) -> None:
    account = clean_name(options.account)
    email, name, password_hash = _new_person(options, account)
    change(lambda session: members.add_owner(
        session, account_name=account, email=email, name=name, password_hash=password_hash, now=utc_now()
    ))  # fmt: skip
    say(f"{email} is an owner of {account}.")


def _create_user(options: Namespace) -> None:
    account, role = clean_name(options.account), Role(options.role)
    email, name, password_hash = _new_person(options, account)
    change(lambda session: members.add_user(
        session, account_name=account, email=email, name=name, role=role, password_hash=password_hash, now=utc_now()
    ))  # fmt: skip
    say(f"{email} is {'a' if role is Role.MEMBER else 'an'} {role} of {account}.")


def _deactivate_user(options: Namespace) -> None:
    email = clean_email(options.email)
    change(lambda session: members.deactivate(session, OPERATOR, email=email, now=utc_now()))
    say(f"{email} is deactivated; their sessions and personal tokens are dead.")


def _reactivate_user(options: Namespace) -> None:
    email = clean_email(options.email)
    change(lambda session: members.reactivate(session, OPERATOR, email=email, now=utc_now()))
    say(f"{email} can sign in again; their former sessions and tokens stay dead.")


def _set_password(options: Namespace) -> None:
    email = clean_email(options.email)
    password_hash = _hash_of_new_password(email)
    change(lambda session: sign_in.set_password(
        session, OPERATOR, email=email, password_hash=password_hash, now=utc_now()
    ))  # fmt: skip
    say(f"The password of {email} is changed; they are signed out everywhere.")


def _new_person(options: Namespace, account: str) -> tuple[str, str, str]:
    """E-mail address, name and password hash of who is to be added."""
    email = clean_email(options.email)
    name = clean_name(options.name if options.name is not None else email.partition("@")[0])
    return email, name, _hash_of_new_password(email, name, account)


def _hash_of_new_password(*context: str) -> str:
    typed = sys.stdin.buffer.read(LONGEST_INPUT)
    try:
        password = typed.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise Refused("The password on standard input is not UTF-8 text.") from error
    if not password:
        raise Refused("There is no password on standard input.")
    check_password(password, context=context)
    return hash_password(password)


_COMMANDS = (
    ("create-owner", _create_owner, "add an owner, and the account if there is none of that name"),
    ("create-user", _create_user, "add a person to an account"),
    ("deactivate-user", _deactivate_user, "end a person's sessions and tokens, and let them in no more"),
    ("reactivate-user", _reactivate_user, "let a deactivated person sign in again"),
    ("set-password", _set_password, "give a person a new password"),
)
