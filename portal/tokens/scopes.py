"""What a token can be limited to. Rights are role and scope, always, by today's role."""

ACCOUNT_READ = "account:read"
TOKENS_READ = "tokens:read"
TOKENS_WRITE = "tokens:write"

# Scope → what a token that has it may do; the order is the one forms and lists show. The sentences stand beside
# the boxes of a form, so they keep clear of the words of its other labels ("Name", "Never").
SCOPES = {
    ACCOUNT_READ: "See the account and whether API access is on",
    TOKENS_READ: "List your personal access tokens, without their secrets",
    TOKENS_WRITE: "Make, change, rotate and revoke your personal access tokens",
}

# The account token acts for the account: it reads, and changes nothing. Not stored in its row, so a later
# version can add to it without touching rows.
ACCOUNT_TOKEN_SCOPES = ("account:read", "members:read", "events:read", "usage:read")


def covers(own: tuple[str, ...] | None, wanted: tuple[str, ...] | None) -> bool:
    """Whether a token with scopes `own` may pass on or use `wanted`; None is full access."""
    if own is None:
        return True
    return wanted is not None and set(wanted) <= set(own)


def in_order(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """`scopes` without doubles, in the order of the list above."""
    return tuple(scope for scope in SCOPES if scope in scopes)
