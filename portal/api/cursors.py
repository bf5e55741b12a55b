"""Where a list goes on: each list hands out cursors of its own, and takes no others.

A cursor only says below which id to go on. Whose rows those are, the query of each call says anew, so that a cursor
opens nothing, whoever sends it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

_ID_DIGITS = 16


class _Listed(TypedDict):
    id: int


Item = TypeVar("Item", bound=_Listed)


@dataclass(frozen=True, slots=True)
class Cursors:
    """The cursors of one list, told by their first letter. Beside the type of a field it reads one:
    `Annotated[int | None, Cursors("t")]` is the id to go on below."""

    letter: str

    @property
    def pattern(self) -> str:
        """The regular expression of what is taken: every one is a cursor, and each cursor has one spelling."""
        return f"^{self.letter}[0-7][0-9a-f]{{{_ID_DIGITS - 1}}}$"

    def after(self, row_id: int) -> str:
        """The cursor to what follows that row."""
        return f"{self.letter}{row_id:0{_ID_DIGITS}x}"

    def page(self, found: Sequence[Item], limit: int) -> tuple[list[Item], str | None]:
        """What to show, and the cursor to the next page, of a list that was asked for one item more than `limit`."""
        shown = list(found[:limit])
        return shown, self.after(shown[-1]["id"]) if len(found) > limit else None

    def read(self, cursor: object) -> int:
        """The id that a cursor names. Raises `ValueError` for anything else, cursors of other lists included."""
        if not isinstance(cursor, str) or not re.fullmatch(self.pattern, cursor):
            raise ValueError("Use the next_cursor of an earlier answer of this list, as it was.")
        return int(cursor.removeprefix(self.letter), 16)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.read, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": self.pattern}
