"""Writing a change: locks, check, writes, COMMIT. Few rows travel in one trip, many by COPY."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from zlib import crc32

from leadflow.ports.store import ChangeSet, refuse_claims
from leadflow.stores.statements import by_table, decision_values
from leadflow_adapters.postgres.claiming import Claims
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
from leadflow_adapters.postgres.wire import Statement, Wire

_MANY: Final = 50
"""Rows of one table from which on COPY is faster than statements."""
_PATIENCE: Final = "SET LOCAL idle_in_transaction_session_timeout = '60s'"
"""A client that stops in the middle of many rows must not hold its locks for ever."""


class Writer:
    """Writes changes into one schema. `fault(name)` is called before each step."""

    def __init__(
        self, schema: str, tables: Mapping[str, Statements], claims: Claims, fault: Callable[[str], None] | None
    ) -> None:
        self._tables = tables
        self._claims = claims
        self._layouts = {name: each.layout for name, each in tables.items()}
        self._fault = fault
        self._lock = LOCK.format(space=crc32(f"leadflow {schema}".encode()) - 2**31)
        self._insert_decision, self._copy_decisions = decision_statements(schema)

    def write(self, wire: Wire, change: ChangeSet) -> None:
        """Make a change true; on an error the transaction is left to be rolled back."""
        self._point("begin")
        if len(change.put) + len(change.inputs) + len(change.decisions) + len(change.drop) < _MANY:
            wire.ask(self._all(wire, change))
        else:
            wire.ask(self._hold_and_check(change, (_PATIENCE,)))
            self._write_many(wire, change)
            self._point("commit")
            wire.ask([*self._ended(change), (COMMIT, ())])
        self._point("committed")

    def _all(self, wire: Wire, change: ChangeSet) -> Iterator[Statement]:
        yield from self._hold_and_check(change, ())
        yield from self._few(wire, change)
        self._point("commit", wire)
        yield from self._ended(change)
        yield COMMIT, ()

    def within(self, wire: Wire, change: ChangeSet) -> None:
        """Make a change true within a transaction that somebody else has begun."""
        refuse_claims(change, "a joined store")
        self._point("begin")
        wire.ask(self._joined(wire, change))
        self._point("committed")

    def _joined(self, wire: Wire, change: ChangeSet) -> Iterator[Statement]:
        yield from self._hold_and_check(change, (), begin=())
        yield from self._few(wire, change)
        self._point("commit", wire)

    def _ended(self, change: ChangeSet) -> Iterator[Statement]:
        if change.claims:
            yield self._claims.ended(change.claims)

    def _hold_and_check(
        self, change: ChangeSet, also: Iterable[str], *, begin: Iterable[str] = (BEGIN,)
    ) -> Iterator[Statement]:
        for statement in (*begin, *also):
            yield statement, ()
        yield self._lock, (array([str(n) for n in locks(change, self._layouts)]),)
        checked = check(change.read.rows, self._tables)
        if checked is not None:
            yield checked

    def _few(self, wire: Wire, change: ChangeSet) -> Iterator[Statement]:
        for name, (inserts, updates, drops) in by_table(change).items():
            table = self._tables[name]
            if inserts:
                self._point(f"insert {name}", wire)
                yield from ((table.insert, table.layout.values(row)) for row in inserts)
            if updates:
                self._point(f"update {name}", wire)
                yield from ((table.update, table.layout.changing(row)) for row in updates)
            if drops:
                self._point(f"delete {name}", wire)
                yield table.delete, (array(drops),)
        if change.inputs:
            self._point("append inputs", wire)
            table = self._tables["input"]
            yield from ((table.insert, table.layout.values(record)[:-1]) for record in change.inputs)
        if change.decisions:
            self._point("append decisions", wire)
            yield from ((self._insert_decision, decision_values(recorded)) for recorded in change.decisions)

    def _write_many(self, wire: Wire, change: ChangeSet) -> None:
        for name, (inserts, updates, drops) in by_table(change).items():
            table = self._tables[name]
            values = table.layout.values
            if drops:
                self._point(f"delete {name}")
                wire.ask([(table.delete, (array(drops),))])
            if updates:
                self._point(f"update {name}")
                wire.ask((table.update, table.layout.changing(row)) for row in updates)
            if inserts:
                self._point(f"insert {name}")
                _append(wire, table.insert, table.copy, [values(row) for row in inserts])
        if change.inputs:
            self._point("append inputs")
            table = self._tables["input"]
            values = table.layout.values
            _append(wire, table.insert, table.copy, [values(record)[:-1] for record in change.inputs])
        if change.decisions:
            self._point("append decisions")
            _append(wire, self._insert_decision, self._copy_decisions, [*map(decision_values, change.decisions)])

    def _point(self, name: str, wire: Wire | None = None) -> None:
        if self._fault is not None:
            if wire is not None:
                # So that there is something to break off.
                wire.flush()
            self._fault(name)


def _append(wire: Wire, insert: str, copy: str, rows: Sequence[Sequence[Any]]) -> None:
    if len(rows) < _MANY:
        wire.ask((insert, row) for row in rows)
        return
    with wire.connection.cursor() as cursor, cursor.copy(copy) as copying:
        write = copying.write_row
        for row in rows:
            write(row)
