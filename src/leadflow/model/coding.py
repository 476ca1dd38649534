"""Plain forms of values: what can stand in JSON, and back.

Works from the attrs fields of a class alone; the annotations say which lists are tuples and which texts are decimals.

>>> from leadflow.model.decisions import OwnerAssigned
>>> plain = to_plain(OwnerAssigned(subject="l_1", owner="bo", candidates=(("al", "absent"),)))
>>> plain
{'subject': 'l_1', 'owner': 'bo', 'candidates': [['al', 'absent']]}
>>> from_plain(OwnerAssigned, plain).candidates
(('al', 'absent'),)
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeVar, cast

import attrs

from leadflow.errors import InvalidInputError
from leadflow.model.making import written

T = TypeVar("T")


_PLAIN = ("str", "int", "bool", "float")
_SCALARS = frozenset({str, int, bool, float, type(None)})


@lru_cache(maxsize=256)
def _layout(cls: Hashable) -> tuple[tuple[str, str, Any], ...]:
    return tuple((a.name, str(a.type), a.default) for a in attrs.fields(cast(Any, cls)))


def to_plain(value: Any, skip: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields of an attrs value that differ from their default, as a dict that JSON can hold."""
    if skip:
        return _writer(cast(Hashable, type(value)), skip)(value)
    writer = _WRITERS.get(type(value))
    if writer is None:
        writer = _WRITERS[type(value)] = _writer(cast(Hashable, type(value)), skip)
    return writer(value)


_WRITERS: dict[type[Any], Callable[[Any], dict[str, Any]]] = {}


@lru_cache(maxsize=512)
def _writer(cls: Hashable, skip: frozenset[str]) -> Callable[[Any], dict[str, Any]]:
    """`to_plain` of a class, written out: one comparison a field."""
    names: dict[str, Any] = {"_plain": plain_value}
    lines = ["plain = {}"]
    for name, kind, default in _layout(cls):
        if name in skip:
            continue
        is_plain = set(kind.split(" | ")) <= {*_PLAIN, "None"}
        content = "content" if is_plain else "_plain(content)"
        lines.append(f"content = value.{name}")
        if default is attrs.NOTHING:
            lines.append(f"plain['{name}'] = {content}")
            continue
        names[f"_default_{name}"] = default
        differs = f"is not _default_{name} and content != _default_{name}"
        if type(default) in _SCALARS:
            differs = "is not None" if default is None else f"!= {default!r}"
        lines.append(f"if content {differs}: plain['{name}'] = {content}")
    return written("writer(value)", [*lines, "return plain"], names)


def plain_value(content: Any) -> Any:
    """A field's content as JSON can hold it: tuples as lists, decimals as text."""
    kind = type(content)
    if kind in _SCALARS:
        return content
    if kind is dict or kind is MappingProxyType or isinstance(content, Mapping):
        plain = dict(content)
        for name, item in plain.items():
            if type(item) not in _SCALARS or type(name) is not str:
                return {str(name): plain_value(item) for name, item in content.items()}
        return plain
    if isinstance(content, (tuple, list, set, frozenset)):
        items = sorted(content) if isinstance(content, (set, frozenset)) else content
        return [plain_value(item) for item in items]
    if isinstance(content, Decimal):
        return str(content)
    if attrs.has(kind):
        return to_plain(content)
    return content


def from_plain(cls: type[T], plain: Mapping[str, Any]) -> T:
    """Rebuild an attrs value. Errors: InvalidInputError for a field the class does not have, or lacks."""
    arguments = dict(plain)
    for name, kind in _restoring(cast(Hashable, cls)):
        if name in arguments:
            arguments[name] = _restored(arguments[name], kind)
    try:
        return cls(**arguments)
    except TypeError:
        _explain(cls, plain)
        raise


@lru_cache(maxsize=256)
def _restoring(cls: Hashable) -> tuple[tuple[str, str], ...]:
    """The fields whose plain form is another than their own."""
    return tuple((name, kind) for name, kind, _ in _layout(cls) if kind.startswith(("tuple", "Mapping", "Decimal")))


def _explain(cls: type[Any], plain: Mapping[str, Any]) -> None:
    """Say what is wrong with the fields that a class was given."""
    layout = _layout(cast(Hashable, cls))
    strange = set(plain).difference(name for name, _, _ in layout)
    if strange:
        listed = ", ".join(sorted(map(str, strange)))
        raise InvalidInputError(f"{cls.__name__} has no field {listed}", code="unknown_field") from None
    for name, _, default in layout:
        if default is attrs.NOTHING and name not in plain:
            raise InvalidInputError(f"{cls.__name__} lacks the field {name}", code="missing_field") from None


def _restored(content: Any, kind: str) -> Any:
    if content is None:
        return None
    if kind.startswith("tuple"):
        return deep_tuple(content)
    if kind.startswith("Mapping"):
        return MappingProxyType(dict(content))
    if kind.startswith("Decimal"):
        return Decimal(content)
    return content


def deep_tuple(content: Any) -> Any:
    """Lists, at any depth, as tuples."""
    return tuple(deep_tuple(item) for item in content) if isinstance(content, (list, tuple)) else content
