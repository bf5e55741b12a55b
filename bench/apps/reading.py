"""The least that a check without a cache does: it hashes the token, reads the rows behind it and tells whose it is.

It judges nothing, notes nothing, and does not look at the token's shape or at a second header.
"""

import os
import sqlite3
import sys
import threading
from collections.abc import Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_QUERY = """
SELECT t.id, t.account_id, t.user_id, u.role, t.scopes, t.expires_at, t.stops_at, t.revoked_at, u.deactivated_at,
       a.api_access_enabled
FROM tokens t INDEXED BY ix_tokens_check JOIN accounts a ON a.id = t.account_id LEFT JOIN users u ON u.id = t.user_id
WHERE t.digest = ?
"""
_SCHEME = len("Bearer ")


class _Held(threading.local):
    def __init__(self) -> None:
        uri = f"file:{os.environ['BENCH_DATABASE']}?mode=ro"
        self.connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


_held = _Held()

# As `portal gateway` has its threads scheduled.
if os.environ.get("BENCH_BATCH") and sys.platform == "linux":
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def wsgi(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    digest = sha256(environ["HTTP_AUTHORIZATION"][_SCHEME:].encode()).hexdigest()
    row = _held.connection.execute(_QUERY, (digest,)).fetchone()
    if row is None:
        start_response("401 Unauthorized", [])
    else:
        token_id, account_id, user_id, role, scopes, *_ = row
        start_response(
            "204 No Content",
            [
                ("X-Portal-Account", str(account_id)),
                ("X-Portal-User", str(user_id)),
                ("X-Portal-Role", role),
                ("X-Portal-Scopes", scopes or "full"),
                ("X-Portal-Token", str(token_id)),
                ("X-Portal-Token-Kind", "personal"),
                ("Cache-Control", "no-store"),
            ],
        )
    return ()
