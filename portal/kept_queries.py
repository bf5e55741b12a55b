"""Queries of plain columns that pages ask again and again: written once, and answered whole.

They are asked as the lookup asks, whose answer is one row, so all rows come in one JSON text. By a session of
SQLAlchemy's a list of a hundred rows took twice as long. One row is one step, too: at each step SQLite's driver lets
other threads run, and may have to wait for them.
"""

from datetime import UTC, datetime
from typing import Any, cast

import orjson
from sqlalchemy import Dialect, Select, Text, func, select
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.sql.compiler import SQLCompiler

from portal.database import Database


class KeptQuery:
    """A query as SQLAlchemy writes it, for either database, once."""

    def __init__(self, query: Select[*tuple[Any, ...]]) -> None:
        self._columns = query.subquery().c
        self._written: dict[str, SQLCompiler] = {}

    def rows(self, database: Database, **values: int | str | datetime) -> list[list[Any]]:
        """All rows, in any order, as they are stored: a moment is text for `as_utc`. Raises `DatabaseUnavailable`."""
        dialect = database.engine.dialect
        written = self._written.get(dialect.name)
        if written is None:
            written = self._written[dialect.name] = self._write(dialect)
        asked = {**written.params, **values}
        stored = (_as_stored(asked[name]) for name in written.positiontup or ())
        found = database.lookup.fetch_one(written.string, *stored)
        rows: list[list[Any]] = orjson.loads(found[0]) if found and found[0] else []
        return rows

    def _write(self, dialect: Dialect) -> SQLCompiler:
        """The query with the lookup's placeholders, and the names of what stands at each."""
        kind = cast(type[DefaultDialect], type(dialect))
        if dialect.name == "sqlite":
            own, whole = kind(paramstyle="qmark"), func.json_group_array(func.json_array(*self._columns))
        else:
            own, whole = kind(paramstyle="numeric_dollar"), func.json_agg(func.json_build_array(*self._columns))
        # As text, or PostgreSQL's driver would read it, more slowly.
        return own.statement_compiler(own, select(whole.cast(Text)))


def _as_stored(value: int | str | datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else str(value)
