"""From secret to principal: the one function that says whether a token is good. No Flask, no cache.

One indexed read on a connection that the thread holds open answers a call, so the very next call after a revoke
sees it, in any process on any host.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from portal.accounts.refusals import Refusals
from portal.audit import Action, Actor, ActorKind
from portal.authentication.carriers import secret_from
from portal.authentication.refused import Refused
from portal.clock import utc_now
from portal.database import Database, as_utc
from portal.errors import DatabaseUnavailable, NotAllowed
from portal.metrics import CHECKS, Counts
from portal.recorder import Recorder
from portal.settings import Settings
from portal.tokens.models import Kind
from portal.tokens.scopes import Scopes
from portal.tokens.secret import MalformedSecret, SecretReader, digest_of
from portal.tokens.service_uses import ServiceUses
from portal.tokens.usage import Uses

ACCOUNT_ROLE = "account"
SERVICE_ROLE = "service"
# A member of an enumeration is looked for each time it is named, which every call would pay for.
_ACCOUNT_KIND, _PERSONAL_KIND = Kind.ACCOUNT, Kind.PERSONAL
_ACCOUNT = Kind.ACCOUNT.value

TOKENS_WITH_HOLDERS = """
SELECT t.id, t.kind, t.name, t.hint, t.scopes, t.expires_at, t.stops_at, t.revoked_at,
       a.id, a.name, a.api_access_enabled, u.id, u.name, u.email, u.role, u.deactivated_at
FROM tokens t JOIN accounts a ON a.id = t.account_id LEFT JOIN users u ON u.id = t.user_id
"""

_QUERY = TOKENS_WITH_HOLDERS + "WHERE t.digest = {placeholder}"

_SERVICE_QUERY = "SELECT id, name, hint, revoked_at FROM service_tokens WHERE digest = {placeholder}"

_MADE_AT_QUERY = "SELECT created_at FROM tokens WHERE digest = {placeholder}"

_GOOD = (CHECKS, "good")


class Principal(NamedTuple):
    """Who a call acts as. `user_id` is None for an account token, the account's id and name too for a service token;
    `scopes` None is full access.

    `ends_at` is the earlier of the token's expiry and the end of its overlap. A tuple, since every call makes one:
    a frozen dataclass of this width takes six times as long.
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
        return self.scopes is None or scope in self.scopes

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

    def __init__(
        self, settings: Settings, database: Database, recorder: Recorder, *, counts: Counts | None = None
    ) -> None:
        self._counts = counts or Counts()
        self._reader = SecretReader(settings.token_prefixes)
        self._service_prefixes = tuple(f"{prefix}_" for prefix in settings.service_token_prefix)
        self._lookup = database.lookup
        self._query = _QUERY.format(placeholder=self._lookup.placeholder)
        self._service_query = _SERVICE_QUERY.format(placeholder=self._lookup.placeholder)
        self._made_at_query = _MADE_AT_QUERY.format(placeholder=self._lookup.placeholder)
        self._recorder = recorder
        self._account_scopes = Scopes(settings.scopes).of_account_token

    def let_in(
        self, authorization: str | None, x_access_token: str | None, x_api_token: str | None, *, address: str | None
    ) -> Principal:
        """The principal of a call that carries these headers, None for those it does not have. Its use is noted.

        Raises `Refused` with the problem's code, `DatabaseUnavailable` when nobody can know.
        """
        try:
            secret = secret_from(authorization, x_access_token, x_api_token)
        except Refused as error:
            self._counts.add((CHECKS, error.code))
            raise
        return self.authenticate(secret, address=address)

    def authenticate(self, secret: str, *, address: str | None) -> Principal:
        """The principal behind `secret`, whose use is noted. Raises as `let_in`."""
        try:
            principal = self._principal_behind(secret, address)
        except (Refused, DatabaseUnavailable) as error:
            self._counts.add((CHECKS, error.code))
            raise
        self._counts.add(_GOOD)
        return principal

    def _principal_behind(self, secret: str, address: str | None) -> Principal:
        try:
            digest = self._reader.digest(secret)
        except MalformedSecret as error:
            raise Refused("token_malformed", "This is not the shape of a token.") from error
        if secret.startswith(self._service_prefixes):
            return self._service(digest)
        row = self._lookup.fetch_one(self._query, digest)
        if row is None:
            raise Refused("token_unknown", "No such token exists here.")
        now = utc_now()
        principal, refusal = read_token(row, now, self._account_scopes)
        if refusal is not None:
            self._note_refusal(principal, refusal.code, address=address, was_noted=False)
            raise refusal
        self._recorder.batch(Uses).note_call(principal.token_id, now, address)
        return principal

    def _service(self, digest: str) -> Principal:
        row = self._lookup.fetch_one(self._service_query, digest)
        if row is None:
            raise Refused("token_unknown", "No such token exists here.")
        token_id, name, hint, revoked_at = row
        if revoked_at is not None:
            raise Refused("token_revoked", "This token was revoked or replaced.")
        self._recorder.batch(ServiceUses).note(token_id, utc_now())
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

    def made_at(self, secret: str) -> datetime:
        """When the token of a person or an account was made; ask for one that was let in. A read of its own, so that
        those who need no such thing do not pay for it. Raises `DatabaseUnavailable`."""
        row = self._lookup.fetch_one(self._made_at_query, digest_of(secret))
        if row is None:
            # Rows of tokens are never deleted, so this is not the database that let it in.
            raise DatabaseUnavailable
        return as_utc(row[0])

    def note_refusal(self, principal: Principal, code: str, *, address: str | None) -> None:
        """Counts a call of a token that was let in, and refused later, as a refusal and no longer as a call, and notes
        it for the security log of its account. A service has neither.
        """
        self._note_refusal(principal, code, address=address, was_noted=True)

    def _note_refusal(self, principal: Principal, code: str, *, address: str | None, was_noted: bool) -> None:
        if principal.account_id is None:
            return
        now = utc_now()
        self._recorder.batch(Uses).note_refusal(principal.token_id, now, was_noted=was_noted)
        self._recorder.batch(Refusals).note(
            Action.CALL_REFUSED,
            principal.actor(address),
            account_id=principal.account_id,
            detail=code,
            at=now,
        )


