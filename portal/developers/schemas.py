"""JSON schemas in words: what stands in a body, an answer or an address, one line for each field. No Flask.

It reads what the document of the API holds and nothing else, so that a page can tell no more than the document does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

_WORDS = {"date-time": "time", "date": "day", "uri": "address", "email": "e-mail address"}
_ALTERNATIVES = ("anyOf", "oneOf", "allOf")
# A schema may lead to itself; nobody reads further down than this.
_DEEPEST = 4
_ENDLESS = 2**53


@dataclass(frozen=True, slots=True)
class Field:
    """One field, or one parameter. What lies inside of another one has its name in front: `user.id`, `items[].id`."""

    name: str
    type: str
    about: str
    limits: tuple[str, ...]
    is_required: bool
    example: object
    choices: tuple[str, ...]


class Definitions:
    """The document, where its references lead."""

    def __init__(self, document: Json) -> None:
        self._document = document

    def resolved(self, found: Json) -> Json:
        """`found` itself, or what its `$ref` names, with what stands beside the reference on top."""
        while "$ref" in found:
            beside = {name: value for name, value in found.items() if name != "$ref"}
            found = {**self._named(found["$ref"]), **beside}
        return found

    def _named(self, reference: str) -> Json:
        found: Any = self._document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        named: Json = found
        return named

    def fields(self, schema: Json) -> tuple[Field, ...]:
        """Every field of an object, those of the objects in it too."""
        return tuple(self._fields(schema, "", 0))

    def field(self, name: str, schema: Json, *, about: str = "", is_required: bool) -> Field:
        """One field called `name`; `about` where the schema itself says nothing."""
        schema = self.resolved(schema)
        parts = [schema, *self._alternatives(schema)]
        return Field(
            name=name,
            type=self._type(schema),
            about=str(about or schema.get("description", "")),
            limits=tuple(limit for part in parts for limit in _limits(part)),
            is_required=is_required,
            example=_example(schema),
            choices=tuple(str(one) for part in parts for one in part.get("enum", ())),
        )

    def _fields(self, schema: Json, before: str, depth: int) -> Iterator[Field]:
        for one in self._objects(schema):
            required = one.get("required", ())
            for name, part in one["properties"].items():
                yield self.field(f"{before}{name}", part, is_required=name in required)
                if depth < _DEEPEST:
                    step = "[]." if self._is_list(part) else "."
                    yield from self._fields(part, f"{before}{name}{step}", depth + 1)

    def _objects(self, schema: Json) -> list[Json]:
        """The objects with named fields that a value of `schema` is, or is a list of."""
        schema = self.resolved(schema)
        if "properties" in schema:
            return [schema]
        inner = [*self._alternatives(schema), *([schema["items"]] if "items" in schema else [])]
        return [found for part in inner for found in self._objects(part)]

    def _is_list(self, schema: Json) -> bool:
        schema = self.resolved(schema)
        return schema.get("type") == "array" or any(self._is_list(part) for part in self._alternatives(schema))

    def _alternatives(self, schema: Json) -> list[Json]:
        return [self.resolved(part) for kind in _ALTERNATIVES for part in schema.get(kind, ())]

    def _type(self, schema: Json) -> str:
        schema = self.resolved(schema)
        alternatives = self._alternatives(schema)
        if alternatives:
            return _either(self._type(part) for part in alternatives)
        kinds = schema.get("type", "string" if "enum" in schema else "any")
        return _either(self._word(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds))

    def _word(self, kind: str, schema: Json) -> str:
        if kind == "array":
            return f"list of {self._type(schema['items'])}" if "items" in schema else "list"
        return _WORDS.get(schema.get("format", ""), kind) if kind == "string" else kind


def _either(words: Iterator[str]) -> str:
    return " or ".join(dict.fromkeys(words))


def _example(schema: Json) -> object:
    examples: Sequence[object] = schema.get("examples", ())
    return examples[0] if examples else schema.get("example")


def _limits(schema: Json) -> Iterator[str]:
    if "enum" in schema:
        yield f"One of: {', '.join(map(str, schema['enum']))}."
    yield from _between(schema.get("minimum"), schema.get("maximum"), "")
    yield from _between(schema.get("minLength"), schema.get("maxLength"), " characters")
    yield from _between(schema.get("minItems"), schema.get("maxItems"), " entries")
    if schema.get("default") is not None:
        yield f"Left out: {schema['default']}."


def _between(least: int | None, most: int | None, unit: str) -> Iterator[str]:
    # That a number is no greater than the database can hold, or a text not empty, helps nobody.
    most = None if most is not None and most >= _ENDLESS else most
    if least is not None and most is not None:
        yield f"{least} to {most}{unit}."
    elif most is not None:
        yield f"At most {most}{unit}."
    elif least is not None and least > 1:
        yield f"{least}{unit} or more."
