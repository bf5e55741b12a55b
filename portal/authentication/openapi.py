"""The OpenAPI 3.1 document of the JSON API, made from the routes, their guards, their descriptions and the models that
serve them. No Flask.

Nothing in it is written down twice: what a call demands stands on its guard, what it sends and answers in its types,
what can go wrong in `portal.problems`.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.authentication.described import DESCRIPTION, OLDER, TAGS, Description
from portal.authentication.headers import SHARED_HEADERS, headers_of
from portal.authentication.needs import NEEDS, Needs
from portal.authentication.refusals import codes_of, problem_schema, refusal
from portal.authentication.schemas import Schema, Schemas
from portal.problems import PROBLEMS
from portal.settings import Settings
from portal.tokens.models import Kind
from portal.tokens.scopes import Scopes

Document = dict[str, Any]

OPENAPI = "3.1.0"
# Of the API, not of the program: the second number grows with every addition.
API_VERSION = "1.0"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
LARGEST_ID = 2**63 - 1

ANY_TOKEN: list[dict[str, list[str]]] = [{"bearer": []}, {"accessToken": []}, {"apiToken": []}]
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer <token>`"},
    "accessToken": {"type": "apiKey", "in": "header", "name": "X-Access-Token", "description": "The token alone."},
    "apiToken": {"type": "apiKey", "in": "header", "name": "X-Api-Token", "description": "The token alone."},
}
_ABOUT = (
    "JSON in and out, times in UTC. Every call carries exactly one token, in one of three headers: "
    "`Authorization: Bearer`, `X-Access-Token` or `X-Api-Token`. Refusals are `application/problem+json` (RFC 9457); "
    "`code` names the reason and never changes, `type` is the address of its page."
)
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes the call happen once, however often it is sent: the same key again makes nothing and is "
    "answered with 409 `already_done`. Kept for 24 hours; use a new one for each token.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "7b7a2c52-badge-issuing",
}
_PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
# What the router calls the id of a token, since it may be none.
_PLACES = {"reference": "id"}


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path, as the router knows it, and the view behind it."""

    method: str
    rule: str
    view: Callable[..., Any]

    @property
    def description(self) -> Description | None:
        """What is told on the view; None when nothing is."""
        found: Description | None = getattr(self.view, DESCRIPTION, None)
        return found

    @property
    def needs(self) -> Needs | None:
        """What the guard demands; None when no token is needed."""
        found: Needs | None = getattr(self.view, NEEDS, None)
        return found

    @property
    def path(self) -> str:
        """As the document writes it: `/api/v1/tokens/{id}`."""
        return _PLACE.sub(lambda found: f"{{{_PLACES.get(found[1], found[1])}}}", self.rule)

    @property
    def places(self) -> list[str]:
        """The names that vary in the path."""
        return [_PLACES.get(name, name) for name in _PLACE.findall(self.rule)]


def document(routes: Iterable[Route], settings: Settings, *, now: datetime) -> Document:
    """The document of those routes that are described, in the order of the tags."""
    order = list(TAGS)
    told = [(route, found) for route in routes if (found := route.description)]
    told.sort(key=lambda one: order.index(one[1].tag))
    types = [type_ for _, found in told for type_ in (found.answer, found.body) if type_ is not None]
    schemas = Schemas(types, scopes=Scopes(settings.scopes).sentences, now=now)
    writer = _Writer(schemas, settings.public_url, {found.operation for _, found in told})
    return {
        "openapi": OPENAPI,
        "info": {"title": f"{settings.brand.name} API", "version": API_VERSION, "description": _ABOUT},
        "servers": [{"url": settings.public_url}],
        "tags": [{"name": tag, "description": TAGS[tag]} for tag in order if any(one[1].tag == tag for one in told)],
        "security": ANY_TOKEN,
        "paths": writer.paths(told),
        "components": {
            "schemas": {**schemas.named, "Problem": problem_schema()},
            "headers": SHARED_HEADERS,
            "securitySchemes": _SCHEMES,
        },
    }


