"""`GET /api/v1/openapi.json`: the API, described by the code that serves it. The one call that needs no token."""

from typing import Annotated, Any

import orjson
from flask import Blueprint, Flask, current_app
from flask.typing import ResponseReturnValue
from pydantic import Field
from typing_extensions import TypedDict

from portal.api.answers import json_bytes_answer
from portal.authentication.decorator import open_to_programs
from portal.authentication.described import DOCUMENT, described
from portal.authentication.openapi import API_VERSION, OPENAPI
from portal.authentication.reference import document_in

_KEY = "portal.document_written"

blueprint = Blueprint("api_document", __name__, url_prefix="/api/v1")


class DocumentJson(TypedDict):
    """An OpenAPI document; its example is without what fills it."""

    openapi: Annotated[str, Field(examples=[OPENAPI])]
    info: Annotated[dict[str, Any], Field(examples=[{"title": "Portal API", "version": API_VERSION}])]
    servers: Annotated[list[dict[str, Any]], Field(examples=[[]])]
    tags: Annotated[list[dict[str, Any]], Field(examples=[[]])]
    security: Annotated[list[dict[str, Any]], Field(examples=[[]])]
    paths: Annotated[dict[str, Any], Field(examples=[{}])]
    components: Annotated[dict[str, Any], Field(examples=[{}])]


@blueprint.get("/openapi.json")
@described("getOpenapi", tag=DOCUMENT, summary="Get this document", answer=DocumentJson, errors=())
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
