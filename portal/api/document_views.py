"""`GET /api/v1/openapi.json`: the API, described by the code that serves it. The one call that needs no token."""

from typing import Any

import orjson
from flask import Blueprint, Flask, current_app
from flask.typing import ResponseReturnValue
from typing_extensions import TypedDict

from portal.api.answers import json_bytes_answer
from portal.authentication.decorator import open_to_programs
from portal.authentication.described import DOCUMENT, described
from portal.authentication.openapi import API_VERSION, OPENAPI
from portal.authentication.reference import document_in

_KEY = "portal.document_written"
_BEGINNING = {
    "openapi": OPENAPI,
    "info": {"title": "Portal API", "version": API_VERSION},
    "servers": [],
    "tags": [],
    "security": [],
    "paths": {},
    "components": {},
}

blueprint = Blueprint("api_document", __name__, url_prefix="/api/v1")


class DocumentJson(TypedDict):
    """An OpenAPI document; shown here without what fills it."""

    openapi: str
    info: dict[str, Any]
    servers: list[dict[str, Any]]
    tags: list[dict[str, Any]]
    security: list[dict[str, Any]]
    paths: dict[str, Any]
    components: dict[str, Any]


@blueprint.get("/openapi.json")
@described(
    "getOpenapi",
    tag=DOCUMENT,
    summary="Get this document",
    answer=DocumentJson,
    errors=(),
    example=_BEGINNING,
)
@open_to_programs
def openapi() -> ResponseReturnValue:
    """What this reference is drawn from: OpenAPI 3.1, made from the code that serves the calls. No token is needed, and
    no limit counts it."""
    return json_bytes_answer(_written_in(current_app))


def _written_in(app: Flask) -> bytes:
    # Written once for each process, since it stays the same while it runs.
    found: bytes | None = app.extensions.get(_KEY)
    if found is None:
        found = app.extensions[_KEY] = orjson.dumps(document_in(app))
    return found
