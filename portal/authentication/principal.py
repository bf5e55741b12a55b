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

# Each column costs every check, one of text most. So what kills a token for good, and does not hang on the clock, is
# one: the first reason that holds, in the order of the contract. Only personal tokens have a user.
_COLUMNS = """
t.id, t.account_id, t.user_id, u.role, t.scopes, t.expires_at, t.stops_at,
CASE WHEN u.deactivated_at IS NOT NULL THEN 'user_inactive'
     WHEN t.user_id IS NULL AND NOT a.api_access_enabled THEN 'api_access_disabled'
     WHEN t.revoked_at IS NOT NULL THEN 'token_revoked' END
"""
_WIDTH = 8
_NAMES = "a.name, u.name, u.email, t.name, t.hint"
_TABLES = "FROM tokens t JOIN accounts a ON a.id = t.account_id LEFT JOIN users u ON u.id = t.user_id"

HOW_TOKENS_STAND = f"SELECT {_COLUMNS} {_TABLES}"

_QUERY = HOW_TOKENS_STAND + " WHERE t.digest = {placeholder}"
_QUERY_WITH_NAMES = f"SELECT {_COLUMNS}, {_NAMES} {_TABLES} WHERE t.digest = {{placeholder}}"
_NAMES_QUERY = f"SELECT {_NAMES} {_TABLES} WHERE t.id = {{placeholder}}"

_SERVICE_QUERY = "SELECT id, name, hint, revoked_at FROM service_tokens WHERE digest = {placeholder}"

_MADE_AT_QUERY = "SELECT created_at FROM tokens WHERE digest = {placeholder}"

_GOOD = (CHECKS, "good")
_new = tuple.__new__


class Names(NamedTuple):
    """What people call whom a call acts as. None where there is no account, or no person."""

    account: str | None
    user: str | None
    email: str | None
    token: str
    hint: str


class Principal(NamedTuple):
    """Who a call acts as. `user_id` is None for an account token, `account_id` too for a service token; `scopes` None
    is full access. `names` is None where they were not asked for.

    `ends_at` is the earlier of the token's expiry and the end of its overlap. A tuple, since every call makes one:
    a frozen dataclass of this width takes six times as long.
    """

    kind: Kind
    account_id: int | None
    user_id: int | None
    role: str
    scopes: tuple[str, ...] | None
    token_id: int
    expires_at: datetime | None
    ends_at: datetime | None
    names: Names | None

    @property
    def named(self) -> Names:
        """The names, for those who asked for them."""
        if self.names is None:
            raise LookupError("this principal was read without names")
        return self.names

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
            return Actor(kind=ActorKind.SERVICE, account_id=None, id=self.token_id, name=self.named.token)
        is_person = self.user_id is not None
        return Actor(
            kind=ActorKind.USER if is_person else ActorKind.ACCOUNT,
            account_id=self.account_id,
            id=self.user_id if is_person else self.account_id,
            name=(self.named.user if is_person else self.named.account) or "",
            address=address,
            token_id=self.token_id,
        )


