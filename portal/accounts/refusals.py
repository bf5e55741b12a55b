"""Refusals of somebody we know: noted in memory, written as one finished row per minute with its count.

A stranger's unknown token is never noted here, so that nobody can fill the disk.
"""

import threading
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from portal.accounts.service import lock_account
from portal.audit import Action, Actor, Outcome, record
from portal.clock import utc_now
from portal.database import Database
from portal.recorder import MOST_NOTES


@dataclass(frozen=True, slots=True)
class _Refusal:
    account_id: int
    action: Action
    actor: Actor
    detail: str
    minute: datetime


class Refusals:
    """The refusals of one process that are not written yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[_Refusal, int] = {}

    def note(self, action: Action, actor: Actor, *, account_id: int, detail: str, at: datetime) -> None:
        """Counts one refusal. `detail` is the problem's code or the reason."""
        refusal = _Refusal(account_id, action, actor, detail, _minute(at))
        with self._lock:
            if refusal in self._counts or len(self._counts) < MOST_NOTES:
                self._counts[refusal] = self._counts.get(refusal, 0) + 1

    def write(self, database: Database, *, is_last: bool) -> None:
        finished = self._taken(before=None if is_last else _minute(utc_now()))
        for account_id in sorted({refusal.account_id for refusal in finished}):
            own = {refusal: count for refusal, count in finished.items() if refusal.account_id == account_id}
            database.transaction(partial(_insert, account_id=account_id, noted=own))

    def _taken(self, *, before: datetime | None) -> dict[_Refusal, int]:
        with self._lock:
            taken = {
                refusal: count for refusal, count in self._counts.items() if before is None or refusal.minute < before
            }
            for refusal in taken:
                del self._counts[refusal]
        return taken


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _insert(session: Session, *, account_id: int, noted: dict[_Refusal, int]) -> None:
    lock_account(session, account_id)
    for refusal, count in noted.items():
        record(
            session,
            refusal.action,
            refusal.actor,
            account_id=account_id,
            now=refusal.minute,
            outcome=Outcome.REFUSED,
            detail=refusal.detail,
            count=count,
        )
