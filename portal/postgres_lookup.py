"""The one read of every call, on PostgreSQL. Apart from SQLite's, which needs nothing of what is imported here."""

import select
from typing import Any

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq.abc import PGconn, PGresult

from portal.lookup import POSTGRES_CONNECT, Held, HeldConnections, NoAnswer

# All that is asked here has an index. Where a table fits on a few pages the server would else read it whole, and hash
# it, for each call. ADR 12 weighs it.
_BY_INDEX = " -c jit=off -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
_LOOKUP_CONNECT: dict[str, Any] = {**POSTGRES_CONNECT, "options": POSTGRES_CONNECT["options"] + _BY_INDEX}
_BINARY = 1
# How long a server may take for the one row; a frozen one must not hold a call for longer than one that is away.
_ANSWER_MILLISECONDS = 2000


class _HeldConnection(Held):
    """The connection, the names of its statements, what waits for its answers, and what makes rows of them."""

    prepared: dict[str, bytes]
    readable: select.poll
    rows: Any


class PostgresLookup(HeldConnections):
    """The read on PostgreSQL: a statement the server has prepared, outside of any transaction block.

    It is sent through libpq itself. psycopg's own cursor does the same and takes twice the time of the round trip.
    libpq waits for an answer for ever, so the waiting is done here.
    """

    placeholder = "$1"
    errors = (psycopg.Error, NoAnswer)
    _held: _HeldConnection

    def __init__(self, dsn: str) -> None:
        super().__init__(_HeldConnection())
        self._dsn = dsn

    def _ask(self, held: _HeldConnection, statement: str, values: tuple[str, ...]) -> tuple[Any, ...] | None:
        if held.connection is None:
            self._open()
        pgconn = held.connection.pgconn
        name = held.prepared.get(statement) or self._prepared(pgconn, statement)
        pgconn.send_query_prepared(name, [value.encode() for value in values], None, _BINARY)
        result = _answer(pgconn, held.readable, psycopg.pq.ExecStatus.TUPLES_OK)
        if result.ntuples == 0:
            return None
        held.rows.set_pgresult(result)
        row: tuple[Any, ...] = held.rows.load_row(0, tuple)
        return row

    def _open(self) -> None:
        held = self._held
        connection = held.connection = psycopg.connect(self._dsn, autocommit=True, **_LOOKUP_CONNECT)
        held.prepared, held.rows, held.readable = {}, Transformer(connection), select.poll()
        held.readable.register(connection.pgconn.socket, select.POLLIN)

    def _prepared(self, pgconn: PGconn, statement: str) -> bytes:
        name = f"lookup_{len(self._held.prepared)}".encode()
        pgconn.send_prepare(name, statement.encode())
        _answer(pgconn, self._held.readable, psycopg.pq.ExecStatus.COMMAND_OK)
        self._held.prepared[statement] = name
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
