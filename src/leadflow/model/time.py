"""Instants and durations.

Inside leadflow an instant is a whole number of microseconds since 1970-01-01 UTC (names end in `_us`); at the edge
it is an aware datetime. A naive datetime is refused, never guessed.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from leadflow.errors import InvalidValueError

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
NEVER_US = 2**62
"""Later than any instant; what `until` says when nothing will change by itself."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
EARLIEST_US = (datetime(1900, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
LATEST_US = (datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_UNITS = {
    "s": SECOND_US,
    "min": MINUTE_US,
    "h": HOUR_US,
    "d": DAY_US,
    "w": 7 * DAY_US,
    "m": 30 * DAY_US,
    "y": 365 * DAY_US,
}
_DURATION = re.compile(r"\s*(\d{1,9})\s*(s|min|h|d|w|m|y)\s*", re.ASCII)
_fromisoformat = datetime.fromisoformat


def instant_us(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime.

    Errors: InvalidValueError for a naive datetime.

    >>> instant_us(datetime(1970, 1, 2, tzinfo=UTC)) == DAY_US
    True
    """
    if moment.tzinfo is None:
        raise InvalidValueError(
            f"{moment.isoformat()} has no time zone",
            code="naive_datetime",
            hint="say which zone, e.g. tzinfo=datetime.UTC",
        )
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(at_us: int) -> datetime:
    """The aware UTC datetime of an instant.

    >>> to_datetime(DAY_US).isoformat()
    '1970-01-02T00:00:00+00:00'
    """
    return _EPOCH + timedelta(microseconds=at_us)


def parse_instant(value: object, field: str = "at") -> int:
    """Read an instant from an aware datetime or ISO 8601 text with a zone.

    Errors: InvalidValueError that names `field`. Years before 1900 are refused; so is a bare number, because nobody
    can tell seconds from milliseconds.

    >>> parse_instant("1970-01-01T00:00:01Z")
    1000000
    >>> parse_instant("2026-11-22T10:00:00")
    Traceback (most recent call last):
    leadflow.errors.InvalidValueError: at: 2026-11-22T10:00:00 has no time zone; write 2026-11-22T10:00:00Z or with an offset
    """
    if isinstance(value, str):
        try:
            moment = _fromisoformat(value)
        except ValueError:
            raise InvalidValueError(
                f"{field}: not an ISO 8601 date and time",
                code="invalid_instant",
                hint="write 2026-11-22T10:00:00Z",
            ) from None
    elif isinstance(value, datetime):
        moment = value
    else:
        raise InvalidValueError(
            f"{field}: expected an aware datetime or ISO 8601 text, got {type(value).__name__}",
            code="invalid_instant",
        )
    if moment.tzinfo is None:
        text = moment.isoformat()
        raise InvalidValueError(
            f"{field}: {text} has no time zone",
            code="naive_datetime",
            hint=f"write {text}Z or with an offset",
        )
    at_us = (moment - _EPOCH) // _MICROSECOND
    if not EARLIEST_US <= at_us <= LATEST_US:
        raise InvalidValueError(f"{field}: the year {moment.year} is out of range", code="instant_out_of_range")
    return at_us


def parse_duration(text: str, field: str = "duration") -> int:
    """Microseconds of a duration such as `30d`; units are s, min, h, d, w, m (30 days) and y (365 days).

    >>> parse_duration("36h") == 36 * HOUR_US, parse_duration("1y") == 365 * DAY_US
    (True, True)
    >>> parse_duration("soon")
    Traceback (most recent call last):
    leadflow.errors.InvalidValueError: duration: 'soon' is not a duration; write a number and a unit, e.g. 30d, 36h, 2w, 1y
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise InvalidValueError(
            f"{field}: {text[:40]!r} is not a duration",
            code="invalid_duration",
            hint="write a number and a unit, e.g. 30d, 36h, 2w, 1y",
        )
    return int(match[1]) * _UNITS[match[2]]


def duration_text(us: int) -> str:
    """The shortest text of a duration that `parse_duration` reads back.

    >>> duration_text(30 * DAY_US), duration_text(90 * MINUTE_US)
    ('30d', '90min')
    """
    for unit in ("y", "d", "h", "min", "s"):
        if us and us % _UNITS[unit] == 0:
            return f"{us // _UNITS[unit]}{unit}"
    return f"{us // SECOND_US}s"