def read_token(row: Sequence[Any], now: datetime, account_scopes: tuple[str, ...]) -> tuple[Principal, Refused | None]:
    """Who that row of `TOKENS_WITH_HOLDERS` stands for, and why it is dead; None for a living token."""
    (token_id, kind, token_name, hint, scopes, expires_at, stops_at, revoked_at,
     account_id, account_name, api_access_enabled, user_id, user_name, email, role, deactivated_at) = row  # fmt: skip
    is_account = kind == _ACCOUNT
    expires_at = None if expires_at is None else as_utc(expires_at)
    stops_at = None if stops_at is None else as_utc(stops_at)
    # By place, in the order of the fields: named, they take more than twice as long.
    principal = Principal(
        _ACCOUNT_KIND if is_account else _PERSONAL_KIND,
        account_id,
        account_name,
        user_id,
        user_name,
        email,
        ACCOUNT_ROLE if is_account else role,
        account_scopes if is_account else _words(scopes),
        token_id,
        token_name,
        hint,
        expires_at,
        expires_at if stops_at is None else stops_at,
    )
    # The first reason that holds, in the order of the contract.
    if deactivated_at is not None:
        return principal, Refused("user_inactive", "The person this token belongs to has been deactivated.")
    if is_account and not api_access_enabled:
        return principal, Refused("api_access_disabled", "API access is turned off for this account.")
    if revoked_at is not None or (stops_at is not None and stops_at <= now):
        return principal, Refused("token_revoked", "This token was revoked or replaced.")
    if expires_at is not None and expires_at <= now:
        return principal, Refused("token_expired", "This token has expired.")
    return principal, None


def _words(scopes: str | None) -> tuple[str, ...] | None:
    return None if scopes is None else tuple(scopes.split())
