"""The store in memory: the oracle that every other store is judged against."""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from attrs import evolve, fields

from leadflow.errors import ConflictError, InvalidInputError
from leadflow.model.decisions import Recorded
from leadflow.ports.store import ChangeSet, Scan, Snapshot, refuse_claims, stamp, tables_of
from leadflow.room import Key, Table

_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, wanted: value in wanted,
}
_DECISION_COLUMNS = {each.name for each in fields(Recorded) if each.name != "decision"} | {"type", "subject"}


class MemoryStore:
    """Rows in dicts. Nothing survives the process."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = {table.name: table for table in tables}
        self._columns = {table.name: {each.name for each in fields(table.row)} for table in self._tables.values()}
        self._rows: dict[str, dict[str, Any]] = {name: {} for name in self._tables}
        self._index: dict[str, dict[Any, set[str]]] = {
            f"{name}.{column}": {} for name, table in self._tables.items() for column in table.indexes
        }
        self._decisions: dict[str, Recorded] = {}
        self._commits = 0
        self._seq = 0
        self._lock = threading.RLock()

    def load(self, keys: Iterable[Key]) -> Snapshot:
        """See Store.load."""
        with self._lock:
            return Snapshot({key: self._found(key) for key in keys}, self._commits)

    def _found(self, key: Key) -> Any:
        name, _, column = key[0].partition(".")
        rows = self._rows[name]
        if not column:
            return rows.get(key[1])
        return tuple(rows[id_] for id_ in sorted(self._index[key[0]].get(key[1], ())))

    def commit(self, change: ChangeSet) -> None:
        """See Store.commit."""
        refuse_claims(change, "memory")
        with self._lock:
            if change.read.token != self._commits:
                lost = [key for key, version in change.expect.items() if stamp(self._found(key)) != version]
                if lost:
                    raise ConflictError("rows changed since they were read", details={"tables": tables_of(lost)})
            self._check_new(change)
            for (name, id_), row in change.put.items():
                self._put(name, id_, row)
            for name, id_ in change.drop:
                self._put(name, id_, None)
            for record in change.inputs:
                self._seq += 1
                self._put("input", record.id, evolve(record, seq=self._seq))
            for recorded in change.decisions:
                self._decisions[recorded.id] = evolve(recorded, seq=len(self._decisions) + 1)
            self._commits += 1

    def _check_new(self, change: ChangeSet) -> None:
        known = change.read.known()
        taken: list[Key] = [("input", r.id) for r in change.inputs if r.id in self._rows["input"]]
        taken += [("decision", r.id) for r in change.decisions if r.id in self._decisions]
        taken += [key for key in change.put if key not in known and key[1] in self._rows[key[0]]]
        if taken:
            raise ConflictError(
                "something that was to be created is already there", details={"tables": tables_of(taken)}
            )

    def _put(self, name: str, id_: str, row: Any) -> None:
        rows = self._rows[name]
        old = rows.get(id_)
        for column in self._tables[name].indexes:
            index = self._index[f"{name}.{column}"]
            if old is not None:
                index.get(getattr(old, column), set()).discard(id_)
            if row is not None and getattr(row, column) is not None:
                index.setdefault(getattr(row, column), set()).add(id_)
        if row is None:
            rows.pop(id_, None)
        else:
            rows[id_] = row

    def scan(self, query: Scan) -> Iterator[Any]:
        """See Store.scan."""
        with self._lock:
            source = self._decisions if query.table == "decision" else self._rows.get(query.table)
            if source is None:
                raise InvalidInputError(f"no table {query.table!r}", code="unknown_table")
            self._check_names(query)
            rows = [row for row in source.values() if _holds(row, query.where)]
        return iter(_paged(rows, query))

    def _check_names(self, query: Scan) -> None:
        """Names that no row has are refused, whether there are rows or not."""
        columns = _DECISION_COLUMNS if query.table == "decision" else self._columns[query.table]
        for column, test, _ in query.where:
            if column not in columns or test not in _TESTS:
                raise InvalidInputError(f"{query.table} cannot be filtered by {column} {test}", code="unknown_column")
        if query.order.lstrip("-") not in columns:
            raise InvalidInputError(f"{query.table} has no column {query.order.lstrip('-')}", code="unknown_column")

    def close(self) -> None:
        """Nothing to release."""


def _holds(row: Any, where: Iterable[tuple[str, str, Any]]) -> bool:
    for column, test, wanted in where:
        value = getattr(row, column)
        if value is None or not _TESTS[test](value, wanted):
            return False
    return True


def _paged(rows: list[Any], query: Scan) -> list[Any]:
    descending = query.order.startswith("-")
    column = query.order.lstrip("-")
    rows = [row for row in rows if getattr(row, column) is not None]
    rows.sort(key=lambda row: row.id)
    rows.sort(key=lambda row: getattr(row, column), reverse=descending)
    if query.after is not None:
        value, id_ = query.after
        ahead = operator.lt if descending else operator.gt
        rows = [
            row
            for row in rows
            if ahead(getattr(row, column), value) or (getattr(row, column) == value and row.id > id_)
        ]
    return rows if query.limit is None else rows[: query.limit]
