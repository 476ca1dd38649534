"""Reading values: what somebody typed or a file holds, as the type that a field has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from attrs import frozen

from leadflow.errors import InvalidValueError
from leadflow.expr.types import Field, Schema, Type
from leadflow.model.rows import KEPT_BY_ENGINE
from leadflow.model.time import EARLIEST_US, LATEST_US, parse_instant
from leadflow.model.values import CONSENT_LEVELS, parse_decimal
from leadflow.normalise import parse_email

_YES = frozenset({"true", "yes", "on", "1", "y", "x", "ja", "si", "sí", "oui", "tak", "da", "evet", "jah"})
_NO = frozenset({"false", "no", "off", "0", "n", "nein", "non", "nie", "ne", "hayır", "ei"})
_TRIMMED = "​‌‍⁠﻿ "


@frozen
class Fault:
    """Why a value was not taken: a code, and the field it was for."""

    code: str
    field: str


def read_values(record: str, given: Mapping[str, Any], schema: Schema) -> tuple[dict[str, Any], list[Fault]]:
    """A record's values as their fields' types; blank ones as None. Faults name each value that cannot be read.

    Unknown fields are faults too, and those that only decisions change: nothing outside the declared list is ever set.
    """
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    fields = schema.records[record]
    for name, value in given.items():
        field = fields.get(name)
        place = f"{record}.{name}"
        if field is None:
            faults.append(Fault("unknown_field", place))
            continue
        if is_kept(field):
            faults.append(Fault("not_settable", place))
            continue
        try:
            # "owner" is short for "owner_id": both mean the same column.
            known_as = field.accessor if not field.custom and field.accessor.endswith("_id") else field.name
            values[known_as] = read_value(record, field, value)
        except InvalidValueError as error:
            faults.append(Fault(error.code, place))
    return values, faults


def is_kept(field: Field | None) -> bool:
    """Whether only decisions change a field, so that nothing that comes in may set it."""
    return field is not None and not field.custom and field.accessor in KEPT_BY_ENGINE


def read_value(record: str, field: Field, value: Any) -> Any:
    """One value as the type of its field; None when it is blank. Errors: InvalidValueError."""
    if isinstance(value, str):
        value = value.strip().strip(_TRIMMED)
        if "\0" in value:
            raise InvalidValueError(f"{field.name}: has a NUL character", code="invalid_text")
    if value is None or value == "":
        return None
    name = field.name
    if record == "contact" and name == "consent":
        return _consent(value)
    if name == "email":
        address = parse_email(value) if isinstance(value, str) else None
        if address is None:
            raise InvalidValueError(f"{name}: not an e-mail address", code="invalid_email")
        return address
    match field.type:
        case Type.NUMBER:
            return _number(value, name)
        case Type.BOOLEAN:
            return _boolean(value, name)
        case Type.INSTANT:
            return _instant(value, name)
        case Type.DATE:
            return _date(value, name)
        case Type.TEXT_SET | Type.CODE_SET:
            return _several(value, field)
    return _text(value, field)


def _instant(value: Any, name: str) -> int:
    """Text, an aware datetime, or microseconds as an import reads them."""
    if type(value) is not int:
        return parse_instant(value, name)
    if not EARLIEST_US <= value <= LATEST_US:
        raise InvalidValueError(f"{name}: the year is out of range", code="instant_out_of_range")
    return value


def _consent(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 5:
        return value
    level = CONSENT_LEVELS.get(str(value).strip().lower())
    if level is None:
        raise InvalidValueError("consent: not a consent level", code="invalid_choice")
    return level


def _number(value: Any, name: str) -> int | str:
    if isinstance(value, float):
        value = repr(value)
    number: Decimal = parse_decimal(value, name)
    if abs(number) >= 2**63:
        raise InvalidValueError(f"{name}: the number is beyond 64 bits")
    # Kept as int or exact text: both stand in JSON and in every store as they are.
    return int(number) if number == number.to_integral_value() else str(number)


def _boolean(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).casefold()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise InvalidValueError(f"{name}: neither yes nor no", code="invalid_boolean")


def _date(value: Any, name: str) -> str:
    if isinstance(value, date):
        return value.isoformat()[:10]
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise InvalidValueError(f"{name}: not a date", code="invalid_date", hint="write 2026-11-22") from None


def _several(value: Any, field: Field) -> tuple[str, ...]:
    items = value.split(";") if isinstance(value, str) else value
    if not isinstance(items, (list, tuple, set, frozenset)):
        raise InvalidValueError(f"{field.name}: expected several values", code="invalid_text")
    return tuple(sorted({text for item in items if (text := str(item).strip())}))


def _text(value: Any, field: Field) -> str:
    if isinstance(value, (Mapping, list, tuple, set, bool)):
        raise InvalidValueError(f"{field.name}: expected text", code="invalid_text")
    text = str(value)
    choices = field.choices() if callable(field.choices) else field.choices
    if choices:
        found = {choice.casefold(): choice for choice in choices}.get(text.casefold())
        if found is None:
            raise InvalidValueError(f"{field.name}: not one of its choices", code="invalid_choice")
        return found
    if field.name == "country" and len(text) == 2:
        return text.upper()
    return text
