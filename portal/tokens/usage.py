"""How much tokens are used, and when last: noted during the call, written outside of it, in batches.

Only numbers per token and day are kept, so that neither memory nor the table grows with the number of calls. Time
never goes backwards, and a call is rather lost than counted twice.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from itertools import chain

from sqlalchemy import Date, Table, bindparam, func, or_, select, text, update
from sqlalchemy.orm import Session

from portal.database import Database, filled_up
from portal.logs import OnceAMinute
from portal.recorder import is_unwritten
from portal.tokens.models import Token

LOG = logging.getLogger(__name__)

# The most tokens that are noted between two flushes of one process; a full one takes 17 MB. More than are
# checked in that time, so that it fills only when nothing can be written. What does not fit is counted and told.
MOST_USES = 50_000

# How many notes one transaction writes: on SQLite nobody else writes meanwhile.
_IN_ONE_GO = 500

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Use:
    """What is noted of one token on one day and not written yet. `at` and `address` are of the last call that it was
    good for. `calls` is below zero when what is taken back was written before."""

    at: datetime = _NEVER
    address: str | None = None
    calls: int = 0
    refusals: int = 0

    def add(self, other: "Use") -> None:
        """Takes the notes of `other` in."""
        self.calls += other.calls
        self.refusals += other.refusals
        if self.at < other.at:
            self.at, self.address = other.at, other.address or self.address


# By token id and day (UTC, the proleptic Gregorian ordinal of `date.toordinal`).
Noted = dict[tuple[int, int], Use]


class Uses:
    """The uses of one process that are not written yet."""

    name = "uses"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: Noted = {}
        self._dropped = 0
        self._full = OnceAMinute()

    def note_call(self, token_id: int, at: datetime, address: str | None) -> None:
        """Counts one call that the token was good for. On the path of every call: no work but this."""
        with self._lock:
            use = self._noted.get((token_id, at.toordinal()))
            if use is None:
                use = self._begun(token_id, at)
            use.calls += 1
            if use.at <= at:
                use.at = at
                # Whoever introspects a token does not say where its holder is.
                use.address = address or use.address

    def note_refusal(self, token_id: int, at: datetime, *, was_noted: bool) -> None:
        """Counts one call that was refused although we know the token: dead, or not enough for what was asked.

        `was_noted`: the token was good, so the call was noted as one let in. That is taken back; its use stays.
        """
        with self._lock:
            use = self._noted.get((token_id, at.toordinal())) or self._begun(token_id, at)
            use.refusals += 1
            if was_noted:
                use.calls -= 1

    def _begun(self, token_id: int, at: datetime) -> Use:
        use = Use()
        if len(self._noted) < MOST_USES:
            self._noted[token_id, at.toordinal()] = use
        else:
            self._dropped += 1
        return use

    def write(self, database: Database, *, is_last: bool) -> None:
        """What cannot be written now is kept for the next time, within the same bounds.

        Unless the connection broke during COMMIT: that part may have been written, so it is forgotten.
        """
        with self._lock:
            noted, self._noted = self._noted, {}
        self._tell_dropped(is_last=is_last)
        parts = _parts(noted)
        while parts:
            part = parts.pop(0)
            try:
                unwritten = database.transaction(partial(_write, noted=part, is_last=is_last))
            except Exception as error:
                self._keep(*parts, *([part] if is_unwritten(error) else []))
                raise
            self._keep(unwritten)

    def _keep(self, *parts: Noted) -> None:
        with self._lock:
            for key, use in chain.from_iterable(part.items() for part in parts):
                known = self._noted.get(key)
                if known is not None:
                    known.add(use)
                elif len(self._noted) < MOST_USES:
                    self._noted[key] = use
                else:
                    self._dropped += 1

    def _tell_dropped(self, *, is_last: bool) -> None:
        with self._lock:
            if not self._dropped or not (self._full.is_due("full") or is_last):
                return
            dropped, self._dropped = self._dropped, 0
        LOG.warning("uses dropped, more tokens than are noted at once", extra={"dropped": dropped})


def _parts(noted: Noted) -> list[Noted]:
    # In the order of ids, so that two processes never wait for each other in a circle.
    keys = sorted(noted)
    return [{key: noted[key] for key in keys[at : at + _IN_ONE_GO]} for at in range(0, len(keys), _IN_ONE_GO)]


# Both databases know this form of "insert, or add to what is there". Never below zero: a call that is taken back may
# have been lost before, or was let in on the day before.
_ADD = text(
    "INSERT INTO token_usage (token_id, day, calls, refusals) VALUES (:token_id, :day, :first_calls, :refusals) "
    "ON CONFLICT (token_id, day) DO UPDATE SET "
    "calls = CASE WHEN token_usage.calls + :calls < 0 THEN 0 ELSE token_usage.calls + :calls END, "
    "refusals = token_usage.refusals + excluded.refusals"
).bindparams(bindparam("day", type_=Date))
# The table and not the class: what is given to the class is checked row by row against what a session holds.
_tokens = Table(Token.__tablename__, Token.metadata)
_TOUCH = (
    update(_tokens)
    .where(
        _tokens.c.id == bindparam("token_id"),
        or_(_tokens.c.last_used_at.is_(None), _tokens.c.last_used_at < bindparam("at")),
    )
    .values(last_used_at=bindparam("at"), last_used_from=func.coalesce(bindparam("address"), _tokens.c.last_used_from))
)


def _write(session: Session, *, noted: Noted, is_last: bool) -> Noted:
    """Stores the notes of every token that nobody else is changing, and returns those of the others.

    Notes of a token whose row is gone are dropped.
    """
    free, busy = _looked_up(session, sorted({token_id for token_id, _ in noted}), is_last=is_last)
    written = {key: use for key, use in noted.items() if key[0] in free}
    if written:
        connection = session.connection()
        connection.execute(_ADD, [_row(key, use) for key, use in written.items()])
        touches = _touches(written)
        if touches:
            connection.execute(_TOUCH, touches)
    return {key: use for key, use in noted.items() if key[0] in busy}


def _looked_up(session: Session, ids: list[int], *, is_last: bool) -> tuple[set[int], set[int]]:
    """Which of these tokens are ours to write until the end of the transaction, and which somebody else holds."""
    query = select(Token.id).where(Token.id.in_(filled_up(ids))).order_by(Token.id)
    # Waiting for one row while holding others could go around in a circle with whoever revokes several.
    free = set(session.scalars(query.with_for_update(key_share=True, skip_locked=not is_last)))
    return free, set() if len(free) == len(ids) else set(session.scalars(query)) - free


def _row(key: tuple[int, int], use: Use) -> dict[str, object]:
    token_id, day = key
    return {
        "token_id": token_id,
        "day": date.fromordinal(day),
        "first_calls": max(use.calls, 0),
        "calls": use.calls,
        "refusals": use.refusals,
    }


def _touches(written: Noted) -> list[dict[str, object]]:
    last: dict[int, Use] = {}
    for (token_id, _), use in written.items():
        if use.at > _NEVER and (token_id not in last or last[token_id].at < use.at):
            last[token_id] = use
    return [{"token_id": token_id, "at": use.at, "address": use.address} for token_id, use in last.items()]
