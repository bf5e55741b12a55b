"""What changed in the API, for those whose programs call it. An entry is added with each change that they can see."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Release:
    """What came on one day: whole sentences, in plain words."""

    day: date
    title: str
    changes: tuple[str, ...]


# Newest first.
RELEASES = (
    Release(
        date(2026, 11, 25),
        "First release",
        (
            "GET /api/v1/me says whom a token acts as.",
            "Personal tokens are listed, made, read, renamed, rotated and revoked below /api/v1/tokens. A token may "
            "name itself as “self”.",
            "GET /api/v1/account, /account/members, /account/tokens, /events and /usage read the account, for whom "
            "role and scope allow it.",
            "GET /api/v1/openapi.json describes every call as OpenAPI 3.1.",
            "The event stream /ws/events sends what /api/v1/events would list, as it happens.",
            "POST /revoke (RFC 7009) kills the token it is sent. POST /introspect (RFC 7662) and /verify are for "
            "services.",
            "The paths /api-tokens and /advanced/v1/personal_access_token/ are there for older clients.",
        ),
    ),
)
