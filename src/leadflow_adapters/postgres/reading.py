"""Reading rows by their keys: one statement per table and column, all in one trip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

from leadflow.room import Key
from leadflow_adapters.postgres.statements import Statements, array, found_by
from leadflow_adapters.postgres.wire import Statement, Wire


def reader(tables: Mapping[str, Statements]) -> Callable[[Wire, Iterable[Key]], dict[Key, Any]]:
    """What reads rows of these tables: (wire, keys) to rows by key."""

    def read(wire: Wire, keys: Iterable[Key]) -> dict[Key, Any]:
        by_name: dict[str, list[str]] = {}
        for name, value in keys:
            by_name.setdefault(name, []).append(value)
        asked: list[Statement] = []
        for name, values in by_name.items():
            table, _, column = name.partition(".")
            # Nothing that is there holds a NUL.
            asked.append((found_by(tables[table], column), [array([each for each in values if "\0" not in each])]))
        rows: dict[Key, Any] = {}
        for (name, values), answer in zip(by_name.items(), wire.ask(asked), strict=True):
            table, _, column = name.partition(".")
            found = map(tables[table].layout.row, answer)
            if column:
                rows.update(((name, value), ()) for value in values)
                ordered = sorted(found, key=lambda row: (getattr(row, column), row.id))
                for value, group in groupby(ordered, key=lambda row: getattr(row, column)):
                    rows[name, value] = tuple(group)
            else:
                for value in values:
                    rows[name, value] = None
                for row in found:
                    rows[name, row.id] = row
        return rows

    return read
