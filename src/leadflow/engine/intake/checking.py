"""Refusing what cannot be kept or carried out, before anything is planned: it is told alone and harms nobody else."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import attrs

from leadflow.errors import InvalidInputError
from leadflow.model.time import EARLIEST_US, LATEST_US

KEY_CHARS = 255
_DEPTH = 20
_LARGEST = 2**63


def is_simple(record: Mapping[Any, Any]) -> bool:
    """Whether there are only ASCII texts (no NUL), usual numbers and mappings of texts, as nearly everywhere."""
    for name, value in record.items():
        if type(name) is not str or not name.isascii():
            return False
        kind = type(value)
        if kind is str:
            if not value.isascii() or "\0" in value:
                return False
        elif kind is dict:
            for own, content in value.items():
                if type(own) is not str or type(content) is not str or not (own.isascii() and content.isascii()):
                    return False
                if "\0" in content or "\0" in own:
                    return False
        elif kind is int:
            if not -_LARGEST <= value < _LARGEST:
                return False
        elif value is not None and kind is not bool:
            return False
    return True


def check_plain(value: Any, depth: int = 0) -> None:
    """Refuse what no store can keep. Errors: InvalidInputError."""
    kind = type(value)
    if kind is str:
        if "\0" in value:
            raise InvalidInputError("text with a NUL character cannot be kept", code="invalid_text", hint="take it out")
        if not value.isascii():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                raise InvalidInputError("text with half a surrogate pair cannot be kept", code="invalid_text") from None
    elif kind is int:
        if not -_LARGEST <= value < _LARGEST:
            raise InvalidInputError("a number is beyond 64 bits", code="invalid_number", hint="write it as text")
    elif value is None or kind is bool or kind is datetime or kind is Decimal:
        return
    elif kind is float:
        if not isfinite(value):
            raise InvalidInputError("a number is not finite", code="invalid_number")
    elif depth > _DEPTH:
        raise InvalidInputError(f"nested deeper than {_DEPTH}", code="too_deep")
    elif isinstance(value, Mapping):
        for name, content in value.items():
            if type(name) is not str:
                raise InvalidInputError("a name is not text", code="invalid_field")
            check_plain(name, depth)
            if type(content) is datetime and (depth or name != "at"):
                raise InvalidInputError(f"{name}: write moments as text", code="invalid_field")
            check_plain(content, depth + 1)
    elif isinstance(value, (list, tuple)):
        for content in value:
            check_plain(content, depth + 1)
    else:
        raise InvalidInputError(
            f"a {kind.__name__} cannot be kept", code="invalid_field", hint="hand over plain values"
        )


def read_key(value: Any, field: str = "key") -> str:
    """A record's own id: text of 1 to 255 characters. Errors: InvalidInputError."""
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str) or not value or value.isspace() or len(value) > KEY_CHARS or "\0" in value:
        raise InvalidInputError(f"{field}: expected text of 1 to {KEY_CHARS} characters", code="invalid_key")
    return value


def check_made(value: Any) -> None:
    """A record or command that a program made itself is held to what a mapping is held to. Errors: InvalidInputError."""
    if type(value.key) is not str:
        raise InvalidInputError("key: expected text", code="invalid_key")
    read_key(value.key)
    for name in _fields(cast(Hashable, type(value))):
        content = getattr(value, name)
        check_field(type(value), name, content)
        check_plain(content, 1)
    if not EARLIEST_US <= value.at_us <= LATEST_US:
        raise InvalidInputError("at_us: the year is out of range", code="instant_out_of_range")


def check_field(cls: type[Any], name: str, value: Any) -> None:
    """Whether a field of a record or command has the kind of value that it says. Errors: InvalidInputError."""
    field = _fields(cast(Hashable, cls)).get(name)
    if field is not None and not field[1](value):
        raise InvalidInputError(f"{name}: expected {field[0]}, got {type(value).__name__}", code="invalid_field")


@lru_cache(maxsize=64)
def _fields(cls: Hashable) -> dict[str, tuple[str, Callable[[Any], bool]]]:
    """How each field is annotated, and the test for it."""
    hints = get_type_hints(cast(Any, cls))
    return {each.name: (str(each.type), _test(hints[each.name])) for each in attrs.fields(cast(Any, cls))}


def _test(hint: Any) -> Callable[[Any], bool]:
    """Whether a value is of an annotated type; lists stand for tuples.

    >>> test = _test(tuple[tuple[str, int], ...])
    >>> test([["c_1", 1]]), test([["c_1"]]), test(["c_1", 1])
    (True, False, False)
    """
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda value: True
    if origin in (Union, UnionType):
        tests = [_test(each) for each in args]
        return lambda value: any(test(value) for test in tests)
    if origin is tuple and args[-1] is Ellipsis:
        item = _test(args[0])
        return lambda value: isinstance(value, (list, tuple)) and all(item(each) for each in value)
    if origin is tuple:
        parts = [_test(each) for each in args]
        return lambda value: (
            isinstance(value, (list, tuple))
            and len(value) == len(parts)
            and all(test(each) for test, each in zip(parts, value, strict=True))
        )
    if origin is not None and issubclass(origin, Mapping):
        content = _test(args[1])
        return lambda value: isinstance(value, Mapping) and all(content(each) for each in value.values())
    if hint is int:
        return lambda value: type(value) is int
    kind = NoneType if hint is None else hint
    return lambda value: isinstance(value, kind)
