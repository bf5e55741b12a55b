"""A small service behind the portal's check: it issues badges, and takes the gateway's word for who calls.

It holds no user, no password and no token. Whoever can reach it can claim to be anybody, so it listens where only the
gateway does: on the loopback address.
"""

from uuid import uuid4

from flask import Flask, Response, request
from werkzeug.exceptions import Forbidden, HTTPException, UnprocessableEntity

RECIPIENT = ("recipient_firstname", "recipient_lastname", "recipient_email")
LONGEST = 200

app = Flask(__name__)


@app.put("/v1/badge/<int:badge_id>/issue")
def issue(badge_id: int) -> dict[str, object]:
    """Issues that badge to the recipient in the JSON body; the gateway has asked for the scope `badges:issue`."""
    issued_by = {name: _caller(name) for name in ("account", "user", "token")}
    return {"id": str(uuid4()), "badge_id": badge_id, "recipient": _recipient(), "issued_by": issued_by}


def _caller(name: str) -> str:
    """What the gateway says of the caller; a user is `-` where the token is the account's."""
    said = request.headers.get(f"X-Portal-{name.title()}")
    if not said:
        raise Forbidden("Only the gateway calls this service.")
    return said


def _recipient() -> dict[str, str]:
    body = request.get_json()
    given = {name: body.get(name) for name in RECIPIENT} if isinstance(body, dict) else {}
    if not given or not all(isinstance(value, str) and 0 < len(value) <= LONGEST for value in given.values()):
        raise UnprocessableEntity(f"Send {', '.join(RECIPIENT)}.")
    return {name.removeprefix("recipient_"): value for name, value in given.items()}


@app.errorhandler(HTTPException)
def _say_why(error: HTTPException) -> tuple[dict[str, str | None], int]:
    return {"error": error.description}, error.code or 500


@app.after_request
def _keep_out_of_caches(answer: Response) -> Response:
    # A cache takes care of Authorization; it does not know that X-Access-Token is a credential too.
    answer.headers["Cache-Control"] = "no-store"
    return answer
