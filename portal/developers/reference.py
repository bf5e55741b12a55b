"""The calls of the API, read from its OpenAPI document. No Flask.

The document is made from the code that answers the calls, so what is drawn from it cannot tell anything else.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from portal.developers.calls import Answer, Body, Group, Operation, Parameter, Reference
from portal.developers.schemas import Definitions, Field, Json

YOUR_TOKEN = "YOUR_TOKEN"
METHODS = ("get", "post", "put", "patch", "delete")


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
        return Parameter(told["in"], self._told_field(told["name"], told))

    def _told_field(self, name: str, told: Json) -> Field:
        """The field of a parameter or a header; an example that stands beside the schema goes into it."""
        schema = {**self._definitions.resolved(told.get("schema", {}))}
        example = self._example(told)
        if example is not None:
            schema["examples"] = [example]
        is_required = told.get("required", False)
        return self._definitions.field(name, schema, about=told.get("description", ""), is_required=is_required)

    def _body(self, told: Json) -> Body:
        media_type, media = next(iter(told["content"].items()))
        example = self._example(media)
        return Body(media_type, self._definitions.fields(media.get("schema", {})), example, told.get("required", False))

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
            yield self._told_field(name, self._definitions.resolved(header))

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
