"""A clock that stands still until it is told otherwise, and goes back as well as forward."""

from __future__ import annotations

from datetime import datetime

from leadflow.model.time import parse_duration, parse_instant, to_datetime


class VirtualClock:
    """Hand it to `leadflow.open(now=clock)`; it reads the same until you move it.

    >>> clock = VirtualClock("2026-11-22T10:00:00Z")
    >>> clock.advance("36h"); clock.at.isoformat()
    '2026-11-23T22:00:00+00:00'
    >>> clock.back("2h"); clock.at.isoformat()
    '2026-11-23T20:00:00+00:00'
    """

    def __init__(self, at: int | str | datetime = "2026-01-01T00:00:00Z") -> None:
        self._at_us = 0
        self.set(at)

    def __call__(self) -> int:
        """Microseconds since 1970 UTC."""
        return self._at_us

    @property
    def at(self) -> datetime:
        """What the clock shows, aware UTC."""
        return to_datetime(self._at_us)

    def set(self, at: int | str | datetime) -> None:
        """Show this instant: microseconds since 1970, an aware datetime or ISO 8601 text. Errors: InvalidValueError."""
        self._at_us = at if type(at) is int else parse_instant(at, "at")

    def advance(self, by: int | str) -> None:
        """Go forward by microseconds or a duration such as `36h`."""
        self._at_us += by if isinstance(by, int) else parse_duration(by, "by")

    def back(self, by: int | str) -> None:
        """Go back by microseconds or a duration such as `2h`: what a corrected server clock does."""
        self._at_us -= by if isinstance(by, int) else parse_duration(by, "by")

    def __repr__(self) -> str:
        return f"VirtualClock({self.at.isoformat()!r})"
