"""The header `WWW-Authenticate` of a refusal, one for every surface. No Flask."""

from portal.authentication.refused import Refused
from portal.problems import Problem

REALM = "portal"


def challenge(error: Exception, problem: Problem, *, detail: str) -> str | None:
    """Its value (RFC 6750 §3): the realm alone for a call without any token; None where no token would help."""
    if problem.status != 401 and not problem.bearer_error:
        return None
    parts = [f'realm="{REALM}"']
    if problem.bearer_error:
        parts += [f'error="{problem.bearer_error}"', f'error_description="{detail}"']
    if isinstance(error, Refused) and error.scope:
        parts.append(f'scope="{error.scope}"')
    return f"Bearer {', '.join(parts)}"
