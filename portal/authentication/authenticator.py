"""From secret to principal: the one function that says whether a token is good. No Flask, no cache.

One indexed read on a connection that is held open answers a call, so the very next call after a revoke
sees it, in any process on any host.
"""

from datetime import datetime

from portal.accounts.refusals import Refusals
from portal.audit import Action
from portal.authentication.carriers import secret_from
from portal.authentication.principal import SERVICE_ROLE, Names, Principal
from portal.authentication.refused import Refused
from portal.authentication.rows import COLUMNS, NAMES, SQLITE_TABLES, TABLES, WHY, read_token
from portal.clock import utc_now
from portal.database import Database, as_utc
from portal.errors import DatabaseUnavailable
from portal.metrics import CHECKS, Counts
from portal.recorder import Recorder
from portal.settings import Settings
from portal.tokens.models import Kind
from portal.tokens.scopes import Scopes
from portal.tokens.secret import MalformedSecret, SecretReader, digest_of
from portal.tokens.service_uses import ServiceUses
from portal.tokens.usage import Uses

_GOOD = (CHECKS, "good")


class Authenticator:
    """Turns secrets into principals for one process."""

    def __init__(
        self, settings: Settings, database: Database, recorder: Recorder, *, counts: Counts | None = None
    ) -> None:
        self._counts = counts or Counts()
        self._digest = SecretReader(settings.token_prefixes).digest
        self._service_prefixes = tuple(f"{prefix}_" for prefix in settings.service_token_prefix)
        finder = database.lookup.finder
        # By whether names are asked for, too.
        self._find = (
            finder(COLUMNS, SQLITE_TABLES if database.is_sqlite else TABLES, "t.digest"),
            finder(f"{COLUMNS}, {NAMES}", TABLES, "t.digest"),
        )
        self._find_names = finder(NAMES, TABLES, "t.id")
        self._find_service = finder("id, name, hint, revoked_at", "FROM service_tokens", "digest")
        self._find_made_at = finder("created_at", "FROM tokens", "digest")
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
        row = self._find[with_names](digest)
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
        row = self._find_service(digest)
        if row is None:
            raise Refused("token_unknown", "No such token exists here.")
        token_id, name, hint, revoked_at = row
        if revoked_at is not None:
            raise Refused("token_revoked", WHY["token_revoked"])
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
        row = self._find_made_at(digest_of(secret))
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
        row = self._find_names(str(token_id))
        if row is None:
            # Rows of tokens are never deleted, so this is not the database that knew it.
            raise DatabaseUnavailable
        return Names(*row)
