"""What every change of an account goes through: its lock, and the person who acts, read again under it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.models import Account, Role, User
from portal.audit import Actor, ActorKind
from portal.errors import NotAllowed, NotFound
from portal.names import email_key


class NoSuchUser(NotFound):
    """Nobody has that address."""

    sentence = "Nobody here has that email address. Check the spelling."


def lock_account(session: Session, account_id: int) -> Account:
    """The account's row, locked until the transaction ends, with its present values.

    Every change of people, tokens, sessions or API access takes it first and reads state after it; so last
    owner, cap, one token, names and the order of the log need no luck. Raises `NotFound`.
    """
    query = select(Account).where(Account.id == account_id).with_for_update()
    account = session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
    if account is None:
        raise NotFound
    return account


def lock_acting_user(session: Session, actor: Actor, *, at_least: Role = Role.MEMBER) -> User:
    """Locks the actor's account and returns the acting person as they are now.

    Raises `NotAllowed` when the actor is no person, has been deactivated, or has lost the role in the meantime.
    """
    if actor.kind is not ActorKind.USER or actor.account_id is None:
        raise NotAllowed
    account = lock_account(session, actor.account_id)
    query = select(User).where(User.id == actor.id, User.account_id == account.id)
    user = session.scalars(query, execution_options={"populate_existing": True}).one_or_none()
    if user is None or not user.is_active or not user.role.is_at_least(at_least):
        raise NotAllowed
    return user


def find_user_by_email(session: Session, email: str) -> User | None:
    """The one person with that address, over all accounts, deactivated ones too."""
    return session.scalars(select(User).where(User.email_key == email_key(email))).one_or_none()


def lock_user(session: Session, email: str) -> User:
    """The person with that address as they are now, their account locked. Raises `NoSuchUser`."""
    found = find_user_by_email(session, email)
    if found is None:
        raise NoSuchUser
    lock_account(session, found.account_id)
    return session.get_one(User, found.id, populate_existing=True)
