"""Dates and times of a column: the order of day and month is known or asked for, never guessed per cell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, tzinfo
from typing import Final

from attrs import frozen

from leadflow.capture.reading.months import month_number
from leadflow.errors import InvalidValueError
from leadflow.model.time import SECOND_US, instant_us

DAY_FIRST: Final = "dmy"
MONTH_FIRST: Final = "mdy"
YEAR_FIRST: Final = "ymd"
ORDERS: Final = (DAY_FIRST, MONTH_FIRST, YEAR_FIRST)

_EPOCH_UNITS_US = {"s": SECOND_US, "ms": 1_000}
_EARLIEST_YEAR, _LATEST_YEAR = 1900, 9999
_MAX_CHARS = 64
_NUMBERS = re.compile(r"(\d{1,4})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{1,4})\.?")
_NAMED = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.|º|er)?[\s/-]+(?:de\s+)?([^\W\d]+)\.?,?[\s/-]+(?:de\s+)?(\d{4})\.?")
_NAMED_FIRST = re.compile(r"([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_ASIAN = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_EPOCH = re.compile(r"-?\d{1,16}(?:\.\d{1,6})?")
_TIME = re.compile(
    r"(?P<date>.*?)(?:[T\s]|,\s|\sat\s|\sum\s|\sob\s)\s*"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)


@frozen
class DateOrder:
    """How a column writes dates: `order` is "dmy", "mdy", "ymd", or None when somebody must say.

    `code` tells why it is None: `ambiguous_dates` (no day above 12 anywhere), `mixed_dates` (both orders
    occur; then `line` is the first that contradicts) or `no_dates`.
    """

    order: str | None
    code: str = ""
    line: int | None = None


def date_order(values: Iterable[tuple[int, str]]) -> DateOrder:
    """The order of day and month over a whole column of (line, text); takes one pass and no memory.

    Dates with dots have the day first, as in every country that writes them so.

    >>> date_order([(2, "1/2/2024"), (3, "31/12/2024")]).order
    'dmy'
    >>> date_order([(2, "1/2/2024")]).code, date_order([(2, "1/13/2024"), (3, "13/1/2024")]).line
    ('ambiguous_dates', 3)
    """
    order: str | None = None
    is_open = False
    for line, text in values:
        found = _evidence(text)
        if found == "":
            is_open = True
        elif found is not None:
            if order not in (None, found) and YEAR_FIRST not in (order, found):
                return DateOrder(None, "mixed_dates", line)
            order = found if order in (None, YEAR_FIRST) else order
    if is_open and order in (None, YEAR_FIRST):
        return DateOrder(None, "ambiguous_dates")
    return DateOrder(order) if order else DateOrder(None, "no_dates")


def parse_date(text: str, *, order: str | None = None, field: str = "date") -> date:
    """Read a date; `order` says which of two numbers is the day where a cell alone does not.

    Errors: InvalidValueError that names `field` for an ambiguous or impossible date, a year of two digits,
    and a bare number.

    >>> parse_date("31.12.2024"), parse_date("1/2/2024", order="mdy")
    (datetime.date(2024, 12, 31), datetime.date(2024, 1, 2))
    >>> parse_date("1/2/2024")
    Traceback (most recent call last):
    leadflow.errors.InvalidValueError: date: day and month cannot be told apart; say order='dmy' or order='mdy'
    """
    _check_order(order, field)
    year, month, day = _parts(_trimmed(text, field), order, field)
    if not _EARLIEST_YEAR <= year <= _LATEST_YEAR:
        raise InvalidValueError(f"{field}: the year {year} is out of range", code="date_out_of_range")
    try:
        return date(year, month, day)
    except ValueError:
        raise InvalidValueError(f"{field}: there is no such day", code="invalid_date") from None


def parse_moment_us(
    text: str,
    *,
    order: str | None = None,
    zone: tzinfo | None = None,
    epoch: str | None = None,
    field: str = "at",
) -> int:
    """Read an instant from a date and time.

    Units: microseconds since 1970 UTC. `zone` is for texts without one; a date alone is its first moment
    there. `epoch` ("s" or "ms") reads bare numbers as time since 1970.
    Errors: InvalidValueError that names `field`; a bare number without `epoch` and a text without zone are
    refused.

    >>> parse_moment_us("31.12.2024 14:05", zone=UTC) == parse_moment_us("2024-12-31T15:05:00+01:00")
    True
    >>> parse_moment_us("1700000000000", epoch="ms") == parse_moment_us("1700000000", epoch="s")
    True
    >>> parse_moment_us("1700000000", field="created")
    Traceback (most recent call last):
    leadflow.errors.InvalidValueError: created: a bare number is no time; say epoch='s' or epoch='ms'
    """
    _check_order(order, field)
    text = _trimmed(text, field)
    if _EPOCH.fullmatch(text) and not _is_compact(text):
        return _since_epoch(text, epoch, field)
    found = _TIME.fullmatch(text)
    day = parse_date(found["date"] if found else text, order=order, field=field)
    clock = _clock(found, field) if found else time()
    zone_text = found["zone"] if found else None
    if zone_text is None and zone is None:
        raise InvalidValueError(f"{field}: has no time zone", code="naive_datetime", hint="say which, e.g. zone=UTC")
    moment = datetime.combine(day, clock, zone if zone_text is None else _offset(zone_text, field))
    return instant_us(moment)


def _trimmed(text: str, field: str) -> str:
    text = " ".join(text.split())
    if not text or len(text) > _MAX_CHARS:
        raise InvalidValueError(f"{field}: not a date", code="invalid_date", hint="write 2024-12-31")
    return text


def _check_order(order: str | None, field: str) -> None:
    if order is not None and order not in ORDERS:
        raise InvalidValueError(f"{field}: order {order!r} is none of {', '.join(ORDERS)}", code="invalid_order")


def _evidence(text: str) -> str | None:
    """The order that a cell shows, "" when it does not tell, None when it is no date of numbers."""
    text = " ".join(text.split()[:3]) if len(text) <= _MAX_CHARS else ""
    found = _NUMBERS.match(text)
    if found is None:
        return None
    first, separator, second, third = found[1], found[2], found[3], found[4]
    if len(first) == 4:
        return YEAR_FIRST
    if len(third) not in (2, 4):
        return None
    if separator == "." or (int(first) > 12 >= int(second)):
        return DAY_FIRST
    if int(second) > 12 >= int(first):
        return MONTH_FIRST
    return "" if int(first) <= 12 else None


def _parts(text: str, order: str | None, field: str) -> tuple[int, int, int]:
    if found := _NUMBERS.fullmatch(text):
        return _numbered(found, order, field)
    if found := _ASIAN.fullmatch(text):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _NAMED.fullmatch(text):
        return int(found[3]), _month(found[2], field), int(found[1])
    if found := _NAMED_FIRST.fullmatch(text):
        return int(found[3]), _month(found[1], field), int(found[2])
    if _is_compact(text) and (found := _COMPACT.fullmatch(text)):
        return int(found[1]), int(found[2]), int(found[3])
    if _EPOCH.fullmatch(text):
        hint = "format the column as a date, e.g. 2024-12-31"
        raise InvalidValueError(f"{field}: a bare number is no date", code="number_as_date", hint=hint)
    raise InvalidValueError(f"{field}: not a date", code="invalid_date", hint="write 2024-12-31")


def _numbered(found: re.Match[str], order: str | None, field: str) -> tuple[int, int, int]:
    first, second, third = int(found[1]), int(found[3]), int(found[4])
    if len(found[1]) == 4:
        return first, second, third
    if len(found[4]) != 4 or len(found[1]) > 2:
        raise InvalidValueError(
            f"{field}: the year has not four digits", code="short_year", hint="write it in full, e.g. 31.12.2024"
        )
    shown = _evidence(found[0])
    if shown and order in (DAY_FIRST, MONTH_FIRST) and order != shown and found[2] != ".":
        raise InvalidValueError(f"{field}: there is no such day in the order {order}", code="invalid_date")
    order = order if order in (DAY_FIRST, MONTH_FIRST) else shown
    if not order:
        raise InvalidValueError(
            f"{field}: day and month cannot be told apart",
            code="ambiguous_date",
            hint="say order='dmy' or order='mdy'",
        )
    return (third, second, first) if order == DAY_FIRST else (third, first, second)


def _month(name: str, field: str) -> int:
    number = month_number(name)
    if number is None:
        raise InvalidValueError(f"{field}: not the name of a month", code="invalid_date", hint="write 2024-12-31")
    return number


def _is_compact(text: str) -> bool:
    """Whether eight digits are a date such as 20241231 and not a number that happens to be as long."""
    found = _COMPACT.fullmatch(text)
    return bool(found and "1900" <= found[1] <= "2199" and "01" <= found[2] <= "12" and "01" <= found[3] <= "31")


def _since_epoch(text: str, epoch: str | None, field: str) -> int:
    if epoch is None:
        hint = "say epoch='s' or epoch='ms'"
        raise InvalidValueError(f"{field}: a bare number is no time", code="epoch_unit_unknown", hint=hint)
    unit_us = _EPOCH_UNITS_US.get(epoch)
    if unit_us is None:
        raise InvalidValueError(f"{field}: epoch {epoch!r} is neither 's' nor 'ms'", code="epoch_unit_unknown")
    whole, _, part = text.partition(".")
    at_us = int(whole) * unit_us + (int(part.ljust(6, "0")) * unit_us // SECOND_US if part else 0)
    year_us = 31_556_952 * SECOND_US
    if not -70 * year_us < at_us < 130 * year_us:
        hint = "the unit is probably wrong: s or ms"
        raise InvalidValueError(f"{field}: the time is out of range", code="instant_out_of_range", hint=hint)
    return at_us


def _clock(found: re.Match[str], field: str) -> time:
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        hour = 99
    elif half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    try:
        return time(
            hour, int(found["minute"]), int(found["second"] or 0), int((found["part"] or "0")[:6].ljust(6, "0"))
        )
    except ValueError:
        raise InvalidValueError(f"{field}: there is no such time of day", code="invalid_time") from None


def _offset(text: str, field: str) -> tzinfo:
    if text[0] not in "+-":
        return UTC
    found = datetime.fromisoformat(f"2000-01-01T00:00:00{text}") if _is_offset(text) else None
    if found is None or found.tzinfo is None:
        raise InvalidValueError(f"{field}: there is no such time zone", code="invalid_time")
    return found.tzinfo


def _is_offset(text: str) -> bool:
    return int(text[1:3]) <= 14 and int(text[-2:]) < 60
