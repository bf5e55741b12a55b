"""What a refusal of the portal means to somebody at a command line, and what to do.

The portal's own table has words for those who write programs; here stand those that differ for a command.
"""

from typing import Any

from portal.client.access import TOKEN, URL, Access
from portal.clock import span
from portal.problems import PROBLEMS

LOOK = "portal token list"
_COPY = f"Copy it again into {TOKEN}, whole: no quotes, nothing cut off."
_MISFIT = "This command does not fit the version of that portal. Bring both to the same one."
# Their details say what to do already.
_SAY_IT_THEMSELVES = frozenset({"name_taken", "limit_reached", "unavailable", "validation_failed"})
_REMEDIES = {
    "token_missing": f"Something on the way took the token out of the call. Check that {URL} is the portal itself.",
    "token_malformed": _COPY,
    "token_unknown": f"Check that {URL} is the portal that made it.",
    "token_revoked": f"Make a new token and put it into {TOKEN}.",
    "insufficient_scope": "Make a token with that scope.",
    "not_found": f"Check the id: {LOOK}",
    "conflict": f"Look at it and decide anew: {LOOK}",
    "malformed_json": _MISFIT,
    "unsupported_media_type": _MISFIT,
    "method_not_allowed": _MISFIT,
    "bad_host": f"Put the portal's public address into {URL}.",
}


def sentence(access: Access, body: dict[str, Any], *, wait_seconds: int | None, request_id: str | None) -> str:
    """What happened and what to do, from the problem `body`."""
    code = body["code"]
    if code == "rate_limited" and wait_seconds is not None:
        return f"There were too many calls in a short time. Wait {span(wait_seconds)}, then run it again."
    said = [_what_happened(access, body), _what_to_do(code)]
    if code == "internal_error" and request_id:
        said.append(f"Request id: {access.clean(request_id)}")
    return " ".join(part for part in said if part)


def _what_happened(access: Access, body: dict[str, Any]) -> str:
    """The detail; where values were wrong, each of them by its name, since the detail only points there."""
    errors = body.get("errors")
    wrong = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    told = (f"{str(one.get('pointer', '')).lstrip('/') or 'body'}: {one.get('detail')}" for one in wrong)
    return access.clean(" ".join(told) or body["detail"])


def _what_to_do(code: str) -> str:
    if code in _REMEDIES:
        return _REMEDIES[code]
    # A newer portal may know more reasons than this table.
    return PROBLEMS[code].remedy if code in PROBLEMS and code not in _SAY_IT_THEMSELVES else ""
