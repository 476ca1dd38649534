"""How rows become tuples of SQL values and back; derived from the attrs fields of each row class."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import attrs
from attrs import frozen

from leadflow.model.coding import deep_tuple, plain_value
from leadflow.model.values import NOTHING
from leadflow.room import Table

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=plain_value).encode
_decode = json.JSONDecoder().decode


def to_json(content: Any) -> str | None:
    """Compact JSON, or None for something empty (most custom attributes are).

    >>> to_json({}), to_json({"a": ("b",)})
    (None, '{"a":["b"]}')
    """
    if not content:
        return None
    return _encode(content if type(content) is dict else plain_value(content))


def mapping_of(text: str | None) -> Mapping[str, Any]:
    """The read-only mapping that JSON text holds."""
    return NOTHING if text is None else MappingProxyType(_decode(text))


def tuple_of(text: str | None) -> tuple[Any, ...]:
    """The (nested) tuple that JSON text holds."""
    return () if text is None else deep_tuple(_decode(text))


def _decimal_text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _decimal_of(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


_KINDS: dict[str, tuple[str, Callable[[Any], Any] | None, Callable[[Any], Any] | None]] = {
    "str": ("TEXT", None, None),
    "int": ("INTEGER", None, None),
    "bool": ("INTEGER", None, bool),
    "bytes": ("BLOB", None, None),
    "Decimal": ("TEXT", _decimal_text, _decimal_of),
    "Mapping": ("TEXT", to_json, mapping_of),
    "tuple": ("TEXT", to_json, tuple_of),
}


@frozen
class Layout:
    """One table as SQL sees it: columns with their SQL types, and the conversions that some of them need."""

    table: Table
    columns: tuple[str, ...]
    types: tuple[str, ...]
    required: tuple[bool, ...]
    to_sql: tuple[tuple[int, Callable[[Any], Any]], ...]
    from_sql: tuple[tuple[int, Callable[[Any], Any]], ...]
    read: Callable[[Any], tuple[Any, ...]]
    fixed: tuple[int, ...]

    def values(self, row: Any) -> list[Any]:
        """A row's values in column order, as SQL takes them."""
        values = list(self.read(row))
        for position, convert in self.to_sql:
            values[position] = convert(values[position])
        return values

    def changing(self, row: Any) -> list[Any]:
        """A row's values that may change, in column order."""
        values = self.values(row)
        for position in self.fixed:
            del values[position]
        return values

    def row(self, values: tuple[Any, ...]) -> Any:
        """The row that SQL values stand for."""
        converted = list(values)
        for position, convert in self.from_sql:
            converted[position] = convert(converted[position])
        return self.table.row(*converted)


def layout_of(table: Table) -> Layout:
    """Derive a layout from the fields of a table's row class.

    >>> from leadflow.model.business import Product
    >>> layout = layout_of(Table(Product))
    >>> layout.columns[:3], layout.types[5]
    (('id', 'name', 'line'), 'TEXT')
    """
    columns, types, required, to_sql, from_sql = [], [], [], [], []
    encode: Callable[[Any], Any] | None
    decode: Callable[[Any], Any] | None
    for position, attribute in enumerate(attrs.fields(table.row)):
        kind, _, rest = str(attribute.type).partition("[")[0].partition(" | ")
        if attribute.name in table.packed:
            sql, (encode, decode) = "BLOB", table.packed[attribute.name]
        else:
            sql, encode, decode = _KINDS[kind]
        columns.append(attribute.name)
        types.append(sql)
        required.append(not rest and "None" not in str(attribute.type) and kind in ("str", "int", "bool"))
        if encode is not None:
            to_sql.append((position, encode))
        if decode is not None:
            from_sql.append((position, decode))
    # From the last to the first, so that taking one out does not move the others.
    fixed = tuple(position for position in reversed(range(len(columns))) if columns[position] in table.fixed)
    return Layout(
        table,
        tuple(columns),
        tuple(types),
        tuple(required),
        tuple(to_sql),
        tuple(from_sql),
        attrgetter(*columns),
        fixed,
    )
