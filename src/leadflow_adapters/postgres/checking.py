"""The self-check of a schema's tables: what is there, and what should be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leadflow.errors import CorruptionError
from leadflow_adapters.postgres.shapes import Shape
from leadflow_adapters.postgres.wire import Connection

_COLUMNS = """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, l.collname
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
WHERE n.nspname = %s AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r' ORDER BY a.attnum"""

_INDEXES = """SELECT c.relname, i.indisunique AND i.indisvalid, i.indisvalid, i.indpred IS NOT NULL,
  ARRAY(SELECT CASE i.indoption[k - 1] & 1 WHEN 1 THEN '-' ELSE '' END || pg_get_indexdef(i.indexrelid, k, true)
        FROM generate_series(1, i.indnkeyatts) k)
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s"""


def check_shapes(
    connection: Connection, schema: str, place: str, wanted: Iterable[Shape], *, is_newer: bool = False
) -> None:
    """Every table and index is as it should be: an index that is missing would let two of a kind in.

    Tables of a newer version may have columns that we do not know. Errors: CorruptionError.
    """
    columns, indexes = found_columns(connection, schema), found_indexes(connection, schema)
    for shape in wanted:
        found = columns.get(shape.name)
        if is_newer and found is not None:
            found = {name: column for name, column in found.items() if name in shape.columns}
        _compare(shape.name, found, dict(shape.columns), place)
        for name, index in shape.every_index().items():
            _compare(name, indexes.get(name), index, place)


def found_columns(connection: Connection, schema: str) -> dict[str, dict[str, tuple[str, bool]]]:
    """The columns that there are, by table, as shapes have them."""
    columns: dict[str, dict[str, tuple[str, bool]]] = {}
    for table, column, kind, required, collation in connection.execute(_COLUMNS, (schema,)):
        kind = f'{kind} COLLATE "{collation}"' if collation is not None else kind
        columns.setdefault(table, {})[column] = (kind, required)
    return columns


def found_indexes(connection: Connection, schema: str) -> dict[str, Any]:
    """The indexes that there are and that can be used, as shapes have them."""
    return {
        name: (tuple(key.replace('"', "") for key in keys), unique, partial)
        for name, unique, valid, partial, keys in connection.execute(_INDEXES, (schema,))
        if valid
    }


def _compare(name: str, found: Any, wanted: Any, place: str) -> None:
    if found == wanted:
        return
    what = "is missing" if found is None else "is not the one that leadflow made"
    raise CorruptionError(f"{place}: {name} {what}", hint="restore a backup, or export and start anew")
