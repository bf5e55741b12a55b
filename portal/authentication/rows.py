"""How a token stands, by its row and the clock: what is read of it, and the one function that judges it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portal.authentication.principal import ACCOUNT_ROLE, Names, Principal
from portal.authentication.refused import Refused
from portal.database import as_utc
from portal.tokens.models import Kind

# A member of an enumeration is looked for each time it is named, which every call would pay for.
_ACCOUNT_KIND, _PERSONAL_KIND = Kind.ACCOUNT, Kind.PERSONAL
_new = tuple.__new__

# Each column costs every check, one of text most. So what kills a token for good, and does not hang on the clock, is
# one: the first reason that holds, in the order of the contract. Only personal tokens have a user.
COLUMNS = """
t.id, t.account_id, t.user_id, u.role, t.scopes, t.expires_at, t.stops_at,
CASE WHEN u.deactivated_at IS NOT NULL THEN 'user_inactive'
     WHEN t.user_id IS NULL AND NOT a.api_access_enabled THEN 'api_access_disabled'
     WHEN t.revoked_at IS NOT NULL THEN 'token_revoked' END
"""
_WIDTH = 8
NAMES = "a.name, u.name, u.email, t.name, t.hint"
_OWNERS = "JOIN accounts a ON a.id = t.account_id LEFT JOIN users u ON u.id = t.user_id"
TABLES = f"FROM tokens t {_OWNERS}"
# The index holds all of the columns that are a token's. SQLite prefers the one of digests alone unless it is told.
SQLITE_TABLES = f"FROM tokens t INDEXED BY ix_tokens_check {_OWNERS}"

HOW_TOKENS_STAND = f"SELECT {COLUMNS} {TABLES}"


def read_token(row: Sequence[Any], now: datetime, account_scopes: tuple[str, ...]) -> tuple[Principal, Refused | None]:
    """Who that row stands for, and why it is dead; None for a living token. The row is one of `HOW_TOKENS_STAND`, with
    or without names."""
    token_id, account_id, user_id, role, scopes, expires_at, stops_at, dead = row[:_WIDTH]
    is_account = user_id is None
    expires_at = None if expires_at is None else as_utc(expires_at)
    stops_at = None if stops_at is None else as_utc(stops_at)
    # As the tuple that it is, in the order of the fields: by its own constructor it takes twice as long.
    principal = _new(
        Principal,
        (
            _ACCOUNT_KIND if is_account else _PERSONAL_KIND,
            account_id,
            user_id,
            ACCOUNT_ROLE if is_account else role,
            account_scopes if is_account else _words(scopes),
            token_id,
            expires_at,
            expires_at if stops_at is None else stops_at,
            Names._make(row[_WIDTH:]) if len(row) > _WIDTH else None,
        ),
    )
    if dead is None and (expires_at is not None or stops_at is not None):
        dead = _run_out(now, expires_at=expires_at, stops_at=stops_at)
    return principal, None if dead is None else Refused(dead, WHY[dead])


def _run_out(now: datetime, *, expires_at: datetime | None, stops_at: datetime | None) -> str | None:
    if stops_at is not None and stops_at <= now:
        return "token_revoked"
    return "token_expired" if expires_at is not None and expires_at <= now else None


WHY = {
    "user_inactive": "The person this token belongs to has been deactivated.",
    "api_access_disabled": "API access is turned off for this account.",
    "token_revoked": "This token was revoked or replaced.",
    "token_expired": "This token has expired.",
}


def _words(scopes: str | None) -> tuple[str, ...] | None:
    return None if scopes is None else tuple(scopes.split())
