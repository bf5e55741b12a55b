"""The people of an account and the inventory of their tokens: set-up, the profile, lists, the operator's verbs.

Names and addresses come in clean (`portal.names`) and passwords hashed: hashing takes time on purpose and never
happens inside a transaction.
"""

import hmac
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.accounts.models import Account, Installation, Role, User
from portal.accounts.service import lock_account, lock_acting_user, lock_user
from portal.accounts.sessions import end_all_sessions
from portal.audit import OPERATOR, Action, Actor, ActorKind, Target, record
from portal.errors import NameTaken, NotFound, WrongState
from portal.names import email_key, name_key
from portal.tokens import service as tokens
from portal.tokens.models import Status, Token

# 32 characters, so five bits each, none of which is taken for another: no 0 and O, no 1 and I.
_CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_CODE_GROUPS = 4
_GROUP_SIZE = 4


class EmailTaken(NameTaken):
    """Somebody has that address, in this account or another one."""

    sentence = "That email address is in use. Choose a different one."


class NoSuchAccount(NotFound):
    """No account has that name."""

    sentence = "There is no account of that name. Check the spelling, or make it with create-owner."


class LastOwner(WrongState):
    """An account without an active owner could never be changed again."""

    sentence = "This is the account's last active owner. Add another owner first."


class AlreadyInactive(WrongState):
    """The person has been deactivated before."""

    sentence = "This person is deactivated already."


class AlreadyActive(WrongState):
    """The person is not deactivated."""

    sentence = "This person is active already."


def has_users(session: Session) -> bool:
    """Whether anybody was ever added, deactivated people too; then set-up is over."""
    return session.scalar(select(User.id).limit(1)) is not None


def read_setup_id(session: Session) -> str:
    """The random id of this installation, which the set-up code is made from."""
    return session.scalars(select(Installation.setup_id)).one()


def setup_code(secret_key: str, setup_id: str) -> str:
    """The one-time code of `/setup`, four groups of four: the same in every process that has the key."""
    digest = hmac.digest(secret_key.encode(), f"portal set-up code {setup_id}".encode(), sha256)
    signs = [_CODE_ALPHABET[byte % len(_CODE_ALPHABET)] for byte in digest[: _CODE_GROUPS * _GROUP_SIZE]]
    return "-".join("".join(signs[start : start + _GROUP_SIZE]) for start in range(0, len(signs), _GROUP_SIZE))


def is_setup_code(typed: str, code: str) -> bool:
    """Whether `typed` is `code`, in constant time; case, dashes and blanks do not count."""
    return hmac.compare_digest(_bare(typed), _bare(code))


def _bare(code: str) -> bytes:
    return "".join(sign for sign in code if sign.isalnum()).upper().encode()


def set_up(
    session: Session,
    *,
    account_name: str,
    name: str,
    email: str,
    password_hash: str,
    address: str | None,
    now: datetime,
) -> User:
    """Makes the first account and its owner. Raises `NotFound` once there is a user, so two at once make one."""
    _lock_installation(session)
    if has_users(session):
        raise NotFound
    account = _new_account(session, account_name, now=now)
    user = _new_user(session, account, name=name, email=email, role=Role.OWNER, password_hash=password_hash, now=now)
    actor = Actor(kind=ActorKind.USER, account_id=account.id, id=user.id, name=user.name, address=address)
    _record_account(session, actor, account, now=now)
    _record(session, Action.USER_CREATED, actor, user, now=now, detail=user.role)
    return user


def add_owner(session: Session, *, account_name: str, email: str, name: str, password_hash: str, now: datetime) -> User:
    """Adds an owner to the account of that name, which is made when there is none. Raises `EmailTaken`."""
    _lock_installation(session)
    account = _find_account(session, account_name)
    if account is None:
        account = _new_account(session, account_name, now=now)
        _record_account(session, OPERATOR, account, now=now)
    return _add(session, account, email=email, name=name, role=Role.OWNER, password_hash=password_hash, now=now)


def add_user(
    session: Session, *, account_name: str, email: str, name: str, role: Role, password_hash: str, now: datetime
) -> User:
    """Adds a person to the account of that name. Raises `NoSuchAccount`, `EmailTaken`."""
    account = _find_account(session, account_name)
    if account is None:
        raise NoSuchAccount
    return _add(session, account, email=email, name=name, role=role, password_hash=password_hash, now=now)


