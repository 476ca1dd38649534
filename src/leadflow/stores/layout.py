"""How rows become tuples of SQL values and back; derived from the attrs fields of each row class."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import attrs
from attrs import frozen

from leadflow.model.coding import deep_tuple, plain_value
from leadflow.model.making import twin_of, written
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
    """One table as SQL sees it: columns with their SQL types, and rows to and from their values.

    `values(row)` are all columns, `changing(row)` those that may change and then the id, `row(values)` is the way back.
    `types` are SQLite's; `kinds` are ours (str, int, bool, bytes, Decimal, Mapping, tuple), for stores that name types
    otherwise.
    """

    table: Table
    columns: tuple[str, ...]
    types: tuple[str, ...]
    required: tuple[bool, ...]
    kinds: tuple[str, ...]
    values: Callable[[Any], tuple[Any, ...]]
    changing: Callable[[Any], tuple[Any, ...]]
    row: Callable[[tuple[Any, ...]], Any]


@lru_cache(maxsize=128)
def layout_of(table: Table) -> Layout:
    """Derive a layout from the fields of a table's row class.

    >>> from leadflow.model.business import Product
    >>> layout = layout_of(Table(Product))
    >>> layout.columns[:3], layout.types[5]
    (('id', 'name', 'line'), 'TEXT')
    """
    columns, types, required, kinds = [], [], [], []
    encoders: dict[str, Callable[[Any], Any]] = {}
    decoders: dict[str, Callable[[Any], Any]] = {}
    encode: Callable[[Any], Any] | None
    decode: Callable[[Any], Any] | None
    for attribute in attrs.fields(table.row):
        name = attribute.name
        kind, _, rest = str(attribute.type).partition("[")[0].partition(" | ")
        if name in table.packed:
            encode, decode = table.packed[name]
            kind, sql = _packed_kind(encode), "BLOB"
        else:
            sql, encode, decode = _KINDS[kind]
        columns.append(name)
        types.append(sql)
        required.append(not rest and "None" not in str(attribute.type) and kind in ("str", "int", "bool"))
        kinds.append(kind)
        if encode is not None:
            encoders[name] = encode
        if decode is not None:
            decoders[name] = decode
    changing = [column for column in columns if column not in table.fixed]
    return Layout(
        table,
        tuple(columns),
        tuple(types),
        tuple(required),
        tuple(kinds),
        _reader(columns, encoders),
        _reader([*changing, "id"], encoders),
        _maker(table.row, columns, decoders),
    )


def _packed_kind(encode: Callable[[Any], Any] | None) -> str:
    """Text where the function says so, else bytes."""
    return "str" if getattr(encode, "__annotations__", {}).get("return") in ("str", str) else "bytes"


def _reader(columns: list[str], encoders: Mapping[str, Callable[[Any], Any]]) -> Callable[[Any], tuple[Any, ...]]:
    """A row as the values of some columns, as SQL takes them."""
    names = {f"_{name}": encode for name, encode in encoders.items()}

    def value(name: str) -> str:
        if name not in encoders:
            return f"row.{name}"
        # Most are empty, and to_json says None for these.
        return f"_{name}(row.{name})" + (f" if row.{name} else None" if encoders[name] is to_json else "")

    return written("values(row)", [f"return ({', '.join(map(value, columns))},)"], names)


def _maker(
    cls: type[Any], columns: list[str], decoders: Mapping[str, Callable[[Any], Any]]
) -> Callable[[tuple[Any, ...]], Any]:
    """The row that SQL values stand for, made without a call per column."""
    names: dict[str, Any] = {f"_{name}": decode for name, decode in decoders.items()}
    taken = {name: _decoded(name, decoders.get(name)) for name in columns}
    names |= {"_NOTHING": NOTHING}
    names |= {"_new": object.__new__, "_twin": twin_of(cls), "_cls": cls}
    unpack = f"{', '.join(columns)}, = values"
    if twin_of(cls) is None:
        return written("row(values)", [unpack, f"return _cls({', '.join(taken.values())})"], names)
    lines = [f"row.{name} = {value}" for name, value in taken.items()]
    return written("row(values)", [unpack, "row = _new(_twin)", *lines, "row.__class__ = _cls", "return row"], names)


def _decoded(name: str, decode: Callable[[Any], Any] | None) -> str:
    """The expression for a column's value; what is commonest needs no call."""
    if decode is None:
        return name
    if decode is bool:
        return f"{name} == 1"
    return f"_NOTHING if {name} is None else _{name}({name})" if decode is mapping_of else f"_{name}({name})"
