"""`POST /revoke` (RFC 7009): whoever holds a token can kill it, with the token alone.

The answer is the same whether the token lived, was dead or never was, so it tells a stranger nothing. A browser
that is made to send this form does no harm: no cookie is read.
"""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from portal.authentication.answers import HEADERS
from portal.authentication.decorator import held_secret_suffices
from portal.authentication.described import SERVICES, described
from portal.clock import utc_now
from portal.current import client_address, reading, running, transaction
from portal.gateway.forms import TokenForm, read_token
from portal.tokens import holders
from portal.tokens.secret import MalformedSecret, SecretReader

blueprint = Blueprint("revoke", __name__)


@blueprint.post("/revoke")
@described(
    "revokeHeld",
    tag=SERVICES,
    summary="Revoke a token that you hold",
    body=TokenForm,
    is_form=True,
    answer=None,
    errors=("unavailable",),
)
@held_secret_suffices
def revoke() -> ResponseReturnValue:
    """Whoever holds a token can kill it with the token alone (RFC 7009): one that was found in a log or a repository,
    say. The answer is the same for known and unknown ones."""
    settings, address, now = running().settings, client_address(), utc_now()
    try:
        secret = SecretReader(settings.token_prefixes).read(read_token())
    except MalformedSecret:
        return _answer()
    with reading() as session:
        is_alive = holders.is_alive(session, secret, now=now)
    # Only a living token is worth the lock that writing takes: strangers must not make others wait.
    if is_alive:
        transaction(lambda session: holders.kill(session, secret, address=address, now=now))
    return _answer()


def _answer() -> Response:
    response = Response(b"", 200, HEADERS)
    del response.headers["Content-Type"]
    return response
