"""What a token can be limited to. Rights are role and scope, always, by today's role."""

from collections.abc import Mapping

from portal.errors import WrongSetting

ACCOUNT_READ = "account:read"
MEMBERS_READ = "members:read"
TOKENS_READ = "tokens:read"
TOKENS_WRITE = "tokens:write"
EVENTS_READ = "events:read"
USAGE_READ = "usage:read"
# What programs are told in place of a list, of a token that has every scope there is and will be.
FULL_ACCESS = "*"

# Scope → what a token that has it may do; the order is the one forms and lists show. The sentences stand beside
# the boxes of a form, so they keep clear of the words of its other labels ("Name", "Never").
OWN_SCOPES = {
    ACCOUNT_READ: "See the account and whether API access is on",
    MEMBERS_READ: "List the people of the account, if you are an owner or admin",
    TOKENS_READ: "List your personal access tokens, or everybody's if you are an owner, without their secrets",
    TOKENS_WRITE: "Make, change, rotate and revoke your personal access tokens",
    EVENTS_READ: "Read the security log: your part of it, or all of it if you are an owner or admin",
    USAGE_READ: "See how often your tokens are used, or everybody's if you are an owner",
}

# The account token acts for the account: of our own scopes it has those that read of it, and changes nothing.
_ACCOUNT_READS = (ACCOUNT_READ, MEMBERS_READ, EVENTS_READ, USAGE_READ)


class Scopes:
    """The scopes of one portal: our own, then those that its operator declared for the services behind.

    A token may have one that is no longer declared: it keeps it and shows it, and gets nothing here by it.
    """

    def __init__(self, declared: Mapping[str, str]) -> None:
        """`declared` is scope → what it allows, as set. Raises `WrongSetting` when one of them is ours."""
        for scope in declared:
            if scope in OWN_SCOPES:
                raise WrongSetting(f"PORTAL_SCOPES: {scope} is a scope of the portal's own. Choose another name.")
        self.sentences = {**OWN_SCOPES, **declared}
        # Not stored in the row of the account token, so it follows what is declared today.
        self.of_account_token = (*_ACCOUNT_READS, *declared)

    def __contains__(self, scope: object) -> bool:
        return scope in self.sentences

    def in_order(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        """`scopes` without doubles, in the order of the list; one that does not exist is left out."""
        return tuple(scope for scope in self.sentences if scope in scopes)


def covers(own: tuple[str, ...] | None, wanted: tuple[str, ...] | None) -> bool:
    """Whether a token with scopes `own` may pass on or use `wanted`; None is full access."""
    if own is None:
        return True
    return wanted is not None and set(wanted) <= set(own)
