"""The people of the tests: Alice owns Acme, Adam is its admin, Bob a member; Charlie owns another account."""

from dataclasses import dataclass
from functools import cache

from sqlalchemy.orm import Session

from portal.accounts.models import Account, Role, User
from portal.accounts.passwords import hash_password
from portal.clock import utc_now
from portal.names import email_key, name_key

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Person:
    """One of the cast, with their rows' ids."""

    id: int
    account_id: int
    name: str
    email: str
    role: Role
    password: str = PASSWORD


@dataclass(frozen=True)
class Cast:
    """Everybody, by name."""

    alice: Person
    adam: Person
    bob: Person
    charlie: Person

    def everybody(self) -> tuple[Person, ...]:
        return (self.alice, self.adam, self.bob, self.charlie)


@cache
def password_hash() -> str:
    """One hash for everybody: hashing is slow on purpose."""
    return hash_password(PASSWORD)


def add_account(session: Session, name: str) -> Account:
    account = Account(name=name, name_key=name_key(name), created_at=utc_now())
    session.add(account)
    session.flush()
    return account


def add_person(session: Session, account: Account, name: str, role: Role) -> Person:
    email = f"{name.lower()}@{account.name.lower()}.example"
    user = User(
        account_id=account.id,
        name=name,
        email=email,
        email_key=email_key(email),
        role=role,
        password_hash=password_hash(),
        created_at=utc_now(),
    )
    session.add(user)
    session.flush()
    return Person(user.id, account.id, name, email, role)


def add_cast(session: Session) -> Cast:
    acme = add_account(session, "Acme")
    alice = add_person(session, acme, "Alice", Role.OWNER)
    adam = add_person(session, acme, "Adam", Role.ADMIN)
    bob = add_person(session, acme, "Bob", Role.MEMBER)
    globex = add_account(session, "Globex")
    return Cast(alice, adam, bob, add_person(session, globex, "Charlie", Role.OWNER))
