"""Checks of single values in the assignment rules: each names class, record and field."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

from attrs import Attribute, validators

from leadflow.errors import InvalidValueError
from leadflow.model.time import parse_duration

TARGET_KINDS = ("user", "pool", "queue", "territory", "owner_of")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
Check = Callable[[Any, "Attribute[Any]", Any], None]


def wrong(instance: Any, attribute: Attribute[Any], said: str, hint: str = "") -> InvalidValueError:
    """The error to raise about a field: class, name of the record, field, what is wrong, the way out."""
    name = getattr(instance, "name", None) or getattr(instance, "user", None)
    owner = f"{type(instance).__name__} {name!r}" if isinstance(name, str) else type(instance).__name__
    return InvalidValueError(f"{owner}.{attribute.name}: {said}", hint=hint, details={"field": attribute.name})


def suggestion(value: object, options: tuple[str, ...]) -> str:
    """The option that was probably meant, else all of them.

    >>> suggestion("wieghted", ("weighted", "capacity")), suggestion("x", ("weighted", "capacity"))
    ("did you mean 'weighted'?", 'one of weighted, capacity')
    """
    close = get_close_matches(str(value), options, n=1)
    return f"did you mean {close[0]!r}?" if close else f"one of {', '.join(options)}"


def one_of(options: tuple[str, ...], custom: bool = False) -> Check:
    """One of the options; with `custom` also any name with a dot in it (supplied by the host)."""

    def check(instance: Any, attribute: Attribute[Any], value: Any) -> None:
        if value not in options and not (custom and isinstance(value, str) and "." in value.strip(".")):
            raise wrong(instance, attribute, f"unknown value {value!r}", suggestion(value, options))

    return check


def is_text(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    """A text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise wrong(instance, attribute, "expected a text that is not blank")


def is_texts(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    """A tuple of texts, none blank."""
    if not isinstance(value, tuple) or not all(isinstance(item, str) and item.strip() for item in value):
        raise wrong(instance, attribute, "expected a tuple of texts, none blank", 'write ("a", "b")')


def is_whole(least: int, most: int, hint: str = "") -> Check:
    """A whole number from `least` to `most`."""

    def check(instance: Any, attribute: Attribute[Any], value: Any) -> None:
        if type(value) is not int or not least <= value <= most:
            raise wrong(instance, attribute, f"expected a whole number {least}..{most}, got {value!r}", hint)

    return check


def is_span(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    """A duration longer than nothing."""
    is_text(instance, attribute, value)
    try:
        span_us = parse_duration(value)
    except InvalidValueError as error:
        raise wrong(instance, attribute, f"{value!r} is not a duration", error.hint) from None
    if span_us <= 0:
        raise wrong(instance, attribute, "expected more than nothing", "write e.g. 30min or 4h")


def is_date(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    """A date such as 2026-12-25."""
    if not isinstance(value, str) or ordinal(value) is None:
        raise wrong(instance, attribute, f"{value!r} is not a date", "write 2026-12-25")


def is_zone(instance: Any, attribute: Attribute[Any], value: Any) -> None:
    """An IANA time zone."""
    try:
        ZoneInfo(value)
    except Exception:  # a missing zone, a path, a wrong type: zoneinfo has a different error for each
        raise wrong(
            instance, attribute, f"unknown time zone {value!r}", "write an IANA name such as Europe/Vienna"
        ) from None


def is_target(*kinds: str) -> Check:
    """A target `kind:name` of one of the kinds."""

    def check(instance: Any, attribute: Attribute[Any], value: Any) -> None:
        kind, _, name = value.partition(":") if isinstance(value, str) else ("", "", "")
        if kind not in kinds:
            raise wrong(
                instance,
                attribute,
                f"unknown target {value!r}",
                f"write kind:name, {suggestion(kind, kinds)}",
            )
        if not name.strip() and kind != "territory":
            raise wrong(instance, attribute, f"{value!r} names no {kind}", f"write {kind}:name")

    return check


def has_unique(key: str) -> Check:
    """A tuple of records whose `key` differs."""

    def check(instance: Any, attribute: Attribute[Any], value: Any) -> None:
        if not isinstance(value, tuple):
            raise wrong(instance, attribute, f"expected a tuple, got {type(value).__name__}")
        seen: set[str] = set()
        for item in value:
            name = getattr(item, key)
            if name in seen:
                raise wrong(instance, attribute, f"{name!r} is there twice", "give each a name of its own")
            seen.add(name)

    return check


def ordinal(text: str) -> int | None:
    """The day number of a date written 2026-12-25, else None.

    >>> ordinal("0001-01-02"), ordinal("2026-02-30"), ordinal("2026-W01-1")
    (2, None, None)
    """
    try:
        return date.fromisoformat(text).toordinal() if _DATE.fullmatch(text) else None
    except ValueError:
        return None


maybe_text = validators.optional(is_text)
maybe_span = validators.optional(is_span)
maybe_date = validators.optional(is_date)
is_cap = validators.optional(is_whole(1, 1_000_000, "leave it out for no cap, write paused = true for no leads"))
any_target = is_target(*TARGET_KINDS)
final_target = is_target("user", "pool", "queue")
