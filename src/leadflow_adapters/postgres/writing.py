"""Writing a change: locks, check, writes, COMMIT. Few rows travel in one trip, many by COPY."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from zlib import crc32

from leadflow.errors import ConflictError
from leadflow.ports.store import ChangeSet
from leadflow.stores.statements import by_table, decision_values
from leadflow_adapters.postgres.connections import Connection
from leadflow_adapters.postgres.locking import locks
from leadflow_adapters.postgres.statements import (
    BEGIN,
    COMMIT,
    LOCK,
    Statements,
    array,
    check,
    decision_statements,
)

_MANY: Final = 50
"""Rows of one table from which on COPY is faster than statements."""
_PATIENCE: Final = "SET LOCAL idle_in_transaction_session_timeout = '60s'"
"""A client that stops in the middle of many rows must not hold its locks for ever."""


class Writer:
    """Writes changes into one schema. `fault(name)` is called before each step."""

    def __init__(self, schema: str, tables: Mapping[str, Statements], fault: Callable[[str], None]) -> None:
        self._tables = tables
        self._layouts = {name: each.layout for name, each in tables.items()}
        self._fault = fault
        self._lock = LOCK.format(space=crc32(f"leadflow {schema}".encode()) - 2**31)
        self._insert_decision, self._copy_decisions = decision_statements(schema)

    def write(self, connection: Connection, change: ChangeSet) -> None:
        """Make a change true; on an error the transaction is left to be rolled back."""
        self._fault("begin")
        if len(change.put) + len(change.inputs) + len(change.decisions) + len(change.drop) < _MANY:
            with connection.pipeline():
                self._hold_and_check(connection, change, ())
                self._write_few(connection, change)
                self._fault("commit")
                ended = connection.execute(COMMIT, prepare=True)
        else:
            with connection.pipeline():
                self._hold_and_check(connection, change, (_PATIENCE,))
            self._write_many(connection, change)
            self._fault("commit")
            ended = connection.execute(COMMIT, prepare=True)
        if ended.statusmessage != COMMIT:
            # PostgreSQL answers ROLLBACK to the COMMIT of a transaction that had failed before.
            raise ConflictError("the change was given up by the server")
        self._fault("committed")

    def _hold_and_check(self, connection: Connection, change: ChangeSet, also: Iterable[str]) -> None:
        execute = connection.execute
        execute(BEGIN, prepare=True)
        for statement in also:
            execute(statement, prepare=True)
        execute(self._lock, (array([str(n) for n in locks(change, self._layouts)]),), prepare=True)
        checked = check(change.read.rows, self._tables)
        if checked is not None:
            execute(*checked, prepare=True)

    def _write_few(self, connection: Connection, change: ChangeSet) -> None:
        execute = connection.execute
        for name, (inserts, updates, drops) in by_table(change).items():
            table = self._tables[name]
            if inserts:
                self._fault(f"insert {name}")
                values = table.layout.values
                for row in inserts:
                    execute(table.insert, values(row), prepare=True)
            if updates:
                self._fault(f"update {name}")
                values = table.layout.changing
                for row in updates:
                    execute(table.update, values(row), prepare=True)
            if drops:
                self._fault(f"delete {name}")
                execute(table.delete, (array(drops),), prepare=True)
        if change.inputs:
            self._fault("append inputs")
            table = self._tables["input"]
            for record in change.inputs:
                execute(table.insert, table.layout.values(record)[:-1], prepare=True)
        if change.decisions:
            self._fault("append decisions")
            for recorded in change.decisions:
                execute(self._insert_decision, decision_values(recorded), prepare=True)

    def _write_many(self, connection: Connection, change: ChangeSet) -> None:
        for name, (inserts, updates, drops) in by_table(change).items():
            table = self._tables[name]
            values = table.layout.values
            if drops:
                self._fault(f"delete {name}")
                connection.execute(table.delete, (array(drops),), prepare=True)
            if updates:
                self._fault(f"update {name}")
                self._update(connection, table, updates)
            if inserts:
                self._fault(f"insert {name}")
                _append(connection, table.insert, table.copy, [values(row) for row in inserts])
        if change.inputs:
            self._fault("append inputs")
            table = self._tables["input"]
            values = table.layout.values
            _append(connection, table.insert, table.copy, [values(record)[:-1] for record in change.inputs])
        if change.decisions:
            self._fault("append decisions")
            _append(connection, self._insert_decision, self._copy_decisions, [*map(decision_values, change.decisions)])

    def _update(self, connection: Connection, table: Statements, rows: Sequence[Any]) -> None:
        values = table.layout.changing
        with connection.cursor() as cursor:
            cursor.executemany(table.update, [values(row) for row in rows])


def _append(connection: Connection, insert: str, copy: str, rows: Sequence[Sequence[Any]]) -> None:
    with connection.cursor() as cursor:
        if len(rows) < _MANY:
            cursor.executemany(insert, rows)
            return
        with cursor.copy(copy) as copying:
            write = copying.write_row
            for row in rows:
                write(row)
