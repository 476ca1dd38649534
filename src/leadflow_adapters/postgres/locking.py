"""What a change must hold still while it is checked and written.

Every key that a change has read or writes stands for a number. Who read holds the number shared, who writes holds it
alone. A key is a row (found or not) or a column with a value, so that "all leads of this contact" is a number too, which
whoever files a lead there must hold alone. All numbers are taken in one order, so nobody waits in a circle. Two keys with
one number only wait for each other without need.

A change of many keys holds number 0 alone instead, which every other change holds shared: the server's table of locks
is small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from zlib import crc32

from leadflow.ports.store import ChangeSet
from leadflow.room import Key
from leadflow.stores.layout import Layout

_MOST: Final = 100
"""Keys beyond which a change is alone. PostgreSQL holds 64 locks for each connection that it allows, all in all."""

ALONE: Final = (1,)
_EVERYBODY: Final = 0


def locks(change: ChangeSet, layouts: Mapping[str, Layout]) -> tuple[int, ...]:
    """The numbers to hold, in order: twice the number, and 1 more where it is held alone."""
    if len(change.read.rows) + len(change.put) + len(change.inputs) > _MOST:
        return ALONE
    known = change.read.known()
    alone = {_number(key) for key in _written(change, known, layouts)}
    shared = {_number(key) for key in (*change.read.rows, *known)} - alone
    if len(alone) + len(shared) > _MOST:
        return ALONE
    return (2 * _EVERYBODY, *sorted([*(2 * number + 1 for number in alone), *(2 * number for number in shared)]))


def _written(change: ChangeSet, known: Mapping[Key, Any], layouts: Mapping[str, Layout]) -> Iterable[Key]:
    for key, row in change.put.items():
        yield key
        yield from _moved(row, known.get(key), layouts[key[0]])
    yield from change.drop
    for record in change.inputs:
        yield "input", record.id
        yield from _moved(record, None, layouts["input"])


def _moved(row: Any, before: Any, layout: Layout) -> Iterable[Key]:
    """Where a row is found from now on. Who read where it was found until now holds the row itself."""
    name = layout.table.name
    for column in layout.table.indexes:
        value = getattr(row, column)
        if value is not None and (before is None or getattr(before, column) != value):
            yield f"{name}.{column}", value


def _number(key: Key) -> int:
    """31 bits, never 0: the same in every process."""
    return crc32(f"{key[0]}\0{key[1]}".encode("utf-8", "surrogatepass")) >> 1 or 1
