"""Frozen values at the price of mutable ones.

A frozen attrs class pays a call for every field that its constructor sets. Values that every record makes are therefore
made as a twin of the same slots that can still be set, and turned into the frozen class at the end: nobody ever holds the
twin. `bench` has the figures ("constructor").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import attrs

T = TypeVar("T")

_TWINS: dict[type[Any], type[Any]] = {}
_turn = object.__dict__["__class__"].__set__


def quick(cls: type[T]) -> type[T]:
    """Decorates a frozen, slotted attrs class so that it is made fast: `@quick` over `@frozen(weakref_slot=False)`.

    Errors: TypeError for a class that can be referred to weakly, or whose making does more than to set its fields
    (validators, converters, `__attrs_post_init__`).

    >>> from attrs import frozen
    >>> @quick
    ... @frozen(weakref_slot=False)
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(1), Point(x=1) == Point(1, 0)
    (Point(x=1, y=0), True)
    >>> Point(1).x = 2
    Traceback (most recent call last):
    attr.exceptions.FrozenInstanceError: can't set attribute
    """
    fields = attrs.fields(cast(Any, cls))
    slots = vars(cls).get("__slots__")
    if slots is None or hasattr(cls, "__weakref__") or hasattr(cls, "__attrs_post_init__"):
        raise TypeError(f"{cls.__name__} cannot be made quickly: it needs slots, no weak references and no hook")
    if any(each.validator is not None or each.converter is not None or not each.init for each in fields):
        raise TypeError(f"{cls.__name__} cannot be made quickly: its fields are checked or converted")
    twin = type(cls.__name__, cls.__bases__, {"__slots__": slots, "__setattr__": object.__setattr__})
    init = _init(cls, twin, fields)
    init.__annotations__ = cls.__init__.__annotations__
    type.__setattr__(cls, "__init__", init)
    _TWINS[cls] = twin
    return cls


def _init(cls: type[Any], twin: type[Any], fields: tuple[Any, ...]) -> Callable[..., None]:
    """`__init__`, written out: parameters as attrs orders them, one plain assignment for each field."""
    names: dict[str, Any] = {"_turn": _turn, "_twin": twin, "_cls": cls}
    parameters: list[str] = []
    keywords: list[str] = []
    lines: list[str] = []
    for each in fields:
        parameter, value = each.alias, each.alias
        if isinstance(each.default, attrs.Factory):  # type: ignore[arg-type]
            names[f"_made_{each.name}"] = each.default.factory
            names["_nothing"] = attrs.NOTHING
            parameter += "=_nothing"
            value = f"_made_{each.name}() if {each.alias} is _nothing else {each.alias}"
        elif each.default is not attrs.NOTHING:
            names[f"_default_{each.name}"] = each.default
            parameter += f"=_default_{each.name}"
        (keywords if each.kw_only else parameters).append(parameter)
        lines.append(f"self.{each.name} = {value}")
    listed = ", ".join(["self", *parameters, *(["*"] if keywords else []), *keywords])
    return written(f"__init__({listed})", ["_turn(self, _twin)", *lines, "self.__class__ = _cls"], names)


def twin_of(cls: type[Any]) -> type[Any] | None:
    """The class whose instances can still be set and then turned, of a quick class; None for others."""
    return _TWINS.get(cls)


def kinds_of(base: type[T]) -> list[type[T]]:
    """The quick classes that derive from a class, at any depth (a twin is none of them)."""
    found = [cls for cls in base.__subclasses__() if cls in _TWINS]
    return found + [below for cls in found for below in kinds_of(cls)]


def written(head: str, lines: list[str], names: dict[str, Any]) -> Callable[..., Any]:
    """A function written out for a class, from its head and lines; both are made of names of the class's fields only.

    >>> written("double(number)", ["return 2 * number"], {})(4)
    8
    """
    name = head.partition("(")[0]
    exec("\n    ".join([f"def {head}:", *lines]), names)  # noqa: S102
    return cast("Callable[..., Any]", names[name])


def replaced(value: T, **changes: Any) -> T:
    """A copy of an attrs value with some fields changed: `attrs.evolve`, at a tenth of its cost for quick classes.

    Errors: AttributeError for a field that the class does not have.

    >>> from leadflow.model.lead import Lead
    >>> replaced(Lead(id="l_1"), stage="inquiry").stage
    'inquiry'
    """
    copier = _COPIERS.get(type(value))
    if copier is None:
        copier = _COPIERS[type(value)] = _copier(type(value))
    return copier(value, changes)  # type: ignore[no-any-return]


_COPIERS: dict[type[Any], Callable[[Any, dict[str, Any]], Any]] = {}


def _copier(cls: type[Any]) -> Callable[[Any, dict[str, Any]], Any]:
    """A function that makes a copy of a class's values with changes, one plain assignment for each field."""
    twin = _TWINS.get(cls)
    if twin is None:
        return lambda value, changes: attrs.evolve(value, **changes)
    lines = [f"copy.{each.name} = value.{each.name}" for each in attrs.fields(cls)]
    change = "for name in changes: setattr(copy, name, changes[name])"
    names: dict[str, Any] = {"_new": object.__new__, "_twin": twin, "_cls": cls}
    end = [change, "copy.__class__ = _cls", "return copy"]
    return written("copied(value, changes)", ["copy = _new(_twin)", *lines, *end], names)


def changing(cls: type[T], *names: str) -> Callable[..., T]:
    """A function `(value, *new)` that copies a class's values with the named fields changed: `replaced`, for hot paths.

    Errors: AttributeError for a field that the class does not have.

    >>> from leadflow.model.lead import Lead
    >>> moved = changing(Lead, "stage", "version")
    >>> lead = moved(Lead(id="l_1"), "inquiry", 2)
    >>> lead.id, lead.stage, lead.version
    ('l_1', 'inquiry', 2)
    """
    fields = [each.name for each in attrs.fields(cast(Any, cls))]
    for name in names:
        if name not in fields:
            raise AttributeError(f"{cls.__name__} has no field {name!r}; it has {', '.join(fields)}")
    twin = _TWINS[cls]
    lines = [f"copy.{name} = {name if name in names else f'value.{name}'}" for name in fields]
    used: dict[str, Any] = {"_new": object.__new__, "_twin": twin, "_cls": cls}
    end = ["copy.__class__ = _cls", "return copy"]
    return written(f"changed(value, {', '.join(names)})", ["copy = _new(_twin)", *lines, *end], used)
