"""Rows in SQLite: reading by keys and writing a change, whoever owns the transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from leadflow.errors import ConflictError
from leadflow.ports.store import ChangeSet, Scan, stamp, tables_of
from leadflow.room import Key, Table
from leadflow.stores.layout import Layout, layout_of
from leadflow.stores.statements import (
    DECISION_COLUMNS,
    by_table,
    decision_maker,
    decision_values,
    listed,
    scan_statement,
    table_name,
)

Connection = sqlite3.Connection | sqlite3.Cursor

_CHUNKS = (1, 8, 64, 512)
_INSERT_DECISION = f"INSERT INTO leadflow_decision ({listed(DECISION_COLUMNS)}) VALUES (?,?,?,?,?,?,?,?,?,NULL)"


class Rows:
    """The rows of some tables. `fault(name)` is called before each write."""

    def __init__(self, tables: Iterable[Table], fault: Callable[[str], None]) -> None:
        self.layouts = {table.name: layout_of(table) for table in tables}
        self._fault = fault
        self._selects = {name: _select(layout) for name, layout in self.layouts.items()}
        self._writes = {name: _write_statements(layout) for name, layout in self.layouts.items()}
        self._recorded = decision_maker()

    def read(self, connection: Connection, keys: Iterable[Key]) -> dict[Key, Any]:
        by_name: dict[str, list[str]] = {}
        for name, value in keys:
            by_name.setdefault(name, []).append(value)
        rows: dict[Key, Any] = {}
        for name, values in by_name.items():
            table, _, column = name.partition(".")
            layout = self.layouts[table]
            select = self._selects[table]
            make = layout.row
            found: list[Any] = []
            for chunk in _chunks(values):
                marks = ",".join("?" * len(chunk))
                cursor = connection.execute(f'{select} WHERE "{column or "id"}" IN ({marks})', chunk)
                found.extend(map(make, cursor))
            if column:
                rows.update(((name, value), ()) for value in values)
                found.sort(key=lambda row: (getattr(row, column), row.id))
                for value, group in groupby(found, key=lambda row: getattr(row, column)):
                    rows[name, value] = tuple(group)
            else:
                for value in values:
                    rows[name, value] = None
                for row in found:
                    rows[name, row.id] = row
        return rows

    def listing(self, query: Scan) -> tuple[str, list[Any], Callable[[tuple[Any, ...]], Any]]:
        """A list as a statement, its values, and what makes a row of what it gives."""
        statement, values = scan_statement(query, self.layouts, "?")
        return statement, values, self._recorded if query.table == "decision" else self.layouts[query.table].row

    def verify(self, connection: Connection, change: ChangeSet) -> None:
        """Errors: ConflictError unless everything that was read is as it was."""
        expect = change.expect
        rows = self.read(connection, expect)
        lost = [key for key, version in expect.items() if stamp(rows[key]) != version]
        if lost:
            raise ConflictError("rows changed since they were read", details={"tables": tables_of(lost)})

    def write(self, connection: Connection, change: ChangeSet) -> None:
        many = connection.executemany
        for name, (inserts, updates, drops) in by_table(change).items():
            insert, update, delete = self._writes[name]
            layout = self.layouts[name]
            values = layout.values
            if inserts:
                self._fault(f"insert {name}")
                many(insert, [values(row) for row in inserts])
            if updates:
                self._fault(f"update {name}")
                many(update, [layout.changing(row) for row in updates])
            if drops:
                self._fault(f"delete {name}")
                many(delete, [(id_,) for id_ in drops])
        if change.inputs:
            self._fault("append inputs")
            values = self.layouts["input"].values
            many(self._writes["input"][0], [[*values(record)[:-1], None] for record in change.inputs])
        if change.decisions:
            self._fault("append decisions")
            many(_INSERT_DECISION, map(decision_values, change.decisions))


def _select(layout: Layout) -> str:
    return f"SELECT {listed(layout.columns)} FROM {table_name(layout.table.name)}"


def _write_statements(layout: Layout) -> tuple[str, str, str]:
    name = table_name(layout.table.name)
    marks = ",".join("?" * len(layout.columns))
    sets = ", ".join(f'"{column}" = ?' for column in layout.columns if column not in layout.table.fixed)
    return (
        f"INSERT INTO {name} ({listed(layout.columns)}) VALUES ({marks})",
        f"UPDATE {name} SET {sets} WHERE id = ?",
        f"DELETE FROM {name} WHERE id = ?",
    )


def _chunks(values: list[str]) -> Iterator[list[str]]:
    """Values in chunks of a few fixed sizes, so that few statements serve all; the last is filled up with repeats."""
    position = 0
    while position < len(values):
        left = len(values) - position
        size = next((size for size in _CHUNKS if size >= left), _CHUNKS[-1])
        chunk = values[position : position + size]
        yield chunk + chunk[-1:] * (size - len(chunk))
        position += size