class Authenticator:
    """Turns secrets into principals for one process."""

    def __init__(
        self, settings: Settings, database: Database, recorder: Recorder, *, counts: Counts | None = None
    ) -> None:
        self._counts = counts or Counts()
        self._digest = SecretReader(settings.token_prefixes).digest
        self._service_prefixes = tuple(f"{prefix}_" for prefix in settings.service_token_prefix)
        self._lookup = database.lookup
        # By whether names are asked for, too.
        self._queries = (
            _QUERY.format(placeholder=self._lookup.placeholder),
            _QUERY_WITH_NAMES.format(placeholder=self._lookup.placeholder),
        )
        self._names_query = _NAMES_QUERY.format(placeholder=self._lookup.placeholder)
        self._service_query = _SERVICE_QUERY.format(placeholder=self._lookup.placeholder)
        self._made_at_query = _MADE_AT_QUERY.format(placeholder=self._lookup.placeholder)
        self._recorder = recorder
        self._account_scopes = Scopes(settings.scopes).of_account_token

    def let_in(
        self,
        authorization: str | None,
        x_access_token: str | None,
        x_api_token: str | None,
        *,
        address: str | None,
        with_names: bool = True,
    ) -> Principal:
        """The principal of a call that carries these headers, None for those it does not have. Its use is noted.

        `with_names`: whether its names are read along.
        Raises `Refused` with the problem's code, `DatabaseUnavailable` when nobody can know.
        """
        # Asked in one go with what follows, and not by way of `authenticate`: each call in between costs every check.
        try:
            return self._principal_behind(
                secret_from(authorization, x_access_token, x_api_token), address, with_names=with_names
            )
        except (Refused, DatabaseUnavailable) as error:
            self._counts.add((CHECKS, error.code))
            raise

    def authenticate(self, secret: str, *, address: str | None) -> Principal:
        """The principal behind `secret`, whose use is noted. Raises as `let_in`."""
        try:
            return self._principal_behind(secret, address, with_names=True)
        except (Refused, DatabaseUnavailable) as error:
            self._counts.add((CHECKS, error.code))
            raise

    def _principal_behind(self, secret: str, address: str | None, *, with_names: bool) -> Principal:
        try:
            digest = self._digest(secret)
        except MalformedSecret as error:
            raise Refused("token_malformed", "This is not the shape of a token.") from error
        if secret.startswith(self._service_prefixes):
            return self._service(digest)
        row = self._lookup.fetch_one(self._queries[with_names], digest)
        if row is None:
            raise Refused("token_unknown", "No such token exists here.")
        now = utc_now()
        principal, refusal = read_token(row, now, self._account_scopes)
        if refusal is not None:
            self._note_refusal(principal, refusal.code, address=address, was_noted=False)
            raise refusal
        self._recorder.batch(Uses).note_call(principal.token_id, now, address)
        self._counts.add(_GOOD)
        return principal

    def _service(self, digest: str) -> Principal:
        row = self._lookup.fetch_one(self._service_query, digest)
        if row is None:
            raise Refused("token_unknown", "No such token exists here.")
        token_id, name, hint, revoked_at = row
        if revoked_at is not None:
            raise Refused("token_revoked", _WHY["token_revoked"])
        self._recorder.batch(ServiceUses).note(token_id, utc_now())
        self._counts.add(_GOOD)
        return Principal(
            kind=Kind.SERVICE,
            account_id=None,
            user_id=None,
            role=SERVICE_ROLE,
            scopes=(),
            token_id=token_id,
            expires_at=None,
            ends_at=None,
            names=Names(account=None, user=None, email=None, token=name, hint=hint),
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
        account_id = principal.account_id
        if account_id is None:
            return
        if principal.names is None:
            principal = principal._replace(names=self._names_of(principal.token_id))
        now = utc_now()
        self._recorder.batch(Uses).note_refusal(principal.token_id, now, was_noted=was_noted)
        self._recorder.batch(Refusals).note(
            Action.CALL_REFUSED,
            principal.actor(address),
            account_id=account_id,
            detail=code,
            at=now,
        )

    def _names_of(self, token_id: int) -> Names:
        row = self._lookup.fetch_one(self._names_query, str(token_id))
        if row is None:
            # Rows of tokens are never deleted, so this is not the database that knew it.
            raise DatabaseUnavailable
        return Names(*row)


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
    return principal, None if dead is None else Refused(dead, _WHY[dead])


def _run_out(now: datetime, *, expires_at: datetime | None, stops_at: datetime | None) -> str | None:
    if stops_at is not None and stops_at <= now:
        return "token_revoked"
    return "token_expired" if expires_at is not None and expires_at <= now else None


_WHY = {
    "user_inactive": "The person this token belongs to has been deactivated.",
    "api_access_disabled": "API access is turned off for this account.",
    "token_revoked": "This token was revoked or replaced.",
    "token_expired": "This token has expired.",
}


def _words(scopes: str | None) -> tuple[str, ...] | None:
    return None if scopes is None else tuple(scopes.split())
