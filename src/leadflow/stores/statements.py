"""What the SQL stores have in common: what a change writes by table, decisions as rows, and lists as statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from leadflow.errors import InvalidInputError
from leadflow.model.coding import from_plain, to_plain
from leadflow.model.decisions import Decision, Recorded
from leadflow.model.making import kinds_of
from leadflow.ports.store import ChangeSet, Scan
from leadflow.stores.layout import Layout, mapping_of, to_json

DECISION_COLUMNS: Final = (
    "id", "type", "subject", "at_us", "recorded_us", "command", "actor", "digest", "data", "seq",
)  # fmt: skip
_SUBJECT = frozenset({"subject"})


def table_name(name: str) -> str:
    """The SQL name of a table of ours."""
    return f"leadflow_{name}"


def listed(columns: Sequence[str]) -> str:
    """Columns, quoted and parted by commas."""
    return ", ".join(f'"{column}"' for column in columns)


def by_table(change: ChangeSet) -> dict[str, tuple[list[Any], list[Any], list[str]]]:
    """Rows to insert, rows to update and ids to delete, by table. What was not found when it was read is new."""
    known = change.read.known()
    tables: dict[str, tuple[list[Any], list[Any], list[str]]] = {}
    for key, row in change.put.items():
        work = tables.get(key[0])
        if work is None:
            work = tables[key[0]] = ([], [], [])
        work[1 if key in known else 0].append(row)
    for name, id_ in change.drop:
        tables.setdefault(name, ([], [], []))[2].append(id_)
    return tables


# -- decisions --------------------------------------------------------------------------------------------


def decision_values(recorded: Recorded) -> tuple[Any, ...]:
    """A decision as values of all its columns but the last, which the database counts."""
    r = recorded
    data = to_json(to_plain(r.decision, _SUBJECT))
    return r.id, r.type, r.subject, r.at_us, r.recorded_us, r.command, r.actor, r.digest, data


def decision_maker() -> Callable[[tuple[Any, ...]], Recorded]:
    """The way back from values of all columns to a decision."""
    kinds = {cls.type: cls for cls in kinds_of(Decision)}

    def made(values: tuple[Any, ...]) -> Recorded:
        id_, type_, subject, at_us, recorded_us, command, actor, digest, data, seq = values
        decision = from_plain(kinds[type_], {"subject": subject, **mapping_of(data)})
        return Recorded(id_, decision, at_us, recorded_us, command, actor, digest, seq)

    return made


# -- lists ------------------------------------------------------------------------------------------------


def scan_statement(query: Scan, layouts: Mapping[str, Layout], mark: str, where: str = "") -> tuple[str, list[Any]]:
    """A list as a statement with its values; `mark` is how the driver marks a place, `where` the schema with its dot.

    Names of tables, columns and operators come from our own classes, never from a caller. Errors: InvalidInputError.
    """
    descending = query.order.startswith("-")
    order = query.order.lstrip("-")
    columns = _columns(query.table, layouts)
    conditions, values = filtered(query, layouts, mark)
    if query.after is not None:
        ahead = "<" if descending else ">"
        # The first part lets the database start in its index where the last page ended.
        conditions.append(f'"{order}" {ahead}= {mark} AND ("{order}" {ahead} {mark} OR id > {mark})')
        values.extend((query.after[0], *query.after))
    statement = (
        f"SELECT {listed(columns)} FROM {where}{table_name(query.table)} WHERE {' AND '.join(conditions)}"  # noqa: S608
        f' ORDER BY "{order}"{" DESC" if descending else ""}{", id" if order != "id" else ""}'
    )
    if query.limit is not None:
        statement += f" LIMIT {mark}"
        values.append(query.limit)
    return statement, values


def filtered(query: Scan, layouts: Mapping[str, Layout], mark: str) -> tuple[list[str], list[Any]]:
    """What must hold of a row for a list to have it, with the values. Errors: InvalidInputError."""
    order = query.order.lstrip("-")
    columns = _columns(query.table, layouts)
    values: list[Any] = []
    conditions = []
    for column, test, value in query.where:
        if column not in columns or test not in Scan.OPERATORS:
            raise InvalidInputError(f"{query.table} cannot be filtered by {column} {test}", code="unknown_column")
        if test == "in":
            wanted = [each for each in value if each is not None]
            conditions.append(f'"{column}" IN ({", ".join([mark] * len(wanted)) or "NULL"})')
            values.extend(wanted)
        else:
            conditions.append(f'"{column}" {test} {mark}')
            values.append(value)
    if order not in columns:
        raise InvalidInputError(f"{query.table} has no column {order}", code="unknown_column")
    conditions.append(f'"{order}" IS NOT NULL')
    return conditions, values


def _columns(table: str, layouts: Mapping[str, Layout]) -> Sequence[str]:
    if table == "decision":
        return DECISION_COLUMNS
    if table not in layouts:
        raise InvalidInputError(f"no table {table!r}", code="unknown_table")
    return layouts[table].columns
