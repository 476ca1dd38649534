"""Working hours as the user writes them: blocks per weekday, holidays, exceptions, leave.

Times of day are `09:00-18:00`; a shift past midnight is `22:00-30:00`, so that a block whose end comes
before its start is always a slip of the pen. Dates are `2026-12-25`. What the hours mean on the clock is in
`hours.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

from attrs import Attribute, field, frozen

from leadflow.assignment.checks import is_date, is_text, is_texts, is_zone, ordinal, suggestion, wrong
from leadflow.errors import InvalidValueError
from leadflow.model.values import NOTHING

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Blocks = tuple[tuple[int, int], ...]
"""Opening blocks of one day, (start, end) in minutes of wall time after its midnight, in order."""

_DAY_MIN: Final = 24 * 60
_BLOCK = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)", re.ASCII)


def parse_blocks(texts: Sequence[str], where: str = "blocks") -> Blocks:
    """Opening blocks of a day, in minutes after its midnight, sorted.

    Errors: InvalidValueError when a block is not HH:MM-HH:MM, ends before it starts, lasts longer than a day,
    or overlaps another.

    >>> parse_blocks(("13:00-18:00", "09:00-12:30"))
    ((540, 750), (780, 1080))
    >>> parse_blocks(("22:00-06:00",), "mon")
    Traceback (most recent call last):
    leadflow.errors.InvalidValueError: mon: '22:00-06:00' ends before it starts; past midnight: 22:00-30:00
    """
    if isinstance(texts, str):
        raise InvalidValueError(f"{where}: expected a tuple of blocks", hint=f"write ({texts!r},)")
    blocks = sorted(_parse_block(text, where) for text in texts)
    for (_, end), (start, _) in pairwise(blocks):
        if start < end:
            raise InvalidValueError(f"{where}: blocks overlap", hint="join them into one")
    return tuple(blocks)


def _parse_block(text: str, where: str) -> tuple[int, int]:
    match = _BLOCK.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise InvalidValueError(f"{where}: {text!r} is not a block of hours", hint="write 09:00-18:00")
    hour, minute, end_hour, end_minute = (int(part) for part in match.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if start >= _DAY_MIN:
        raise InvalidValueError(f"{where}: {text!r} starts after its day", hint="write it on the next day")
    if end <= start:
        later = f"{text[:6]}{end_hour + 24:02d}:{text[9:]}"
        raise InvalidValueError(f"{where}: {text!r} ends before it starts", hint=f"past midnight: {later}")
    if end - start > _DAY_MIN:
        raise InvalidValueError(f"{where}: {text!r} is longer than a day", hint="write the rest on the next day")
    return start, end


@frozen(kw_only=True)
class Schedule:
    """Working hours in a time zone.

    `week` maps a day or a run of days (`mon`, `mon-fri`) to blocks. `holidays` are dates (`2026-12-25`) or
    days of every year (`12-25`). `exceptions` map a date to the blocks of that one day (none: closed) and
    win over both, so that a holiday can be opened. A block belongs to the day it starts on.

    >>> office = Schedule(name="office", week={"mon-fri": ("09:00-18:00",)}, exceptions={"2026-12-24": ()})
    >>> office.days[4], office.days[5]
    (((540, 1080),), ())
    """

    name: str = field(validator=is_text)
    time_zone: str = field(default="UTC", validator=is_zone)
    week: Mapping[str, tuple[str, ...]] = NOTHING
    holidays: tuple[str, ...] = field(default=(), validator=is_texts)
    exceptions: Mapping[str, tuple[str, ...]] = NOTHING

    def __attrs_post_init__(self) -> None:
        _ = self.days, self.special, self.yearly

    @cached_property
    def days(self) -> tuple[Blocks, ...]:
        """Blocks of Monday ... Sunday."""
        days: list[Blocks | None] = [None] * 7
        for key, texts in self.week.items():
            where = f"Schedule {self.name!r}.week.{key}"
            first, _, last = key.partition("-")
            for part in (first, last or first):
                if part not in WEEKDAYS:
                    raise InvalidValueError(f"{where}: unknown day {part!r}", hint=suggestion(part, WEEKDAYS))
            start, stop = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
            for number in range(start, stop + (1 if start <= stop else 8)):
                if days[number % 7] is not None:
                    raise InvalidValueError(f"{where}: {WEEKDAYS[number % 7]} is said twice")
                days[number % 7] = parse_blocks(texts, where)
        return tuple(blocks or () for blocks in days)

    @cached_property
    def special(self) -> Mapping[int, Blocks]:
        """Blocks of single dates (ordinals): holidays, overridden by exceptions."""
        special: dict[int, Blocks] = {}
        for text in self.holidays:
            if (day := ordinal(text)) is not None:
                special[day] = ()
        for text, blocks in self.exceptions.items():
            where = f"Schedule {self.name!r}.exceptions.{text}"
            if (day := ordinal(text)) is None:
                raise InvalidValueError(f"{where}: not a date", hint="write 2026-12-24")
            special[day] = parse_blocks(blocks, where)
        return special

    @cached_property
    def yearly(self) -> frozenset[tuple[int, int]]:
        """(month, day) of the holidays of every year."""
        found: set[tuple[int, int]] = set()
        for text in self.holidays:
            if ordinal(text) is not None:
                continue
            day = ordinal(f"2000-{text}")  # a leap year, so that 02-29 can be a holiday
            if day is None:
                where = f"Schedule {self.name!r}.holidays"
                raise InvalidValueError(f"{where}: {text!r} is not a date", hint="write 2026-12-25 or 12-25")
            found.add((date.fromordinal(day).month, date.fromordinal(day).day))
        return frozenset(found)


@frozen
class Leave:
    """Days off, first and last day inclusive, in the zone of the member's schedule (else of the pool).

    >>> Leave("2026-08-01", "2026-08-14").last
    '2026-08-14'
    """

    first: str = field(validator=is_date)
    last: str = field(validator=is_date)

    @last.validator
    def _in_order(self, attribute: Attribute[Any], value: str) -> None:
        if value < self.first:
            raise wrong(self, attribute, f"{value} is before the first day {self.first}")
