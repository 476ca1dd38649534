"""Connections, lent out for one call at a time, so that there are as many as calls at once.

A connection that a process made before it forked is its parent's: the child leaves it alone and makes its own.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus

from leadflow.errors import InvalidInputError, StoreError
from leadflow_adapters.postgres.address import Address
from leadflow_adapters.postgres.faults import translated
from leadflow_adapters.postgres.wire import Connection, Wire

_KEPT_IDLE: Final = 8
_SETTINGS: Final = (
    "SET default_transaction_isolation = 'repeatable read'; SET plan_cache_mode = force_generic_plan;"
    " SET enable_seqscan = off; SET jit = off"
)
"""What one trip reads is of one moment, without a BEGIN; writers ask for something else. Rows are found by their keys,
whatever statistics say of tables that were empty a moment ago; planning that each time would cost more than finding them.
Lists plan for themselves."""
_inherited: list[Any] = []
"""Connections of a parent process, kept so that nobody closes them: that would tell the server to end the parent's."""


class Connections:
    """Thread-safe; `one()` lends a connection."""

    def __init__(self, address: Address, *, timeout: float) -> None:
        self._address = address
        self._timeout = timeout
        self._pid = os.getpid()
        self._idle: deque[Wire] = deque()
        self._is_closed = False

    @contextmanager
    def one(self) -> Iterator[Wire]:
        """A connection for a while; whatever transaction is left open on it is rolled back."""
        wire = self._taken()
        try:
            yield wire
        finally:
            self._given_back(wire)

    def forget(self) -> None:
        """Close what is idle: a server that was restarted has ended all connections at once."""
        while self._idle:
            self._idle.pop().connection.close()

    def close(self) -> None:
        """No connection is lent out any more; those that are lent are closed when they come back."""
        self._is_closed = True
        if self._pid == os.getpid():
            self.forget()

    def _taken(self) -> Wire:
        if self._is_closed:
            raise StoreError(f"{self._address.shown} was closed", code="store_closed", hint="open it again")
        if self._pid != os.getpid():
            _inherited.append(self._idle)
            self._idle, self._pid = deque(), os.getpid()
        try:
            return self._idle.pop()
        except IndexError:
            return Wire(self._opened())

    def _given_back(self, wire: Wire) -> None:
        if self._pid != os.getpid():
            _inherited.append(wire)
            return
        connection = wire.connection
        status = connection.pgconn.transaction_status
        if wire.is_usable and status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            try:
                wire.ask([("ROLLBACK", ())])
            except psycopg.Error:
                connection.close()
        elif status != TransactionStatus.IDLE:
            connection.close()
        if not wire.is_usable or self._is_closed or len(self._idle) >= _KEPT_IDLE:
            connection.close()
        else:
            self._idle.append(wire)

    def _opened(self) -> Connection:
        try:
            connection = psycopg.connect(
                self._address.conninfo,
                autocommit=True,
                client_encoding="utf8",
                connect_timeout=max(2, round(self._timeout)),
                fallback_application_name="leadflow",
            )
        except psycopg.ProgrammingError:
            raise InvalidInputError(
                "the server's address in the store's URL cannot be read",
                code="unknown_store",
                hint="write postgresql://user@host/database?schema=acme",
            ) from None
        except psycopg.Error as error:
            why = self._address.without_password(" ".join(str(error).split()))[-200:]
            raise StoreError(
                f"{self._address.shown} cannot be reached ({why})",
                code="store_unreachable",
                hint="check that the server runs, and the host, database, user and password",
            ) from None
        try:
            self._prepare(connection)
        except Exception as error:
            connection.close()
            raise translated(error, self._address.shown) from None
        return connection

    def _prepare(self, connection: Connection) -> None:
        encoding = connection.pgconn.parameter_status(b"server_encoding")
        if encoding != b"UTF8":
            raise StoreError(
                f"{self._address.shown} keeps text as {(encoding or b'?').decode()}",
                code="store_encoding",
                hint="make a database with ENCODING 'UTF8'",
            )
        connection.execute(f"SET lock_timeout = {max(1, round(self._timeout * 1000))}; {_SETTINGS}")
