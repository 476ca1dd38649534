"""The SQL of one schema, as text with places for values: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from leadflow.ports.store import stamp
from leadflow.room import Key
from leadflow.stores.layout import Layout
from leadflow.stores.statements import DECISION_COLUMNS, listed, table_name
from leadflow_adapters.postgres.wire import numbered

BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
"""Each statement sees what was committed before it began: those after the locks see all that came before the locks."""

COMMIT: Final = "COMMIT"
LOCK: Final = (
    "SELECT CASE n & 1 WHEN 1 THEN pg_advisory_xact_lock({space}, (n >> 1)::int)::text"
    " ELSE pg_advisory_xact_lock_shared({space}, (n >> 1)::int)::text END FROM unnest($1::bigint[]) AS t(n)"
)


@frozen
class Statements:
    """What one table is read and written with. `updated` says which values an update needs."""

    layout: Layout
    name: str
    select: str
    insert: str
    update: str
    delete: str
    copy: str
    hold: str
    appends: bool


def statements_of(layout: Layout, schema: str) -> Statements:
    """The statements of a table in a schema."""
    name = f'"{schema}".{table_name(layout.table.name)}'
    appends = layout.columns[-1] == "seq"
    written = layout.columns[:-1] if appends else layout.columns
    sets = [f'"{column}" = %s' for column in layout.columns if column not in layout.table.fixed]
    return Statements(
        layout,
        name,
        f"SELECT {listed(layout.columns)} FROM {name}",
        _insert(name, written),
        numbered(f"UPDATE {name} SET {', '.join(sets)} WHERE id = %s"),
        f"DELETE FROM {name} WHERE id = ANY($1::text[])",
        _copy(name, written),
        f"SELECT id FROM {name} WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE",
        appends,
    )


def decision_statements(schema: str) -> tuple[str, str]:
    """How decisions are appended: one by one, and many."""
    name = f'"{schema}".leadflow_decision'
    return _insert(name, DECISION_COLUMNS[:-1]), _copy(name, DECISION_COLUMNS[:-1])


def _insert(name: str, columns: Iterable[str]) -> str:
    columns = tuple(columns)
    return numbered(f"INSERT INTO {name} ({listed(columns)}) VALUES ({', '.join(['%s'] * len(columns))})")


def _copy(name: str, columns: Iterable[str]) -> str:
    return f"COPY {name} ({listed(tuple(columns))}) FROM STDIN"


def found_by(statements: Statements, column: str) -> str:
    """Rows by a column's values."""
    return f'{statements.select} WHERE "{column or "id"}" = ANY($1::text[])'


def array(values: Sequence[str]) -> str:
    """Texts as PostgreSQL writes an array of them. Errors: ValueError for NUL, which PostgreSQL's text cannot hold.

    >>> array(["a", 'b"c', "d,e"]), array([]), array([""])
    ('{"a","b\\\\"c","d,e"}', '{}', '{""}')
    """
    if not values:
        return "{}"
    joined = "\0".join(values)
    if joined.count("\0") >= len(values):
        raise ValueError("NUL")
    if '"' in joined or "\\" in joined:
        joined = joined.replace("\\", "\\\\").replace('"', '\\"')
    return '{"' + joined.replace("\0", '","') + '"}'


# -- what was read still stands ---------------------------------------------------------------------------


def check(rows: Mapping[Key, Any], tables: Mapping[str, Statements]) -> tuple[str, list[str]] | None:
    """A statement that fails (division by zero) unless every key holds what it held, in the versions it had."""
    values: dict[str, list[str]] = {}
    found: dict[str, list[str]] = {}
    for (name, value), held in rows.items():
        values.setdefault(name, []).append(value)
        if held is not None:
            stamps = stamp(held)
            stamped = found.setdefault(name, [])
            if type(stamps) is tuple:
                stamped.extend(f"{id_} {version}" for id_, version in stamps)
            else:
                stamped.append(f"{value} {stamps}")
    if not values:
        return None
    conditions, arguments = [], []
    for name in sorted(values):
        table, _, column = name.partition(".")
        conditions.append(_stands(tables[table], column))
        arguments += [array(sorted(found.get(name, ()))), array(values[name])]
    return numbered(f"SELECT 1 / ({' AND '.join(conditions)})::int"), arguments


def _stands(statements: Statements, column: str) -> str:
    version = "1" if statements.appends else "version"
    return (
        f"(SELECT coalesce(array_agg(stamp ORDER BY stamp), '{{}}') = %s::text[] FROM"
        f" (SELECT id || ' ' || {version} AS stamp FROM {statements.name}"
        f' WHERE "{column or "id"}" = ANY(%s::text[])) AS found)'
    )
