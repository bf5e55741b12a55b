"""Who a call acts as. No Flask, no database."""

from datetime import datetime
from typing import NamedTuple

from portal.audit import Actor, ActorKind
from portal.errors import NotAllowed
from portal.tokens.models import Kind

ACCOUNT_ROLE = "account"
SERVICE_ROLE = "service"


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
