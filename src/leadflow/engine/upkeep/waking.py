"""What wants to be woken: rows of all rooms whose moment has come."""

from __future__ import annotations

from collections.abc import Mapping

from leadflow.model.commands import Wake
from leadflow.ports.store import Scan, Store
from leadflow.room import Table


def due_rows(store: Store, tables: Mapping[str, Table], until_us: int, limit: int) -> list[Wake]:
    """The wakes of rows that are due by then, the earliest first; the outbox waits for a delivery instead."""
    found: list[Wake] = []
    for name, table in tables.items():
        if table.due is None or name == "outbox":
            continue
        query = Scan(table=name, where=((table.due, "<=", until_us),), order=table.due, limit=limit)
        found.extend(Wake(name, row.id, getattr(row, table.due), row.version) for row in store.scan(query))
    found.sort(key=lambda wake: (wake.due_us, wake.table, wake.id))
    return found[:limit]
