"""The only place where leadflow reads the clock."""

from __future__ import annotations

import time
from datetime import datetime

from leadflow.errors import InvalidValueError
from leadflow.model.time import parse_duration, parse_instant


def now_us() -> int:
    """Microseconds since 1970 UTC."""
    return time.time_ns() // 1000


def read_us(moment: int | str | datetime) -> int:
    """An instant as a caller may give it: microseconds, an aware datetime or ISO 8601 text."""
    return moment if type(moment) is int else parse_instant(moment, "now")


def read_lease(text: str) -> int:
    """How long a worker may be at something, in microseconds. Errors: InvalidValueError.

    >>> read_lease("10min")
    600000000
    """
    lease_us = parse_duration(text, "lease")
    if lease_us <= 0:
        raise InvalidValueError("lease: must be more than nothing", code="invalid_duration", hint="write 10min, say")
    return lease_us
