"""Won and lost leads as learning sees them: one row per lead, one column per field."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from leadflow.errors import InvalidInputError, InvalidValueError
from leadflow.model.time import DAY_US

Value = str | int | float | Decimal | None
"""A text or code, a number, a yes/no (bool is an int), or None for "not known"."""

_NOTHING: Mapping[str, int] = MappingProxyType({})


@frozen
class Example:
    """One lead whose outcome is known.

    `at_us` is the moment the lead came in; `features` maps expression field names ("lead.origin") to what was
    known. Optional, for finding leaks: `outcome_at_us` is when the lead was won or lost, `recorded_us` says
    per field when its value was written down.

    >>> Example("l_1", 0, True, {"lead.origin": "fair", "account.employees": 40}).won
    True
    """

    id: str
    at_us: int
    won: bool
    features: Mapping[str, Value]
    outcome_at_us: int | None = None
    recorded_us: Mapping[str, int] = field(default=_NOTHING, repr=False)


@frozen(eq=False)
class Table:
    """Examples in the order of their ids, turned into columns; `won` holds one byte 0 or 1 per row."""

    examples: tuple[Example, ...]
    won: bytes
    columns: Mapping[str, Sequence[Value]]

    def __len__(self) -> int:
        return len(self.examples)

    def take(self, rows: Sequence[int]) -> Table:
        """The rows at these places, which the caller keeps in rising order."""
        return Table(
            tuple(_picked(self.examples, rows)),
            bytes(_picked(self.won, rows)),
            {name: _picked(column, rows) for name, column in self.columns.items()},
        )


def arranged(examples: Iterable[Example]) -> Table:
    """Check the examples and sort them by id, so that the order they came in cannot matter.

    Blank text counts as not known. Errors: InvalidInputError for an id that comes twice; InvalidValueError,
    naming the field, for a value that is neither text, a finite number, a yes/no nor None.

    >>> table = arranged([Example("b", 0, True, {"lead.x": " "}), Example("a", 0, False, {"lead.y": 1})])
    >>> [e.id for e in table.examples], dict(table.columns)
    (['a', 'b'], {'lead.x': [None, None], 'lead.y': [1, None]})
    """
    rows = sorted(examples, key=lambda example: example.id)
    for one, other in pairwise(rows):
        if one.id == other.id:
            raise InvalidInputError(
                f"two examples have the id {one.id!r}",
                code="duplicate_example",
                hint="hand in each lead once",
            )
    names = sorted(set().union(*(row.features for row in rows)))
    columns = {name: _checked(name, [row.features.get(name) for row in rows]) for name in names}
    return Table(tuple(rows), bytes(bool(row.won) for row in rows), columns)


def mature(table: Table, mature_days: int | None, as_of_us: int | None) -> tuple[Table, int]:
    """Leave out leads too young to have been decided; returns the rest and how many were left out.

    A lead that came in last week is seldom won yet. Counted as lost it teaches that recent months are bad.
    Won ones of that age are left out too, else only the quick wins would remain. `as_of_us` is the last
    moment the records cover; without it, the latest moment found in them.
    """
    if mature_days is None:
        return table, 0
    if as_of_us is None:
        as_of_us = max((max(e.at_us, e.outcome_at_us or e.at_us) for e in table.examples), default=0)
    newest_us = as_of_us - mature_days * DAY_US
    rows = [row for row, example in enumerate(table.examples) if example.at_us <= newest_us]
    return table.take(rows), len(table) - len(rows)


def kind_of(column: Sequence[Value]) -> str:
    """What a column holds: text, number, yes_no, mixed or empty.

    >>> kind_of([None, 1, 2.5]), kind_of([True, None]), kind_of(["a", 1]), kind_of([None])
    ('number', 'yes_no', 'mixed', 'empty')
    """
    kinds = {_kind_of_type(kind) for kind in set(map(type, column))} - {"none"}
    return kinds.pop() if len(kinds) == 1 else "mixed" if kinds else "empty"


def _kind_of_type(kind: type) -> str:
    if kind is type(None):
        return "none"
    if issubclass(kind, bool):
        return "yes_no"
    if issubclass(kind, str):
        return "text"
    return "number" if issubclass(kind, (int, float, Decimal)) else "unknown"


def _checked(name: str, column: list[Value]) -> list[Value]:
    for kind in sorted(set(map(type, column)), key=lambda kind: kind.__name__):
        if _kind_of_type(kind) == "unknown":
            raise InvalidValueError(
                f"{name}: cannot learn from a value of type {kind.__name__}",
                code="unusable_value",
                hint="hand in text, a number, a yes/no or None",
            )
    distinct = set(column)
    if any(isinstance(value, (float, Decimal)) and not math.isfinite(value) for value in distinct):
        raise InvalidValueError(
            f"{name}: holds a number that is not finite",
            code="unusable_value",
            hint="hand in None for a missing number",
        )
    if any(isinstance(value, str) and not value.strip() for value in distinct):
        return [None if isinstance(value, str) and not value.strip() else value for value in column]
    return column


def _picked(values: Sequence[Any], rows: Sequence[int]) -> Sequence[Any]:
    if len(rows) < 2:  # itemgetter returns a bare item for one index and takes no zero indexes
        return [values[row] for row in rows]
    picked: tuple[Any, ...] = itemgetter(*rows)(values)
    return picked
