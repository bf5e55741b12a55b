"""The calls of the API as its pages show them, read from the OpenAPI document. No Flask.

The document is made from the code that answers the calls, so the pages cannot tell anything else.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from portal.developers.schemas import Definitions, Field, Json
from portal.errors import NotFound

METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"
PATH, QUERY, HEADER = "path", "query", "header"
SERVICE = "service"

# What a call ends, or puts another in the place of, for whoever uses it.
_ENDS = ("/rotate", "/revoke")
# It asks, and is no GET only because of what it carries.
_ASKS = ("/introspect",)


@dataclass(frozen=True, slots=True)
class Parameter:
    """What stands beside the body. `place`: path, query or header."""

    place: str
    field: Field


@dataclass(frozen=True, slots=True)
class Body:
    """What a call sends; `example` is JSON, or the fields of a form."""

    media_type: str
    fields: tuple[Field, ...]
    example: Any
    is_required: bool

    @property
    def is_json(self) -> bool:
        return self.media_type == JSON

    @property
    def text(self) -> str:
        """The example as it is sent."""
        return pretty(self.example) if self.is_json else urlencode(self.example)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a call that went well."""

    status: int
    about: str
    fields: tuple[Field, ...]
    headers: tuple[Field, ...]
    example: Any
    has_body: bool

    @property
    def text(self) -> str:
        """The example as it is answered."""
        return pretty(self.example) if self.has_body else ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One call. `codes` are those of the problems it can answer with; `kinds` are of tokens, none: it needs no token."""

    id: str
    method: str
    path: str
    summary: str
    about: str
    scope: str | None
    role: str | None
    kinds: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    body: Body | None
    answers: tuple[Answer, ...]
    codes: tuple[str, ...]

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing."""
        return self.method == "GET" or self.path.endswith(_ASKS)

    @property
    def is_end(self) -> bool:
        """Whether something that works now stops working by it."""
        return self.method == "DELETE" or self.path.endswith(_ENDS)

    @property
    def is_for_services(self) -> bool:
        """Whether it takes nothing but tokens of the operator's services."""
        return self.kinds == (SERVICE,)

    def at(self, place: str) -> tuple[Field, ...]:
        """Its parameters in that place."""
        return tuple(parameter.field for parameter in self.parameters if parameter.place == place)


@dataclass(frozen=True, slots=True)
class Group:
    """Calls that belong together."""

    name: str
    about: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """All calls, in groups, in the order of the document."""

    groups: tuple[Group, ...]

    @property
    def operations(self) -> tuple[Operation, ...]:
        return tuple(operation for group in self.groups for operation in group.operations)

    def find(self, operation_id: str) -> Operation:
        """The call with that id. Raises `NotFound`."""
        for operation in self.operations:
            if operation.id == operation_id:
                return operation
        raise NotFound


def pretty(value: object) -> str:
    """`value` as JSON, one field a line."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def read_reference(document: Json) -> Reference:
    """What `document`, an OpenAPI 3.1 document, tells of its calls."""
    reader, about = _Reader(document), {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    groups: dict[str, list[Operation]] = {name: [] for name in about}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                shared = item.get("parameters", ())
                told = {**item[method], "parameters": (*shared, *item[method].get("parameters", ()))}
                groups.setdefault(told["tags"][0], []).append(reader.operation(method, path, told))
    return Reference(tuple(Group(name, about.get(name, ""), tuple(found)) for name, found in groups.items() if found))


class _Reader:
    def __init__(self, document: Json) -> None:
        self._definitions = Definitions(document)
        self._security: Sequence[Json] = document.get("security", ())

    def operation(self, method: str, path: str, told: Json) -> Operation:
        needs_token = any(told.get("security", self._security))
        responses = {status: self._definitions.resolved(found) for status, found in told["responses"].items()}
        return Operation(
            id=told["operationId"],
            method=method.upper(),
            path=path,
            summary=told["summary"],
            about=told.get("description", ""),
            scope=told.get("x-scope"),
            role=told.get("x-role"),
            kinds=tuple(told.get("x-token-kinds") or ()) if needs_token else (),
            parameters=tuple(map(self._parameter, told["parameters"])),
            body=self._body(self._definitions.resolved(told["requestBody"])) if "requestBody" in told else None,
            answers=tuple(self._answer(int(status), found) for status, found in responses.items() if status[0] == "2"),
            codes=tuple(dict.fromkeys(code for found in responses.values() for code in found.get("x-codes", ()))),
        )

    def _parameter(self, told: Json) -> Parameter:
        told = self._definitions.resolved(told)
        return Parameter(told["in"], self._told_field(told["name"], told, is_required=told.get("required", False)))

    def _told_field(self, name: str, told: Json, *, is_required: bool) -> Field:
        """The field of a parameter or a header; an example that stands beside the schema goes into it."""
        schema = {**self._definitions.resolved(told.get("schema", {}))}
        example = self._example(told)
        if example is not None:
            schema["examples"] = [example]
        return self._definitions.field(name, schema, about=told.get("description", ""), is_required=is_required)

    def _body(self, told: Json) -> Body:
        media_type, media = next(iter(told["content"].items()))
        fields = self._definitions.fields(media.get("schema", {}))
        return Body(media_type, fields, self._example(media), told.get("required", False))

    def _answer(self, status: int, told: Json) -> Answer:
        media: Json = next(iter(told.get("content", {}).values()), {})
        return Answer(
            status=status,
            about=told.get("description", ""),
            fields=self._definitions.fields(media.get("schema", {})),
            headers=tuple(self._headers(told)),
            example=self._example(media),
            has_body="content" in told,
        )

    def _headers(self, told: Json) -> Iterator[Field]:
        for name, header in told.get("headers", {}).items():
            header = self._definitions.resolved(header)
            yield self._told_field(name, header, is_required=header.get("required", False))

    def _example(self, told: Json) -> Any:
        """The one example of a parameter, a body or an answer; the first, where there are several."""
        for found in told.get("examples", {}).values():
            return self._definitions.resolved(found)["value"]
        return told["example"] if "example" in told else self._in_schema(told.get("schema", {}))

    def _in_schema(self, schema: Json) -> Any:
        schema = self._definitions.resolved(schema)
        for found in schema.get("examples", ()):
            return found
        return schema.get("example")
