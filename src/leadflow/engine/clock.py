"""The only place where leadflow reads the clock."""

from __future__ import annotations

import time
from datetime import datetime

from leadflow.model.time import parse_instant


def now_us() -> int:
    """Microseconds since 1970 UTC."""
    return time.time_ns() // 1000


def read_us(moment: int | str | datetime) -> int:
    """An instant as a caller may give it: microseconds, an aware datetime or ISO 8601 text."""
    return moment if type(moment) is int else parse_instant(moment, "now")
