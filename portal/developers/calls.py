"""What is known of one call, and of all of them together. No Flask."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from portal.developers.schemas import Field
from portal.developers.written import written
from portal.errors import NotFound

JSON = "application/json"
PATH, QUERY, HEADER = "path", "query", "header"
SERVICE = "service"

# Calls that put another token in the place of one, and the one besides DELETE that ends one.
_REPLACES = "/rotate"
_ENDS = "/revoke"
# It asks, and is no GET only because of what it carries.
_ASKS = "/introspect"


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
        return written(self.example) if self.is_json else urlencode(self.example)


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
        return written(self.example) if self.has_body else ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One call. `kinds` are of tokens, none: it needs no token; `codes` those of the problems it can answer with."""

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
        return self.method == "DELETE" or self.path.endswith(_ENDS) or self.is_replacement

    @property
    def is_replacement(self) -> bool:
        """Whether what stops working has a successor."""
        return self.path.endswith(_REPLACES)

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

    @property
    def shared_codes(self) -> frozenset[str]:
        """The codes of problems that every call with a token can answer with."""
        return frozenset.intersection(*(frozenset(one.codes) for one in self.operations if one.kinds))

    def find(self, operation_id: str) -> Operation:
        """The call with that id. Raises `NotFound`."""
        for operation in self.operations:
            if operation.id == operation_id:
                return operation
        raise NotFound
