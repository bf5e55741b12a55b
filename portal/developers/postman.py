"""The API as a collection for Postman (format v2.1.0), and for whatever else reads that format. No Flask.

It holds no token: there is an empty variable for it, which Postman keeps to itself.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from portal.developers.calls import HEADER, PATH, QUERY, Body, Operation, Reference
from portal.developers.samples import call_of
from portal.developers.schemas import Field

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
BASE_URL, TOKEN = "{{base_url}}", "{{token}}"

_ABOUT = (
    "Put your token into the variable token of this collection; the word Bearer is added for you. "
    "Send the calls one by one: some of them revoke or replace tokens, the one that you call with too."
)

Item = dict[str, Any]


def collection(reference: Reference, *, name: str, public_url: str) -> Item:
    """The collection of the portal at `public_url`. Taken in again, it replaces the earlier one."""
    return {
        "info": {
            "_postman_id": str(uuid5(NAMESPACE_URL, f"{public_url}/developers")),
            "name": f"{name} API",
            "description": _ABOUT,
            "schema": SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": TOKEN, "type": "string"}]},
        "variable": [
            {"key": "base_url", "value": public_url, "type": "string"},
            {"key": "token", "value": "", "type": "secret"},
        ],
        "item": [
            {"name": group.name, "description": group.about, "item": [_request(one) for one in group.operations]}
            for group in reference.groups
        ],
    }


def _request(operation: Operation) -> Item:
    request: Item = {
        "method": operation.method,
        "description": operation.about,
        "header": _headers(operation),
        "url": _url(operation),
    }
    if not operation.kinds:
        request["auth"] = {"type": "noauth"}
    if operation.body is not None:
        request["body"] = _body(operation.body)
    return {"name": operation.summary, "request": request, "response": []}


def _url(operation: Operation) -> Item:
    path = operation.path
    for field in operation.at(PATH):
        path = path.replace(f"{{{field.name}}}", f":{field.name}")
    call = urlsplit(call_of(operation, "").url)
    return {
        "raw": f"{BASE_URL}{path}{'?' + call.query if call.query else ''}",
        "host": [BASE_URL],
        "path": path.removeprefix("/").split("/"),
        "query": list(_pairs(operation.at(QUERY))),
        "variable": [
            {"key": field.name, "value": str(field.example), "description": field.about} for field in operation.at(PATH)
        ],
    }


def _headers(operation: Operation) -> list[Item]:
    headers = list(_pairs(operation.at(HEADER)))
    if operation.body is not None:
        headers.insert(0, {"key": "Content-Type", "value": operation.body.media_type})
    return headers


def _pairs(fields: Iterable[Field]) -> Iterable[Item]:
    """What can be left out is there, switched off."""
    for field in fields:
        value = "" if field.example is None else str(field.example)
        yield {"key": field.name, "value": value, "description": field.about, "disabled": not field.is_required}


def _body(body: Body) -> Item:
    if body.is_json:
        return {"mode": "raw", "raw": body.text, "options": {"raw": {"language": "json"}}}
    return {
        "mode": "urlencoded",
        "urlencoded": [{"key": name, "value": value, "type": "text"} for name, value in body.example.items()],
    }
