"""The JSON schemas of the OpenAPI document, made from the models and types that serve the calls, and the examples that
follow from them. No Flask."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from portal.authentication.described import MUST_BE_AHEAD, SHOWN_AHEAD

Schema = dict[str, Any]

REFERENCE = "#/components/schemas/"
# The scopes that there are are known to a running portal alone.
_SCOPE = "Scope"


class _Untitled(GenerateJsonSchema):
    """Without titles for fields, which would only say their names again."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class Schemas:
    """The named schemas of one document, and examples of what they describe."""

    def __init__(self, types: Iterable[Any], *, scopes: Iterable[str], now: datetime) -> None:
        inputs: list[Any] = [(one, "validation", TypeAdapter(one)) for one in _each_once(types)]
        found, named = TypeAdapter.json_schemas(
            inputs, ref_template=f"{REFERENCE}{{model}}", schema_generator=_Untitled
        )
        self._now = now
        self._of = {id(one): self._finished(schema) for (one, _), schema in found.items()}
        self.named: dict[str, Schema] = {
            name: self._finished(schema) for name, schema in sorted(named.get("$defs", {}).items())
        }
        if _SCOPE in self.named:
            self.named[_SCOPE]["enum"] = list(scopes)

    def of(self, type_: Any) -> Schema:
        """The schema of that model or type, a reference where it has a name."""
        return self._of[id(type_)]

    def fields(self, model: type[BaseModel]) -> dict[str, Schema]:
        """Name → schema of each field of a model that is a query."""
        schema = model.model_json_schema(schema_generator=_Untitled)
        return {name: self._finished(field) for name, field in schema.get("properties", {}).items()}

    def meaning(self, schema: Mapping[str, Any]) -> str:
        """What a named schema says it is."""
        return str(self.named[schema["$ref"].removeprefix(REFERENCE)]["description"])

    def example(self, schema: Mapping[str, Any]) -> Any:
        """A value that fits the schema, from the examples of its parts. Raises `KeyError` where one has none."""
        if "examples" in schema:
            return schema["examples"][0]
        if "$ref" in schema:
            return self.example(self.named[schema["$ref"].removeprefix(REFERENCE)])
        if "anyOf" in schema:
            return self.example({**schema["anyOf"][0]})
        if "properties" in schema:
            return {name: self.example(field) for name, field in schema["properties"].items()}
        return [self.example(schema["items"])]

    def _finished(self, schema: JsonSchemaValue) -> Schema:
        """What no model can say: the year that times to come lie in. Defaults that say nothing are left out."""
        year = self._now.year
        example: Schema = {"examples": [f"{year + 1}-12-31T23:59:59Z"]}
        written: dict[str, Schema] = {
            MUST_BE_AHEAD: {"pattern": f"^({_from_year(year)})-", **example},
            SHOWN_AHEAD: example,
        }
        done: Schema = {}
        for key, value in schema.items():
            if key in written:
                done |= written[key]
            elif not (key == "default" and value is None):
                done[key] = self._finished_part(value)
        return done

    def _finished_part(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self._finished(value)
        return [self._finished_part(one) for one in value] if isinstance(value, list) else value


def _each_once(types: Iterable[Any]) -> list[Any]:
    return list({id(one): one for one in types}.values())


def _from_year(year: int) -> str:
    """The regular expression of the years from `year` to 9999, in four digits."""
    digits = str(year)
    later = [
        f"{digits[:place]}[{int(digits[place]) + 1}-9]{'[0-9]' * (3 - place)}"
        for place in range(3, -1, -1)
        if digits[place] != "9"
    ]
    return "|".join([digits, *later])
