"""What a caller may hand on: no token makes more than itself.

A new token, or one that replaces another, reaches no further and lives no longer than the token that asked for it.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.accounts.service import lock_account
from portal.api.wanted import RotationWanted, TokenWanted
from portal.audit import Actor
from portal.authentication.principal import Principal
from portal.authentication.refused import Refused
from portal.current import running
from portal.tokens.models import Status, Token
from portal.tokens.scopes import FULL_ACCESS, Scopes, covers


def lock_caller(session: Session, caller: Principal, *, address: str | None, now: datetime) -> tuple[Actor, Token]:
    """Locks the caller's account and looks at the calling token again: who acts, and that token.

    A call that was let in just before its token was killed changes nothing after. Raises `Refused`.
    """
    lock_account(session, caller.own_account_id)
    token = session.get_one(Token, caller.token_id, populate_existing=True)
    if token.status(now) is not Status.ACTIVE:
        raise Refused("token_revoked", "This token was revoked, replaced or ran out during the call.")
    return caller.actor(address), token


def scopes_to_hand_on(caller: Principal, wanted: TokenWanted) -> tuple[str, ...] | None:
    """The scopes of a token to make: those sent, else the caller's. Raises `Refused` when they go beyond."""
    if not wanted.has("scopes"):
        return caller.scopes
    scopes = None if wanted.scopes is None else Scopes(running().settings.scopes).in_order(tuple(wanted.scopes))
    refuse_beyond(caller, scopes)
    return scopes


def refuse_beyond(caller: Principal, scopes: tuple[str, ...] | None) -> None:
    """Raises `Refused` with the scopes that the caller lacks, when it does not cover `scopes`."""
    if covers(caller.scopes, scopes):
        return
    lacking = FULL_ACCESS if scopes is None else " ".join(scope for scope in scopes if not caller.has_scope(scope))
    raise Refused("insufficient_scope", "A token makes none that may do more than itself.", scope=lacking)


def expiry_to_hand_on(caller: Principal, wanted: TokenWanted | RotationWanted) -> datetime | None:
    """When a token to make ends: at the time sent (null: never), else with the caller.

    Raises `Refused` for a time after the caller's own end.
    """
    if not wanted.has("expires_at"):
        return caller.ends_at
    if caller.ends_at is not None and (wanted.expires_at is None or wanted.expires_at > caller.ends_at):
        raise Refused("forbidden", "A token makes none that lives longer than itself.")
    return wanted.expires_at
