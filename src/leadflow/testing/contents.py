"""Everything a store holds, as plain values that can be compared."""

from __future__ import annotations

from typing import Any

from leadflow.engine.flow import Flow
from leadflow.model.coding import to_plain
from leadflow.ports.store import Scan


def contents(flow: Flow) -> dict[str, dict[str, dict[str, Any]]]:
    """Rows by table and id, inputs and decisions among them, in plain form.

    Two stores hold the same when their contents are equal; nothing was written when they are equal before and after.

    >>> import leadflow
    >>> flow = leadflow.open()
    >>> contents(flow)["contact"]
    {}
    """
    held: dict[str, dict[str, dict[str, Any]]] = {}
    for table in (*flow.rulebook.tables, "decision"):
        rows = flow.store.scan(Scan(table=table))
        held[table] = {row.id: _plain(row) for row in rows}
    return held


def _plain(row: Any) -> dict[str, Any]:
    plain = to_plain(row)
    if row.table == "decision":
        plain["type"] = row.type
    return plain
