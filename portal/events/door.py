"""Who may listen: from a secret to a place in the log from which on events are pushed.

Everything here asks the database or Redis and waits for the answer, so it runs in threads.
"""

from typing import NamedTuple

from portal.authentication.authenticator import Authenticator
from portal.authentication.principal import Principal
from portal.authentication.refused import Refused
from portal.database import Database
from portal.errors import DatabaseUnavailable, TooManyTries
from portal.events.closing import closing_for
from portal.events.reading import lacking_scope
from portal.limits import ADDRESS, TOKEN, Limits, address_key

_NEWEST_QUERY = "SELECT max(id) FROM audit_events WHERE account_id = {placeholder}"


class Entry(NamedTuple):
    """Somebody who was let in: by which token, to whose log, and the newest event that is none of theirs any more."""

    token_id: int
    account_id: int
    after_id: int


class Door:
    """The one door of a process. Letting somebody in counts as a call of their token."""

    def __init__(self, database: Database, authenticator: Authenticator, limits: Limits) -> None:
        # As a call is checked: when all come back at once, a session for each would take ten times as long.
        self._lookup = database.lookup
        self._newest_query = _NEWEST_QUERY.format(placeholder=self._lookup.placeholder)
        self._authenticator = authenticator
        self._limits = limits

    def let_in(self, secret: str, address: str | None) -> Entry:
        """Raises `Closing` for who may not listen, or while nobody can know."""
        try:
            return self._entry(self._principal(secret, address), address)
        except (Refused, TooManyTries, DatabaseUnavailable) as error:
            raise closing_for(error) from error

    def _principal(self, secret: str, address: str | None) -> Principal:
        try:
            return self._authenticator.authenticate(secret, address=address)
        except Refused:
            # Only now, so that a good token is never refused for what others do behind the same address.
            self._limits.count(ADDRESS, address_key(address or ""))
            raise

    def _entry(self, principal: Principal, address: str | None) -> Entry:
        try:
            account_id = _own_account(principal)
            self._limits.count(TOKEN, principal.token_id)
            refused = lacking_scope(principal)
            if refused is not None:
                raise refused
        except (Refused, TooManyTries) as error:
            self._authenticator.note_refusal(principal, error.code, address=address)
            raise
        newest = self._lookup.fetch_one(self._newest_query, str(account_id))
        return Entry(principal.token_id, account_id, (newest and newest[0]) or 0)


def _own_account(principal: Principal) -> int:
    if principal.account_id is None:
        raise Refused("forbidden", "A service token has no events of its own.")
    return principal.account_id
