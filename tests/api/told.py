"""What the OpenAPI document tells, call by call, for tests that hold the portal to its word."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask
from jsonschema import Draft202012Validator

from portal.authentication.reference import document_in

# Where the document's calls live; pages and what operators and gateways read are none of them.
DESCRIBED = ("/api/", "/api-tokens", "/advanced/", "/introspect", "/revoke")
# The document prints YOUR_TOKEN (AC-046), where this is sent: the secret of the token 17 that its examples name.
PRINTED = "YOUR_TOKEN"
SECRET = "pat_aB3xYz9W7kQm2LpN5RsT8uVc1DfGhJ4bXyZ6w0jfrBB"


@dataclass(frozen=True)
class Told:
    """One call as the document tells it."""

    method: str
    path: str
    operation: dict[str, Any]
    document: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.operation["operationId"])

    @property
    def codes(self) -> set[str]:
        """Every problem code that it can be refused with."""
        return {code for response in self.refusals.values() for code in response["x-codes"]}

    @property
    def refusals(self) -> dict[str, dict[str, Any]]:
        """Status → response, for every refusal."""
        return {status: told for status, told in self.operation["responses"].items() if status >= "400"}

    @property
    def success(self) -> tuple[int, dict[str, Any]]:
        """The status and the response of the one answer that is no refusal."""
        ((status, told),) = [item for item in self.operation["responses"].items() if item[0] < "400"]
        return int(status), told

    @property
    def media_type(self) -> str | None:
        """What a body is sent as; None for a call without one."""
        return next(iter(self.operation["requestBody"]["content"])) if "requestBody" in self.operation else None

    @property
    def body(self) -> Any:
        """The example of the body, with a real secret; None for a call without one."""
        if self.media_type is None:
            return None
        example = self.operation["requestBody"]["content"][self.media_type]["example"]
        return {name: SECRET if value == PRINTED else value for name, value in example.items()}

    def examples(self, place: str) -> dict[str, str]:
        """Name → example, of the parameters in `path`, `query` or `header`."""
        return {one["name"]: str(one["example"]) for one in self.operation.get("parameters", []) if one["in"] == place}

    def errors_in(self, value: Any, schema: dict[str, Any]) -> list[str]:
        """What of `value` breaks that schema of the document."""
        whole = {**schema, "components": self.document["components"]}
        checker = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
        return [f"{error.json_path}: {error.message}" for error in checker.iter_errors(value)]


def told_in(app: Flask) -> dict[str, Told]:
    """Name → call, of everything the document of that app tells."""
    found = {one.name: one for one in _told(document_in(app))}
    assert len(found) == sum(len(methods) for methods in document_in(app)["paths"].values())
    return found


def _told(document: dict[str, Any]) -> Iterator[Told]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield Told(method.upper(), path, operation, document)
