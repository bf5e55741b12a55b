"""Where a call carries its secret: exactly one of three headers. No Flask, no database.

A cookie is never read, a token in the address is no credential, and two carriers are refused even when they are
equal, since two readers could disagree on which one counts (RFC 6750 §2 and §3.1).
"""

from portal.authentication.refused import Refused

CARRIERS = ("Authorization", "X-Access-Token", "X-Api-Token")
_SCHEME = "bearer"
_SCHEME_AND_BLANK = f"{_SCHEME} "
_ITS_LENGTH = len(_SCHEME_AND_BLANK)


def secret_from(authorization: str | None, x_access_token: str | None, x_api_token: str | None) -> str:
    """The secret in the one header that is present; None means absent, an empty value counts as present.

    Raises `Refused`: `token_missing`, `ambiguous_credentials`, or `token_malformed`.
    """
    if x_access_token is None and x_api_token is None and authorization is not None and "," not in authorization:
        return _without_scheme(authorization)
    present = [value for value in (authorization, x_access_token, x_api_token) if value is not None]
    if not present:
        raise Refused("token_missing", "Send a token in Authorization: Bearer, X-Access-Token or X-Api-Token.")
    if len(present) > 1 or "," in present[0]:
        raise Refused("ambiguous_credentials", "Send exactly one token, in one header, once.")
    return _alone(present[0]) if authorization is None else _without_scheme(authorization)


def _without_scheme(value: str) -> str:
    scheme, _, secret = value.partition(" ")
    if scheme.lower() != _SCHEME or not secret:
        raise Refused(
            "token_malformed", "The header Authorization holds no bearer token. Write: Bearer, a blank, the token."
        )
    if _starts_with_scheme(secret):
        raise Refused("token_malformed", "The word Bearer stands twice. Write it once.")
    return secret


def _alone(value: str) -> str:
    if _starts_with_scheme(value):
        raise Refused("token_malformed", "This header takes the token alone, without the word Bearer.")
    return value


def _starts_with_scheme(value: str) -> bool:
    return value[:_ITS_LENGTH].lower() == _SCHEME_AND_BLANK
