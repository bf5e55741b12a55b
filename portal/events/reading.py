"""What is new for those who listen, and whether each of them may still have it: read at one instant.

An event that is found was committed while the token that it is found for was alive, so nothing that happened after a
revoke is ever sent by the revoked token. Ids are in commit order within an account alone (its lock makes them so), so
everybody has their own place in the log, and it is a place in the log of one account.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from websockets.frames import Frame, Opcode

from portal.accounts.models import Account
from portal.activity.service import EventJson, Reach, events_after, reach_of
from portal.audit import AuditEvent
from portal.authentication.principal import Principal
from portal.authentication.refused import Refused
from portal.authentication.standing import Standing, standing_of
from portal.clock import utc_now
from portal.database import Database, filled_up
from portal.tokens.scopes import EVENTS_READ

# The most events in one batch, and in all batches of one read: more waits for the next one, which follows at once.
BATCH = 100
IN_ONE_READ = 5_000
# What one question counts for among them. Everybody who sees only their own costs one, whatever it finds, and nobody's
# token is looked at again before a read is done.
A_QUESTION = 10
_IN_ONE_GO = 5_000


class Place(NamedTuple):
    """Where one listener stands: `after_id` is the last event that it was sent or that is not for it."""

    listener: int
    token_id: int
    account_id: int
    after_id: int
    takes_more: bool


class Batch(NamedTuple):
    """The same bytes for several listeners, and where they stand once they are sent."""

    listeners: list[int]
    wire: bytes
    events: int
    after_id: int


class Found(NamedTuple):
    """What one read found. `asked` are the tokens that were looked at: all of them, or those for whom there is more."""

    batches: list[Batch]
    asked: frozenset[int]
    standing: dict[int, Standing]
    has_more: bool


class Reading:
    """Reads for all listeners of one process; one read at a time, in a thread."""

    def __init__(self, database: Database, *, account_scopes: tuple[str, ...]) -> None:
        self._database = database
        self._account_scopes = account_scopes

    def read(self, places: Sequence[Place], *, asks_all: bool) -> Found:
        """What is new for these listeners. `asks_all`: tells how the tokens of all of them stand.

        Raises `DatabaseUnavailable`.
        """
        with self._database.snapshot() as session:
            heads = heads_of(session, sorted({place.account_id for place in places}))
            behind = [place for place in places if place.takes_more and heads[place.account_id] > place.after_id]
            asked = frozenset(place.token_id for place in (places if asks_all else behind))
            found = standing_of(session, sorted(asked), account_scopes=self._account_scopes, now=utc_now())
            standing = {token_id: _may_listen(one) for token_id, one in found.items()}
            batches, has_more = _batches(session, behind, standing, heads)
        return Found(batches, asked, standing, has_more)


def heads_of(session: Session, account_ids: Sequence[int]) -> dict[int, int]:
    """The newest event of each of these accounts; 0 where there is none."""
    # One step into the index for each account. Grouped by account, the whole log of all of them would be gone through.
    newest = select(func.max(AuditEvent.id)).where(AuditEvent.account_id == Account.id).scalar_subquery()
    heads = dict.fromkeys(account_ids, 0)
    for at in range(0, len(account_ids), _IN_ONE_GO):
        query = select(Account.id, newest).where(Account.id.in_(filled_up(account_ids[at : at + _IN_ONE_GO])))
        heads.update({account_id: head or 0 for account_id, head in session.connection().execute(query)})
    return heads


def _batches(
    session: Session, behind: Iterable[Place], standing: dict[int, Standing], heads: dict[int, int]
) -> tuple[list[Batch], bool]:
    batches: list[Batch] = []
    left, has_more = IN_ONE_READ, False
    for (after_id, reach), listeners in _together(behind, standing).items():
        if left <= 0:
            return batches, True
        events = events_after(session, reach, after_id=after_id, most=BATCH)
        left -= len(events) + A_QUESTION
        is_full = len(events) == BATCH
        has_more = has_more or is_full
        now_at = events[-1]["id"] if is_full else heads[reach.account_id]
        batches.append(Batch(listeners, b"".join(map(_wire, events)), len(events), now_at))
    return batches, has_more


def _together(behind: Iterable[Place], standing: dict[int, Standing]) -> dict[tuple[int, Reach], list[int]]:
    """Those who stand at the same place and see the same events; whoever is furthest behind comes first."""
    together: dict[tuple[int, Reach], list[int]] = {}
    for place in sorted(behind, key=lambda place: place.after_id):
        principal = standing.get(place.token_id)
        if isinstance(principal, Principal):
            reach = reach_of(account_id=place.account_id, user_id=principal.user_id, role=principal.role)
            together.setdefault((place.after_id, reach), []).append(place.listener)
    return together


def _wire(event: EventJson) -> bytes:
    # A server's frames are not masked, so they are the same for everybody and made once.
    return Frame(Opcode.TEXT, orjson.dumps({"type": "event", "event": event})).serialize(mask=False)


def lacking_scope(principal: Principal) -> Refused | None:
    """Why that principal may not listen; None for one who may."""
    if principal.has_scope(EVENTS_READ):
        return None
    return Refused("insufficient_scope", f"The token lacks the scope {EVENTS_READ}.", scope=EVENTS_READ)


def _may_listen(standing: Standing) -> Standing:
    # Rights are those of this very moment, scopes as well as roles.
    return standing if isinstance(standing, Refused) else lacking_scope(standing) or standing


def why_dead(standing: Standing | None) -> Refused | None:
    """Why that token may listen no longer; rows of tokens are never deleted, so one without a row is of no portal."""
    if standing is None:
        return Refused("token_unknown", "No such token exists here.")
    return standing if isinstance(standing, Refused) else None
