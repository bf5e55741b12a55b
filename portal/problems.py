"""The catalogue of what the JSON API can answer when it refuses (RFC 9457).

One table: the API's answers and the page `/developers/errors` are both made from it.
"""

from typing import NamedTuple


class Problem(NamedTuple):
    """One kind of refusal. `meaning` says what happened, `remedy` what the caller can do about it.

    A tuple, since the command line reads this table too, and would wait for what makes a dataclass.
    """

    code: str
    status: int
    title: str
    meaning: str
    remedy: str
    # The error code of RFC 6750 §3.1 for `WWW-Authenticate`, where the answer carries one.
    bearer_error: str | None = None

    @property
    def oauth_error(self) -> str | None:
        """What OAuth clients read in place of our code (RFC 6749 §5.2; a bad token to ask with: RFC 7662 §2.3)."""
        return self.bearer_error or _OAUTH_ERRORS.get(self.status)

    def told(self, public_url: str, detail: str) -> dict[str, str | int]:
        """The body of an answer, as `application/problem+json`. `detail` is about this very call."""
        return {
            "type": f"{public_url}/developers/errors#{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": detail,
            "code": self.code,
        }


# What is called by OAuth clients, whose word for a refusal is `error`.
OAUTH_PATHS = ("/introspect", "/revoke")
_OAUTH_ERRORS = {
    400: "invalid_request",
    401: "invalid_client",
    403: "unauthorized_client",
    413: "invalid_request",
    415: "invalid_request",
}

# What every 503 says in `Retry-After`, to people and programs alike.
RETRY_SECONDS = "5"

_INVALID = "invalid_token"

_TABLE = (
    Problem(
        "token_missing",
        401,
        "No token",
        "The call carried no token.",
        "Send it in one of the headers Authorization: Bearer, X-Access-Token or X-Api-Token. "
        "A token in the address is not read.",
    ),
    Problem(
        "token_malformed",
        401,
        "Not a token",
        "What was sent has not the shape of a token of this portal.",
        "Copy it again, whole: no quotes, no blanks, nothing cut off. In Authorization the word Bearer stands "
        "before it, once.",
        _INVALID,
    ),
    Problem(
        "token_unknown",
        401,
        "Unknown token",
        "The token is well formed, but it is none of this portal's.",
        "Check that the address belongs to the portal that made it.",
        _INVALID,
    ),
    Problem(
        "user_inactive",
        401,
        "Person deactivated",
        "The person this token belongs to has been deactivated.",
        "Ask an owner of the account. Tokens stay dead when the person is let in again: make a new one.",
        _INVALID,
    ),
    Problem(
        "api_access_disabled",
        401,
        "API access is off",
        "The account has turned API access off.",
        "An owner can turn it on again, which makes a new token.",
        _INVALID,
    ),
    Problem(
        "token_not_allowed",
        401,
        "Personal tokens are off",
        "The account does not let its members use personal access tokens.",
        "Ask an owner of the account.",
        _INVALID,
    ),
    Problem(
        "token_revoked",
        401,
        "Token revoked",
        "The token was revoked, or replaced by a newer one.",
        "Make a new token and store it where this one was.",
        _INVALID,
    ),
    Problem(
        "token_expired",
        401,
        "Token expired",
        "The token's last day has passed.",
        "Rotate it on its page, or make a new one.",
        _INVALID,
    ),
    Problem(
        "ambiguous_credentials",
        400,
        "More than one token",
        "The call carried two credentials, or one header that held two values.",
        "Send exactly one of the headers Authorization, X-Access-Token and X-Api-Token, once.",
        "invalid_request",
    ),
    Problem(
        "insufficient_scope",
        403,
        "Scope missing",
        "The token lacks a scope that this call needs.",
        "The header WWW-Authenticate names it after scope=, where * stands for full access. Make a token with it, on "
        "the page: no token makes one that may do more than itself.",
        "insufficient_scope",
    ),
    Problem(
        "forbidden",
        403,
        "Not allowed",
        "The token is good, but not for this call.",
        "The detail says why: the role of the person, the kind of the token, or a new token that would live longer "
        "than the one that asks for it.",
    ),
    Problem(
        "not_found",
        404,
        "Not found",
        "There is nothing at this address, or it belongs to somebody else.",
        "Check the path and the id.",
    ),
    Problem(
        "method_not_allowed",
        405,
        "Wrong method",
        "This address does not take that method.",
        "The header Allow lists the methods that it takes.",
    ),
    Problem("malformed_json", 400, "Not JSON", "The body is not JSON that can be read.", "Check quotes and commas."),
    Problem(
        "malformed_form",
        400,
        "Wrong form",
        "The form has not exactly one field named token with a value.",
        "Send the field token once. It goes in the body, never in the address.",
    ),
    Problem(
        "unsupported_media_type",
        415,
        "Wrong media type",
        "The body is not sent in the media type that the call takes.",
        "Send the header Content-Type: application/json; to /introspect and /revoke application/x-www-form-urlencoded.",
    ),
    Problem(
        "validation_failed",
        422,
        "Wrong value",
        "A field is unknown, is missing or has a value that cannot be taken.",
        "The list errors has a pointer to each field, and a detail that says what to change.",
    ),
    Problem("too_large", 413, "Too large", "The body is larger than 64 KiB.", "Send less."),
    Problem(
        "name_taken",
        409,
        "Name in use",
        "Another of your living tokens has that name.",
        "Choose a different name, or revoke or rotate the other token.",
    ),
    Problem(
        "conflict",
        409,
        "Changed in the meantime",
        "The present state does not allow this, or somebody was quicker.",
        "Read the token again and decide anew.",
    ),
    Problem(
        "limit_reached",
        409,
        "Limit reached",
        "You have as many living tokens as one person may have.",
        "Revoke one that is no longer needed.",
    ),
    Problem(
        "already_done",
        409,
        "Already done",
        "This Idempotency-Key has been used for the same call, which was carried out.",
        "The secret is stored nowhere. To recover, delete the token named in the answer and repeat with a new key.",
    ),
    Problem(
        "rate_limited",
        429,
        "Too many calls",
        "There were too many calls in a short time.",
        "Wait as many seconds as the header Retry-After says.",
    ),
    Problem(
        "unavailable",
        503,
        "Cannot answer now",
        "The portal cannot reach its database. It says nothing about your token.",
        "Try again in a moment.",
    ),
    Problem(
        "internal_error",
        500,
        "Our fault",
        "Something went wrong on our side.",
        "Try again; if it stays, tell the operator the request id.",
    ),
    Problem(
        "bad_host",
        400,
        "Wrong host",
        "The call was sent to a name that is not this portal's.",
        "Use the portal's public address.",
    ),
)

PROBLEMS = {problem.code: problem for problem in _TABLE}