class _Writer:
    """Writes the operations of one document."""

    def __init__(self, schemas: Schemas, public_url: str, operations: set[str]) -> None:
        self._schemas = schemas
        self._public_url = public_url
        self._operations = operations

    def paths(self, told: Iterable[tuple[Route, Description]]) -> dict[str, dict[str, Any]]:
        paths: dict[str, dict[str, Any]] = {}
        for route, description in told:
            paths.setdefault(route.path, {})[route.method.lower()] = self._operation(route, description)
        return paths

    def _operation(self, route: Route, description: Description) -> dict[str, Any]:
        needs = route.needs
        parameters = self._parameters(route, description)
        return {
            "operationId": description.operation,
            "summary": description.summary,
            "description": _paragraphs(route.view),
            "tags": [description.tag],
            **({"deprecated": True} if description.tag == OLDER else {}),
            "security": ANY_TOKEN if needs else [],
            **(_demanded(needs) if needs else {}),
            **({"parameters": parameters} if parameters else {}),
            **({"requestBody": self._body(description)} if description.body else {}),
            "responses": {**self._success(route, description), **self._refusals(route, description)},
        }

    def _parameters(self, route: Route, description: Description) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = [_place(name) for name in route.places]
        if description.query:
            found += [_query_field(name, field) for name, field in self._schemas.fields(description.query).items()]
        return [*found, _IDEMPOTENCY_KEY] if description.once else found

    def _body(self, description: Description) -> dict[str, Any]:
        schema = self._schemas.of(description.body)
        sends = {**self._schemas.example(schema), **description.sends}
        media_type = FORM if description.is_form else JSON
        return {
            "required": not description.may_be_empty,
            "content": {media_type: {"schema": schema, "example": sends}},
        }

    def _success(self, route: Route, description: Description) -> dict[str, Any]:
        response: dict[str, Any] = {
            "description": "Done; there is no body.",
            "headers": headers_of(description.status, [], is_guarded=route.needs is not None),
        }
        if description.answer is not None:
            schema = self._schemas.of(description.answer)
            response["description"] = self._schemas.meaning(schema)
            example = {**self._schemas.example(schema), **description.example}
            response["content"] = {JSON: {"schema": schema, "example": example}}
        if description.leads_to:
            response["links"] = self._links(description, response["content"][JSON]["example"])
        return {str(description.status): response}

    def _links(self, description: Description, example: Mapping[str, Any]) -> dict[str, Any]:
        pointer = "/items/0/id" if "items" in example else "/id"
        return {
            operation: {"operationId": operation, "parameters": {"path.id": f"$response.body#{pointer}"}}
            for operation in description.leads_to
            if operation in self._operations
        }

    def _refusals(self, route: Route, description: Description) -> dict[str, Any]:
        codes = codes_of(description, route.needs, path=route.path)
        by_status: dict[int, list[str]] = {}
        for code in sorted(codes, key=list(PROBLEMS).index):
            by_status.setdefault(PROBLEMS[code].status, []).append(code)
        return {
            str(status): {
                **refusal(by_status[status], self._public_url, path=route.path),
                "headers": headers_of(status, by_status[status], is_guarded=route.needs is not None),
            }
            for status in sorted(by_status)
        }


def _demanded(needs: Needs) -> dict[str, Any]:
    return {
        **({"x-scope": needs.scope} if needs.scope else {}),
        **({"x-role": needs.role.value} if needs.role else {}),
        "x-token-kinds": [kind.value for kind in Kind if kind in needs.kinds],
    }


def _place(name: str) -> dict[str, Any]:
    schema: Schema = {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST_ID}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": "The id, as lists and answers give it.",
        "schema": schema,
        "example": 17,
    }


def _query_field(name: str, field: Schema) -> dict[str, Any]:
    schema = {key: value for key, value in field.items() if key not in {"description", "examples"}}
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": field["description"],
        "schema": schema,
        "example": field["examples"][0],
    }


def _paragraphs(view: Callable[..., Any]) -> str:
    """The docstring, a line for each paragraph."""
    text = inspect.getdoc(view) or ""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
