"""The state a plan works on: what was loaded, with what the plan has put over it and how to undo that."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import lru_cache
from heapq import heappush
from typing import Any, TypeVar

from leadflow.engine.planning.asked import Asked
from leadflow.model.decisions import Recorded
from leadflow.model.records import Input
from leadflow.model.time import NEVER_US
from leadflow.ports.store import ChangeSet, Snapshot
from leadflow.room import Dropped, Key, Missing, Table

Row = TypeVar("Row")
_ABSENT: Any = object()


def _has(row: Any, column: str, value: str) -> bool:
    return row is not None and getattr(row, column) == value


@lru_cache(maxsize=16)
def _shapes(
    tables: tuple[Table, ...],
) -> tuple[dict[str, tuple[tuple[str, str], ...]], dict[str, str], frozenset[str]]:
    """(column, name of the column's key) by table, the due column of those that have one, and those that mint ids."""
    indexes = {table.name: tuple((column, f"{table.name}.{column}") for column in table.indexes) for table in tables}
    due = {table.name: table.due for table in tables if table.due is not None}
    return indexes, due, frozenset(table.name for table in tables if table.mints)


class Draft:
    """Rows as they stand at this point of a plan. Every write is journalled, so that one command can be undone alone."""

    __slots__ = (
        "_due",
        "_fresh",
        "_indexes",
        "_journal",
        "_mints",
        "_snapshot",
        "_terms",
        "command",
        "decisions",
        "due",
        "first",
        "rows",
        "touched",
    )

    def __init__(self, snapshot: Snapshot, tables: Mapping[str, Table], terms: Mapping[str, Any]) -> None:
        self._snapshot = snapshot
        self._terms = terms
        self._indexes, self._due, self._mints = _shapes(tuple(tables.values()))
        self.due: list[tuple[int, str, str]] | None = None
        self._journal: list[tuple[dict[Any, Any], Any, Any]] = []
        self._fresh: dict[str, bool] = {}
        self.rows: dict[Key, Any] = {}
        self.decisions: list[Recorded] = []
        self.command: Any = None
        self.first = 0
        self.touched: set[Key] = set()
        self.learn(snapshot.rows)

    def learn(self, loaded: Mapping[Key, Any]) -> None:
        """Add what was loaded; a row that the plan has put already stays as the plan has it."""
        rows = self.rows
        if not rows:
            rows.update(loaded)
            columns = [key for key, found in loaded.items() if type(found) is tuple]
        else:
            columns = []
            for key, found in loaded.items():
                if type(found) is tuple:
                    columns.append(key)
                elif key not in rows:
                    rows[key] = found
        if columns:
            self._learn_columns(columns, loaded)

    def _learn_columns(self, columns: Iterable[Key], loaded: Mapping[Key, Any]) -> None:
        """Rows found by a column are known by their id too; what the plan has put by then is found or not found as it is."""
        rows = self.rows
        names = {name.partition(".")[0] for name, _ in columns}
        written = {key: rows[key] for into, key, _ in self._journal if into is rows and key[0] in names}
        for key in columns:
            table, _, column = key[0].partition(".")
            found = loaded[key]
            for row in found:
                rows.setdefault((table, row.id), row)
            ids = {row.id for row in found}
            if written:
                ids = {id_ for id_ in ids if _has(rows[table, id_], column, key[1])}
                ids.update(id_ for (name, id_), row in written.items() if name == table and _has(row, column, key[1]))
            rows[key] = tuple(sorted(ids))

    # -- reading ------------------------------------------------------------------------------------------

    def get(self, row: type[Row], id_: str) -> Row | None:
        """The row with this id, or None. Raises Missing."""
        key = (row.table, id_)  # type: ignore[attr-defined]
        self.touched.add(key)
        try:
            return self.rows[key]  # type: ignore[no-any-return]
        except KeyError:
            # Rows of a record made in this plan cannot exist yet: "c_1|fit" belongs to c_1.
            if id_.partition("|")[0] in self._fresh:
                return None
            raise Missing((key,)) from None

    def find(self, row: type[Row], column: str, value: str) -> tuple[Row, ...]:
        """All rows with this value in an indexed column, ordered by id. Raises Missing."""
        table: str = row.table  # type: ignore[attr-defined]
        key = (f"{table}.{column}", value)
        self.touched.add(key)
        try:
            ids = self.rows[key]
        except KeyError:
            if value in self._fresh:
                return ()
            raise Missing((key,)) from None
        rows = self.rows
        return tuple(rows[table, id_] for id_ in ids)

    def input(self, key: str) -> Input | None:
        """An accepted record. Raises Missing."""
        return self.get(Input, key)

    def receipt(self, record: Input) -> int:
        """A number that orders inputs by receipt, those of this plan after all that were there before."""
        return record.seq or NEVER_US + [id_ for name, id_ in self.put() if name == "input"].index(record.id)

    def asked(self, *, lead: Any = None, contact: Any = None, account: Any = None, signals: Any = None) -> Asked:
        """What a condition is asked about."""
        return Asked(self, self._terms, lead, contact, account, signals)

    def require(self, keys: Iterable[Key]) -> None:
        """Raises Missing with all of the keys that have not been loaded."""
        rows, fresh = self.rows, self._fresh
        absent = tuple(
            key
            for key in keys
            if key not in rows and not (key[1] in fresh if "." in key[0] else key[1].partition("|")[0] in fresh)
        )
        if absent:
            raise Missing(absent)

    # -- writing ------------------------------------------------------------------------------------------

    def put_all(self, rows: Iterable[Any]) -> None:
        """Put rows; a Dropped takes one away."""
        for row in rows:
            if type(row) is Dropped:
                self._write(row.row.table, row.id, None)
            else:
                self._write(row.table, row.id, row)

    def _write(self, table: str, id_: str, row: Any) -> None:
        key = (table, id_)
        old = self.rows.get(key, _ABSENT)
        self._set(self.rows, key, row)
        if old is _ABSENT or old is None:
            old = None
            if table in self._mints:
                self._minted(id_)
        if self.due is not None and row is not None and table in self._due:
            due_us = getattr(row, self._due[table])
            if due_us is not None:
                heappush(self.due, (due_us, table, id_))
        for column, name in self._indexes[table]:
            before = None if old is None else getattr(old, column)
            after = None if row is None else getattr(row, column)
            if before != after:
                self._reindex(name, id_, before, after)

    def _minted(self, id_: str) -> None:
        """A new id: nothing can hang on it yet but the input that made it."""
        self._set(self._fresh, id_, True)
        record = None if self.command is None else self.rows.get(("input", self.command.key))
        if record is not None:
            for column, name in self._indexes["input"]:
                if getattr(record, column) == id_:
                    self._set(self.rows, (name, id_), (record.id,))

    def _reindex(self, column: str, id_: str, before: str | None, after: str | None) -> None:
        if before is not None and (ids := self.rows.get((column, before))) is not None:
            self._set(self.rows, (column, before), tuple(i for i in ids if i != id_))
        if after is not None:
            key = (column, after)
            ids = self.rows.get(key, () if after in self._fresh else None)
            if ids is not None:
                place = bisect_left(ids, id_)
                if place == len(ids) or ids[place] != id_:
                    self._set(self.rows, key, (*ids[:place], id_, *ids[place:]))

    def _set(self, into: dict[Any, Any], key: Any, value: Any) -> None:
        self._journal.append((into, key, into.get(key, _ABSENT)))
        into[key] = value

    def add_input(self, record: Input) -> None:
        """Keep an accepted record; the same key again (a later room knows more) replaces it."""
        key = ("input", record.id)
        before = self.rows.get(key)
        self._journal.append((self.rows, key, before))
        self.rows[key] = record
        for column, name in self._indexes["input"]:
            old = None if before is None else getattr(before, column)
            new = getattr(record, column)
            if old != new:
                self._reindex(name, record.id, old, new)

    def put_quietly(self, inputs: Iterable[Input], rows: Iterable[Any]) -> list[Key]:
        """Keep new inputs, and put rows whose columns that are looked up by stay as they are. Returns the keys written."""
        known, journal = self.rows, self._journal
        written: list[Key] = []
        for record in inputs:
            key = ("input", record.id)
            written.append(key)
            journal.append((known, key, None))
            known[key] = record
            for column, name in self._indexes["input"]:
                value = getattr(record, column)
                if value is not None:
                    written.append((name, value))
                    if (name, value) in known:
                        self._reindex(name, record.id, None, value)
        for row in rows:
            key = (row.table, row.id)
            written.append(key)
            journal.append((known, key, known[key]))
            known[key] = row
        return written

    # -- savepoints ---------------------------------------------------------------------------------------

    def mark(self) -> tuple[int, int]:
        """Where the plan stands."""
        return len(self._journal), len(self.decisions)

    def forget(self) -> None:
        """Back to what was loaded: nothing has been planned."""
        self.undo((0, 0))
        # What was learnt between two commands may list rows that these had put.
        self.rows.clear()
        self.learn(self._snapshot.rows)

    def undo(self, mark: tuple[int, int]) -> None:
        """Back to a mark."""
        journal = self._journal
        position, decisions = mark
        while len(journal) > position:
            into, key, old = journal.pop()
            if old is _ABSENT:
                del into[key]
            else:
                into[key] = old
        del self.decisions[decisions:]

    def written(self, mark: tuple[int, int]) -> set[Key]:
        """The keys of everything that was put, or whose finding changed, since a mark."""
        rows = self.rows
        return {key for into, key, _ in self._journal[mark[0] :] if into is rows}

    def put(self) -> dict[Key, Any]:
        """Every row that was put, as it stands (None: dropped), inputs among them, in the order of the first writing."""
        rows = self.rows
        return {key: rows[key] for into, key, _ in self._journal if into is rows and key[0] in self._indexes}

    def change(self) -> ChangeSet:
        """What the plan amounts to."""
        rows, tables = self.rows, self._indexes
        put: dict[Key, Any] = {}
        taken: dict[str, Input] = {}
        for into, key, _ in self._journal:
            if into is rows and key[0] in tables:
                if key[0] == "input":
                    taken[key[1]] = rows[key]
                else:
                    put[key] = rows[key]
        drop = frozenset(key for key, row in put.items() if row is None)
        if drop:
            put = {key: row for key, row in put.items() if row is not None}
        return ChangeSet(self._snapshot, put, drop, list(taken.values()), self.decisions)
