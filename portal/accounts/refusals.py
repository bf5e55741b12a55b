"""Refusals of somebody we know: noted in memory, written as one finished row per minute with its count.

A stranger's unknown token is never noted here, so that nobody can fill the disk.
"""

import threading
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain

from sqlalchemy.orm import Session

from portal.accounts.service import lock_account
from portal.audit import Action, Actor, ActorKind, Outcome, record
from portal.clock import utc_now
from portal.database import Database
from portal.recorder import MOST_NOTES, is_unwritten

_NOBODY = Actor(kind=ActorKind.NONE, account_id=None, id=None, name="Nobody")


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What one row stands for. Its actor has no address: a row for each would let a stranger fill the log."""

    account_id: int | None
    action: Action
    actor: Actor
    detail: str
    minute: datetime


# By refusal: the actor with the first address of that minute, and how often.
Noted = dict[_Refusal, tuple[Actor, int]]


class Refusals:
    """The refusals of one process that are not written yet."""

    name = "refusals"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: Noted = {}

    def note(self, action: Action, actor: Actor, *, account_id: int, detail: str, at: datetime) -> None:
        """Counts one refusal. `detail` is the problem's code or the reason."""
        self._count(_Refusal(account_id, action, replace(actor, address=None), detail, _minute(at)), actor)

    def note_nobody(self, action: Action, *, address: str | None, detail: str, at: datetime) -> None:
        """The work of `note` for somebody we do not know. It is never written."""
        actor = replace(_NOBODY, address=address)
        self._count(_Refusal(None, action, replace(actor, address=None), detail, _minute(at)), actor)

    def _count(self, refusal: _Refusal, actor: Actor) -> None:
        with self._lock:
            if refusal in self._noted or len(self._noted) < MOST_NOTES:
                first, count = self._noted.get(refusal, (actor, 0))
                self._noted[refusal] = (first, count + 1)

    def write(self, database: Database, *, is_last: bool) -> None:
        """What cannot be written now is kept for the next time, within the same bounds.

        Unless the connection broke during COMMIT: that account's may have been written, so they are forgotten.
        """
        waiting = _by_account(self._taken(before=None if is_last else _minute(utc_now())))
        while waiting:
            account_id, own = waiting.pop(0)
            try:
                database.transaction(partial(_insert, account_id=account_id, noted=own))
            except Exception as error:
                self._keep(*([own] if is_unwritten(error) else []), *(later for _, later in waiting))
                raise

    def _taken(self, *, before: datetime | None) -> Noted:
        with self._lock:
            taken = {
                refusal: noted for refusal, noted in self._noted.items() if before is None or refusal.minute < before
            }
            for refusal in taken:
                del self._noted[refusal]
        return taken

    def _keep(self, *parts: Noted) -> None:
        with self._lock:
            for refusal, (actor, count) in chain.from_iterable(part.items() for part in parts):
                known = self._noted.get(refusal)
                if known is not None or len(self._noted) < MOST_NOTES:
                    self._noted[refusal] = (actor, count if known is None else count + known[1])


def _by_account(noted: Noted) -> list[tuple[int, Noted]]:
    found: dict[int, Noted] = {}
    for refusal, count in noted.items():
        if refusal.account_id is not None:
            found.setdefault(refusal.account_id, {})[refusal] = count
    return sorted(found.items())


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _insert(session: Session, *, account_id: int, noted: Noted) -> None:
    lock_account(session, account_id)
    for refusal, (actor, count) in noted.items():
        record(
            session,
            refusal.action,
            actor,
            account_id=account_id,
            now=refusal.minute,
            outcome=Outcome.REFUSED,
            detail=refusal.detail,
            count=count,
        )