def list_people(session: Session, *, account_id: int, before_id: int | None, most: int) -> list[User]:
    """The people of the account, deactivated ones too, newest first; `before_id` goes on from an earlier page."""
    query = select(User).where(User.account_id == account_id).order_by(User.id.desc()).limit(most)
    if before_id is not None:
        query = query.where(User.id < before_id)
    return list(session.scalars(query))


def list_tokens(
    session: Session, *, account_id: int, now: datetime, status: Status | None, before_id: int | None, most: int
) -> list[tuple[Token, User]]:
    """The personal tokens of everybody in the account, each with its person, newest first; `status` None is all."""
    query = (
        select(Token, User)
        # The account's own token is nobody's, so the join leaves it out.
        .join(User, User.id == Token.user_id)
        .where(Token.account_id == account_id)
        .order_by(Token.id.desc())
        .limit(most)
    )
    if status is not None:
        query = query.where(tokens.has_status(status, now))
    if before_id is not None:
        query = query.where(Token.id < before_id)
    return [(token, user) for token, user in session.execute(query)]


def rename(session: Session, actor: Actor, *, name: str, now: datetime) -> User:
    """Gives the acting person another name."""
    user = lock_acting_user(session, actor)
    former = user.name
    if name != former:
        user.name = name
        _record(session, Action.USER_RENAMED, actor, user, now=now, detail=f"before: {former}")
    return user


def deactivate(session: Session, actor: Actor, *, email: str, now: datetime) -> User:
    """Shuts a person out: their sessions end and their tokens die at once, for good.

    Raises `NoSuchUser`, `AlreadyInactive`, `LastOwner`.
    """
    user = lock_user(session, email)
    if not user.is_active:
        raise AlreadyInactive
    if user.role is Role.OWNER and _count_active_owners(session, user.account_id) == 1:
        raise LastOwner
    user.deactivated_at = now
    end_all_sessions(session, user.id, now=now)
    _record(session, Action.USER_DEACTIVATED, actor, user, now=now)
    tokens.revoke_all(session, actor, user_id=user.id, now=now, detail="person deactivated")
    return user


def reactivate(session: Session, actor: Actor, *, email: str, now: datetime) -> User:
    """Lets a person in again. Their former tokens and sessions stay dead. Raises `NoSuchUser`, `AlreadyActive`."""
    user = lock_user(session, email)
    if user.is_active:
        raise AlreadyActive
    user.deactivated_at = None
    _record(session, Action.USER_REACTIVATED, actor, user, now=now)
    return user


def _lock_installation(session: Session) -> None:
    # Before any account's row, always, so that two who make an account wait for each other.
    session.scalars(select(Installation).with_for_update()).one()


def _find_account(session: Session, name: str) -> Account | None:
    return session.scalars(select(Account).where(Account.name_key == name_key(name))).one_or_none()


def _new_account(session: Session, name: str, *, now: datetime) -> Account:
    account = Account(name=name, name_key=name_key(name), created_at=now)
    session.add(account)
    session.flush()
    return account


def _add(
    session: Session, account: Account, *, email: str, name: str, role: Role, password_hash: str, now: datetime
) -> User:
    lock_account(session, account.id)
    user = _new_user(session, account, name=name, email=email, role=role, password_hash=password_hash, now=now)
    _record(session, Action.USER_CREATED, OPERATOR, user, now=now, detail=role)
    return user


def _new_user(
    session: Session, account: Account, *, name: str, email: str, role: Role, password_hash: str, now: datetime
) -> User:
    user = User(
        account=account,
        name=name,
        email=email,
        email_key=email_key(email),
        role=role,
        password_hash=password_hash,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        raise EmailTaken from error
    return user


def _count_active_owners(session: Session, account_id: int) -> int:
    active = (User.account_id == account_id, User.role == Role.OWNER, User.deactivated_at.is_(None))
    return session.scalar(select(func.count()).select_from(User).where(*active)) or 0


def _record_account(session: Session, actor: Actor, account: Account, *, now: datetime) -> None:
    target = Target(kind="account", id=account.id, name=account.name)
    record(session, Action.ACCOUNT_CREATED, actor, account_id=account.id, now=now, target=target)


def _record(
    session: Session, action: Action, actor: Actor, user: User, *, now: datetime, detail: str | None = None
) -> None:
    target = Target(kind="user", id=user.id, name=user.name)
    record(session, action, actor, account_id=user.account_id, now=now, target=target, detail=detail)
