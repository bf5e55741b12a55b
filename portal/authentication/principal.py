"""From secret to principal: the one function that says whether a token is good. No Flask, no cache.

One indexed read on a connection that the thread holds open answers a call, so the very next call after a revoke
sees it, in any process on any host.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.accounts.refusals import Refusals
from portal.audit import Action, Actor, ActorKind
from portal.clock import utc_now
from portal.database import Database, as_utc
from portal.errors import NotAllowed, PortalError
from portal.recorder import Recorder
from portal.settings import Settings
from portal.tokens.models import Kind
from portal.tokens.scopes import Scopes, covers
from portal.tokens.secret import MalformedSecret, SecretReader
from portal.tokens.usage import LastUses

ACCOUNT_ROLE = "account"
SERVICE_ROLE = "service"

_QUERY = """
SELECT t.id, t.kind, t.name, t.hint, t.scopes, t.expires_at, t.stops_at, t.revoked_at,
       a.id, a.name, a.api_access_enabled, u.id, u.name, u.email, u.role, u.deactivated_at
FROM tokens t JOIN accounts a ON a.id = t.account_id LEFT JOIN users u ON u.id = t.user_id
WHERE t.digest = {placeholder}
"""

_SERVICE_QUERY = "SELECT id, name, hint, revoked_at FROM service_tokens WHERE digest = {placeholder}"


class Refused(PortalError):
    """The call is not let in. `code` says why; `scope` is what was missing, where that is the reason."""

    def __init__(self, code: str, detail: str, *, scope: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Principal:
    """Who a call acts as. `user_id` is None for an account token, the account's id and name too for a service token;
    `scopes` None is full access.

    `ends_at` is the earlier of the token's expiry and the end of its overlap.
    """

    kind: Kind
    account_id: int | None
    account_name: str | None
    user_id: int | None
    user_name: str | None
    user_email: str | None
    role: str
    scopes: tuple[str, ...] | None
    token_id: int
    token_name: str
    token_hint: str
    expires_at: datetime | None
    ends_at: datetime | None

    @property
    def own_account_id(self) -> int:
        """The id of the account that it acts in. Raises `NotAllowed` for a service token."""
        if self.account_id is None:
            raise NotAllowed
        return self.account_id

    @property
    def person_id(self) -> int:
        """The id of the person who calls. Raises `NotAllowed` for a token that acts for no person."""
        if self.user_id is None:
            raise NotAllowed
        return self.user_id

    def has_scope(self, scope: str) -> bool:
        """Whether the token reaches that far; the role is asked for apart from it."""
        return covers(self.scopes, (scope,))

    def actor(self, address: str | None) -> Actor:
        """This principal as the security log keeps it."""
        if self.kind is Kind.SERVICE:
            # Its id is one of another table, so it must not stand where the ids of tokens do.
            return Actor(kind=ActorKind.SERVICE, account_id=None, id=self.token_id, name=self.token_name)
        is_person = self.user_id is not None
        return Actor(
            kind=ActorKind.USER if is_person else ActorKind.ACCOUNT,
            account_id=self.account_id,
            id=self.user_id if is_person else self.account_id,
            name=(self.user_name if is_person else self.account_name) or "",
            address=address,
            token_id=self.token_id,
        )


class Authenticator:
    """Turns secrets into principals for one process."""

    def __init__(self, settings: Settings, database: Database, recorder: Recorder) -> None:
        self._reader = SecretReader(
            (*settings.personal_token_prefix, *settings.account_token_prefix, *settings.service_token_prefix)
        )
        self._service_prefixes = tuple(f"{prefix}_" for prefix in settings.service_token_prefix)
        self._lookup = database.lookup
        self._query = _QUERY.format(placeholder=self._lookup.placeholder)
        self._service_query = _SERVICE_QUERY.format(placeholder=self._lookup.placeholder)
        self._recorder = recorder
        self._account_scopes = Scopes(settings.scopes).of_account_token

    def authenticate(self, secret: str, *, address: str | None) -> Principal:
        """The principal behind `secret`, whose use is noted.

        Raises `Refused` with the problem's code, `DatabaseUnavailable` when nobody can know.
        """
        try:
            digest = self._reader.read(secret).digest
        except MalformedSecret as error:
            raise Refused("token_malformed", "This is not the shape of a token.") from error
        if secret.startswith(self._service_prefixes):
            return self._service(digest)
        row = self._lookup.fetch_one(self._query, digest)
        if row is None:
            raise Refused("token_unknown", "No such token exists here.")
        now = utc_now()
        principal = _principal(row, self._account_scopes)
        refusal = _why_dead(row, now)
        if refusal is not None:
            self.note_refusal(principal, refusal.code, address=address)
            raise refusal
        self._recorder.batch(LastUses).note(principal.token_id, now)
        return principal

    def _service(self, digest: str) -> Principal:
        row = self._lookup.fetch_one(self._service_query, digest)
        if row is None:
            raise Refused("token_unknown", "No such token exists here.")
        token_id, name, hint, revoked_at = row
        if revoked_at is not None:
            raise Refused("token_revoked", "This token was revoked or replaced.")
        return Principal(
            kind=Kind.SERVICE,
            account_id=None,
            account_name=None,
            user_id=None,
            user_name=None,
            user_email=None,
            role=SERVICE_ROLE,
            scopes=(),
            token_id=token_id,
            token_name=name,
            token_hint=hint,
            expires_at=None,
            ends_at=None,
        )

    def note_refusal(self, principal: Principal, code: str, *, address: str | None) -> None:
        """Notes for the security log of its account that a known token was refused; a service has no such log."""
        if principal.account_id is None:
            return
        self._recorder.batch(Refusals).note(
            Action.CALL_REFUSED,
            principal.actor(address),
            account_id=principal.account_id,
            detail=code,
            at=utc_now(),
        )


def _principal(row: tuple[Any, ...], account_scopes: tuple[str, ...]) -> Principal:
    (token_id, kind, token_name, hint, scopes, expires_at, stops_at, _revoked_at,
     account_id, account_name, _enabled, user_id, user_name, email, role, _deactivated_at) = row  # fmt: skip
    is_account = kind == Kind.ACCOUNT.value
    expires_at = None if expires_at is None else as_utc(expires_at)
    ends_at = expires_at if stops_at is None else as_utc(stops_at)
    return Principal(
        kind=Kind.ACCOUNT if is_account else Kind.PERSONAL,
        account_id=account_id,
        account_name=account_name,
        user_id=user_id,
        user_name=user_name,
        user_email=email,
        role=ACCOUNT_ROLE if is_account else role,
        scopes=account_scopes if is_account else _words(scopes),
        token_id=token_id,
        token_name=token_name,
        token_hint=hint,
        expires_at=expires_at,
        ends_at=ends_at,
    )


def _words(scopes: str | None) -> tuple[str, ...] | None:
    return None if scopes is None else tuple(scopes.split())


def _why_dead(row: tuple[Any, ...], now: datetime) -> Refused | None:
    """The first reason that holds, in the order of the contract; None for a living token."""
    (_, kind, _, _, _, expires_at, stops_at, revoked_at, _, _, api_access_enabled, *_, deactivated_at) = row
    if deactivated_at is not None:
        return Refused("user_inactive", "The person this token belongs to has been deactivated.")
    if kind == Kind.ACCOUNT.value and not api_access_enabled:
        return Refused("api_access_disabled", "API access is turned off for this account.")
    if revoked_at is not None or (stops_at is not None and as_utc(stops_at) <= now):
        return Refused("token_revoked", "This token was revoked or replaced.")
    if expires_at is not None and as_utc(expires_at) <= now:
        return Refused("token_expired", "This token has expired.")
    return None
