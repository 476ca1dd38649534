"""Many statements in one trip, with libpq's pipeline mode: what psycopg's own does, with a tenth of its cost a statement.

Statements are prepared once for each connection, without types: the server knows them from the columns.
"""

from __future__ import annotations

import select
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import psycopg
from attrs import define
from psycopg import abc, postgres, pq
from psycopg.adapt import AdaptersMap, Transformer
from psycopg.errors import error_from_result

Connection = psycopg.Connection[tuple[Any, ...]]
Rows = list[tuple[Any, ...]]
Statement = tuple[str, Sequence[Any]]
"""SQL with $1, $2 ..., and its values: str, int, bool, bytes or None."""

_PREPARED: Final = 1000
_BINARY: Final = 1
_FAILED: Final = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)


@lru_cache(maxsize=1000)
def numbered(sql: str) -> str:
    """Places marked %s as PostgreSQL counts them.

    >>> numbered("SELECT %s, %s")
    'SELECT $1, $2'
    """
    first, *rest = sql.split("%s")
    return first + "".join(f"${place}{part}" for place, part in enumerate(rest, 1))


class Wire:
    """One connection, used by one call at a time. `connection` is psycopg's, for all that is not asked often.

    `is_lent`: it is somebody else's, who finds no prepared statements on it and whose adapters are not asked.
    """

    def __init__(self, connection: Connection, *, is_lent: bool = False) -> None:
        self.connection = connection
        self._pgconn = connection.pgconn
        self._names: dict[str, bytes] = {}
        self._count = 0
        self._most = 0 if is_lent else _PREPARED
        self._context: abc.AdaptContext = _Plain(connection, _plain_adapters()) if is_lent else connection

    @property
    def is_usable(self) -> bool:
        """Whether the next call may have it: nothing is under way on it."""
        return not self.connection.closed and self._pgconn.pipeline_status == pq.PipelineStatus.OFF

    def ask(self, statements: Iterable[Statement]) -> list[Rows]:
        """The rows that statements give; the first that fails ends it. Errors: psycopg.Error; what `statements` raises.

        Without a BEGIN among them they are one transaction. `statements` may be a generator: what it raises, after some have
        been sent, leaves a transaction that they have begun to be rolled back.
        """
        pgconn = self._pgconn
        pgconn.enter_pipeline_mode()
        sent: list[str | None] = []
        try:
            for sql, values in statements:
                self._send(sql, values, sent)
        except (psycopg.Error, psycopg.Warning):
            raise
        except BaseException:
            pgconn.pipeline_sync()
            self._received(sent)
            pgconn.exit_pipeline_mode()
            raise
        pgconn.pipeline_sync()
        answers, fault = self._received(sent)
        pgconn.exit_pipeline_mode()
        if fault is not None:
            raise error_from_result(fault, encoding="utf-8")
        return answers

    def flush(self) -> None:
        """Hand the server what has been sent so far; what does not fit is sent later."""
        self._pgconn.flush()

    def _send(self, sql: str, values: Sequence[Any], sent: list[str | None]) -> None:
        pgconn = self._pgconn
        name = self._names.get(sql)
        if name is None:
            if len(self._names) >= self._most:
                parameters, formats = _encoded(values)
                pgconn.send_query_params(sql.encode(), parameters, None, formats, _BINARY)
                sent.append(None)
                return
            self._count += 1
            name = b"leadflow_%d" % self._count
            pgconn.send_prepare(name, sql.encode())
            self._names[sql] = name
            sent.append(sql)
        parameters, formats = _encoded(values)
        pgconn.send_query_prepared(name, parameters, formats, _BINARY)
        sent.append(None)

    def _received(self, sent: Sequence[str | None]) -> tuple[list[Rows], Any]:
        """Rows of each statement, and the result of the one that failed."""
        load: abc.Transformer = Transformer.from_context(self._context)
        answers: list[Rows] = []
        fault = None
        position = 0
        while True:
            result = self._next()
            if result is None:
                continue
            status = result.status
            if status == pq.ExecStatus.PIPELINE_SYNC:
                return answers, fault
            prepared = sent[position]
            position += 1
            if status in _FAILED:
                if prepared:
                    del self._names[prepared]
                fault = fault or result
            elif not prepared:
                answers.append(_rows(load, result))

    def _next(self) -> Any:
        """The next result, without keeping other threads from running meanwhile."""
        pgconn = self._pgconn
        while pgconn.flush():
            _wait(pgconn.socket, True)
            pgconn.consume_input()
        while pgconn.is_busy():
            _wait(pgconn.socket, False)
            pgconn.consume_input()
        return pgconn.get_result()


@define
class _Plain:
    """What psycopg reads rows with: its own adapters, whatever the connection's owner has registered."""

    connection: Connection | None
    adapters: AdaptersMap


@lru_cache(maxsize=1)
def _plain_adapters() -> AdaptersMap:
    adapters = AdaptersMap(types=postgres.types)
    postgres.register_default_adapters(_Plain(None, adapters))
    return adapters


def _wait(socket: int, to_send: bool) -> None:
    """Until something can be read, or sent."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(socket, select.POLLIN | select.POLLOUT if to_send else select.POLLIN)
        poll.poll()
    else:
        select.select([socket], [socket] if to_send else [], [])


def _encoded(values: Sequence[Any]) -> tuple[list[abc.Buffer | None], list[int]]:
    """Values as text, except bytes."""
    parameters: list[abc.Buffer | None] = []
    formats: list[int] = []
    for value in values:
        kind = type(value)
        if kind is bytes:
            parameters.append(value)
            formats.append(_BINARY)
            continue
        formats.append(0)
        if value is None:
            parameters.append(None)
        elif kind is str:
            text = value.encode()
            if b"\0" in text:
                # libpq would end the text there.
                raise ValueError("NUL")
            parameters.append(text)
        elif kind is bool:
            parameters.append(b"t" if value else b"f")
        elif isinstance(value, (int, float, Decimal)):
            parameters.append(str(value).encode())
        else:
            raise TypeError(kind.__name__)
    return parameters, formats


def _rows(load: abc.Transformer, result: Any) -> Rows:
    if not result.ntuples:
        return []
    load.set_pgresult(result)
    rows: Rows = load.load_rows(0, result.ntuples, tuple)
    return rows
