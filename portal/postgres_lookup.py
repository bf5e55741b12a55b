"""The one read of every call, on PostgreSQL. Apart from SQLite's, which needs nothing of what is imported here."""

import select
import threading
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq.abc import PGconn, PGresult

from portal.lookup import POSTGRES_CONNECT, Finder, HeldConnections, NoAnswer, Row
from portal.together import Together

# All that is asked here has an index. Where a table fits on a few pages the server would else read it whole, and hash
# it, for each call (ADR 12); and it would plan anew, for each number of keys, how to find them (ADR 14).
_BY_INDEX = (
    " -c jit=off -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
    " -c plan_cache_mode=force_generic_plan"
)
_LOOKUP_CONNECT: dict[str, Any] = {**POSTGRES_CONNECT, "options": POSTGRES_CONNECT["options"] + _BY_INDEX}
_BINARY = 1
# How long a server may take to answer; a frozen one must not hold a call for longer than one that is away.
_ANSWER_MILLISECONDS = 2000


class _Held:
    """A connection, the names of its statements, what waits for its answers, and what makes rows of them."""

    connection: Any = None
    prepared: dict[str, bytes]
    readable: select.poll
    rows: Any


class _HeldByThread(threading.local, _Held):
    """One of each thread's own."""


class _Connections(HeldConnections[list[Row]]):
    """Statements that the server has prepared, outside of any transaction block.

    They are sent through libpq itself. psycopg's own cursor does the same and takes twice the time of the round trip.
    libpq waits for an answer for ever, so the waiting is done here.
    """

    errors = (psycopg.Error, NoAnswer)

    def __init__(self, dsn: str, held: _Held) -> None:
        super().__init__(held)
        self._dsn = dsn

    def _ask(self, held: _Held, statement: str, values: tuple[str, ...]) -> list[Row]:
        if held.connection is None:
            self._open(held)
        pgconn = held.connection.pgconn
        name = held.prepared.get(statement) or _prepared(held, statement)
        pgconn.send_query_prepared(name, [value.encode() for value in values], None, _BINARY)
        result = _answer(pgconn, held.readable, psycopg.pq.ExecStatus.TUPLES_OK)
        held.rows.set_pgresult(result)
        rows: list[Row] = held.rows.load_rows(0, result.ntuples, tuple)
        return rows

    def _open(self, held: _Held) -> None:
        connection = held.connection = psycopg.connect(self._dsn, autocommit=True, **_LOOKUP_CONNECT)
        held.prepared, held.rows, held.readable = {}, Transformer(connection), select.poll()
        held.readable.register(connection.pgconn.socket, select.POLLIN)


class PostgresLookup:
    """The read on PostgreSQL."""

    placeholder = "$1"

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._own = _Connections(dsn, _HeldByThread())
        self._shared: list[_Connections] = []

    def fetch_one(self, statement: str, *values: str) -> Row | None:
        rows = self._own.fetch(statement, *values)
        return rows[0] if rows else None

    def finder(self, columns: str, tables: str, key: str) -> Finder:
        shared = _Connections(self._dsn, _Held())
        self._shared.append(shared)
        statement = f"SELECT {key}, {columns} {tables} WHERE {key} = ANY($1)"

        def ask(keys: Sequence[str]) -> dict[str, Row]:
            rows = shared.fetch(statement, "{" + ",".join(keys) + "}")
            return {str(row[0]): row[1:] for row in rows}

        return Together(ask).find

    def close(self) -> None:
        for connections in (self._own, *self._shared):
            connections.close()


def _prepared(held: _Held, statement: str) -> bytes:
    name = f"lookup_{len(held.prepared)}".encode()
    pgconn = held.connection.pgconn
    pgconn.send_prepare(name, statement.encode())
    _answer(pgconn, held.readable, psycopg.pq.ExecStatus.COMMAND_OK)
    held.prepared[statement] = name
    return name


def _answer(pgconn: PGconn, readable: select.poll, expected: psycopg.pq.ExecStatus) -> PGresult:
    result = None
    # None marks the end; before it, the connection takes no other question.
    while (following := _next_result(pgconn, readable)) is not None:
        result = following
    if result is None:
        raise NoAnswer
    if result.status != expected:
        raise psycopg.errors.error_from_result(result)
    return result


def _next_result(pgconn: PGconn, readable: select.poll) -> PGresult | None:
    while pgconn.is_busy():
        if not readable.poll(_ANSWER_MILLISECONDS):
            raise NoAnswer
        pgconn.consume_input()
    return pgconn.get_result()
