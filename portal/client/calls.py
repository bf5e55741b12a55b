"""What the commands ask of the portal, call by call, and the way back when an answer got lost.

A secret that is lost on its way is stored nowhere. Making and replacing tokens carries a key of its own each time, so
that the portal tells a call that is sent again from a new one.
"""

import os
import time
from typing import Any
from urllib.parse import quote

from portal.client.access import Access
from portal.client.connection import Call, ask
from portal.client.errors import NotThePortal, Refused

TOKENS = "/api/v1/tokens"
SELF = "self"
PER_PAGE = 100
LONGEST_WAIT_SECONDS = 60
_OF_A_TOKEN = ("id", "name", "token_prefix", "scopes", "created_at", "expires_at", "last_used_at", "stops_at",
               "revoked_at")  # fmt: skip


def whoami(access: Access) -> dict[str, Any]:
    """Whom the token acts for."""
    found = _with(access, ask(access, Call("GET", "/api/v1/me")), "account", "user", "role", "token")
    _with(access, found["token"], "id", "kind", "name", "token_prefix", "scopes", "expires_at")
    return found


def list_all(access: Access, *, status: str) -> list[dict[str, Any]]:
    """One's own tokens of that status, newest first: every page of them."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = _patiently(access, f"{TOKENS}?status={status}&limit={PER_PAGE}{cursor}")
        found += [_with(access, token, *_OF_A_TOKEN) for token in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={quote(str(page['next_cursor']))}"


def create(access: Access, wanted: dict[str, Any]) -> dict[str, Any]:
    """A new token with its secret."""
    try:
        made = ask(access, Call("POST", TOKENS, wanted, once=_new_key()))
    except Refused as refused:
        if refused.code != "already_done":
            raise
        raise _lost_secret(access, refused, way_back=way_back(refused.body.get("id"))) from None
    return _with(access, made, *_OF_A_TOKEN, "token")


def rotate(access: Access, reference: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """The token that replaces another, with its secret."""
    try:
        made = ask(access, Call("POST", f"{TOKENS}/{reference}/rotate", wanted, once=_new_key()))
    except Refused as refused:
        if refused.code != "already_done":
            raise
        new_id = refused.body.get("id")
        # What a replaced token makes dies with it, so it cannot help itself. A person can, on the new one's page.
        on_page = f"Rotate that one on its page: {access.url}/settings/tokens/{new_id}/rotate"
        way = on_page if reference == SELF else f"Rotate that one: portal token rotate {new_id}"
        raise _lost_secret(access, refused, way_back=way) from None
    return _with(access, made, *_OF_A_TOKEN, "token")


def revoke(access: Access, reference: str) -> None:
    """Kills a token."""
    ask(access, Call("DELETE", f"{TOKENS}/{reference}"))


def way_back(token_id: object) -> str:
    """What to do about a token that nobody has the secret of."""
    return f"Revoke it, then make another: portal token revoke {token_id}"


def _lost_secret(access: Access, refused: Refused, *, way_back: str) -> Refused:
    made = f"{refused.body.get('token_prefix')} (id {refused.body.get('id')})"
    text = f"The connection broke when {made} had been made; its secret was lost on the way and is stored nowhere."
    return Refused(access.clean(f"{text} {way_back}"), code=refused.code, body=refused.body, wait_seconds=None)


def _patiently(access: Access, path: str) -> dict[str, Any]:
    """A page of a list that may be longer than a token may ask for in one go."""
    while True:
        try:
            return _with(access, ask(access, Call("GET", path)), "items", "next_cursor")
        except Refused as refused:
            if refused.code != "rate_limited" or not 0 < (refused.wait_seconds or 0) <= LONGEST_WAIT_SECONDS:
                raise
            time.sleep(refused.wait_seconds or 0)


def _with(access: Access, body: Any, *fields: str) -> dict[str, Any]:
    """`body`, which has all of these fields."""
    if isinstance(body, dict) and all(field in body for field in fields):
        return body
    raise NotThePortal(f"{access.url} does not answer what a portal answers. Check PORTAL_URL.")


def _new_key() -> str:
    return os.urandom(16).hex()
