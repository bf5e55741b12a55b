"""What an endpoint of the JSON API demands of the token that calls it. No Flask."""

from dataclasses import dataclass

from portal.accounts.models import Role
from portal.authentication.principal import Principal
from portal.authentication.refused import Refused
from portal.tokens.models import Kind

NEEDS = "portal_needs"


@dataclass(frozen=True, slots=True)
class Needs:
    """What an endpoint asks of the token that calls it. `role` is the least one; the account token passes for admin."""

    scope: str | None
    role: Role | None
    kinds: frozenset[Kind]

    def check(self, principal: Principal) -> None:
        """Raises `Refused`: `forbidden` for the wrong kind or too small a role, then `insufficient_scope`."""
        if principal.kind not in self.kinds:
            raise Refused("forbidden", f"This call does not take a token of the kind {principal.kind.value}.")
        if self.role is not None and not _role_of(principal).is_at_least(self.role):
            raise Refused("forbidden", f"This call is for the role {self.role.value} or above.")
        if self.scope is not None and not principal.has_scope(self.scope):
            raise Refused("insufficient_scope", f"The token lacks the scope {self.scope}.", scope=self.scope)


def _role_of(principal: Principal) -> Role:
    # The account token reads what admins may read; which calls it reaches at all is a matter of kinds and scopes. A
    # service token, where its kind is taken at all, has the least role.
    if principal.kind is Kind.PERSONAL:
        return Role(principal.role)
    return Role.ADMIN if principal.kind is Kind.ACCOUNT else Role.MEMBER
