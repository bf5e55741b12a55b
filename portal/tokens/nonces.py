"""Once only: a form's nonce and a call's idempotency key, both taken in the transaction that makes the token."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.errors import PortalError, WrongValue
from portal.tokens.models import FormNonce, IdempotencyKey, Token

# As long as the longest session, so that no form outlives its nonce.
NONCE_KEPT = timedelta(days=31)
KEY_KEPT = timedelta(hours=24)
SHORTEST_NONCE, LONGEST_NONCE = 16, 64
LONGEST_KEY = 255
_KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")


class AlreadyDone(PortalError):
    """The form was sent, or the key used, before. `token` is what came of it; its secret is stored nowhere."""

    code = "already_done"
    sentence = "This was already done."

    def __init__(self, token: Token) -> None:
        super().__init__()
        self.token = token


def make_nonce() -> str:
    """A nonce for a form that is about to be shown."""
    return secrets.token_urlsafe(16)


class Once(Protocol):
    """What makes the making of a token happen once. Both are called under the account lock."""

    def begin(self, session: Session, *, user_id: int, now: datetime) -> None:
        """Before any state is looked at. Raises `AlreadyDone` when it was done before."""

    def done(self, session: Session, token: Token) -> None:
        """After the token was made, in the same transaction."""


@dataclass(slots=True)
class FormOnce:
    """A form's nonce. `action` names the form, so that a nonce of one is no nonce of another."""

    action: str
    nonce: str
    _taken: FormNonce | None = None

    def begin(self, session: Session, *, user_id: int, now: datetime) -> None:
        if not _is_nonce(self.nonce):
            # Only a forged form gets here; the pages make good ones.
            raise WrongValue("nonce", "This form was incomplete. Nothing was made. Send it again.")
        own = FormNonce.user_id == user_id
        session.execute(delete(FormNonce).where(own, FormNonce.created_at < now - NONCE_KEPT))
        self._taken = FormNonce(user_id=user_id, action=self.action, nonce=self.nonce, created_at=now)
        try:
            with session.begin_nested():
                session.add(self._taken)
        except IntegrityError as error:
            raise AlreadyDone(session.scalars(self._made(user_id)).one()) from error

    def token_made(self, session: Session, *, user_id: int) -> Token | None:
        """What came of the form, if it was sent before."""
        return session.scalars(self._made(user_id)).one_or_none() if _is_nonce(self.nonce) else None

    def _made(self, user_id: int) -> Select[Token]:
        same = (FormNonce.user_id == user_id, FormNonce.action == self.action, FormNonce.nonce == self.nonce)
        return select(Token).join(FormNonce, FormNonce.token_id == Token.id).where(*same)

    def done(self, session: Session, token: Token) -> None:
        if self._taken is not None:
            self._taken.token_id = token.id


@dataclass(frozen=True, slots=True)
class CallOnce:
    """An `Idempotency-Key`, kept 24 hours per person. `digest` is what makes two calls the same one."""

    key: str
    digest: str

    def begin(self, session: Session, *, user_id: int, now: datetime) -> None:
        if not _KEY.fullmatch(self.key):
            raise WrongValue("Idempotency-Key", f"Use 1 to {LONGEST_KEY} visible ASCII characters, no blanks.")
        own = IdempotencyKey.user_id == user_id
        session.execute(delete(IdempotencyKey).where(own, IdempotencyKey.created_at <= now - KEY_KEPT))
        used = session.scalars(select(IdempotencyKey).where(own, IdempotencyKey.key == self.key)).one_or_none()
        if used is None:
            return
        if used.call_digest != self.digest:
            raise WrongValue("Idempotency-Key", "This key was used for a different call. Use a new one.")
        raise AlreadyDone(session.get_one(Token, used.token_id))

    def done(self, session: Session, token: Token) -> None:
        row = IdempotencyKey(
            user_id=token.made_by_id,
            key=self.key,
            call_digest=self.digest,
            token_id=token.id,
            created_at=token.created_at,
        )
        session.add(row)
        session.flush()


def call_digest(method: str, path: str, body: bytes) -> str:
    """What makes two calls with one key the same: method, path (`self` resolved to its id) and body."""
    return sha256(b"\0".join((method.encode(), path.encode(), body))).hexdigest()


def _is_nonce(text: str) -> bool:
    return SHORTEST_NONCE <= len(text) <= LONGEST_NONCE and text.isascii() and text.isprintable()
