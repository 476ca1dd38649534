"""Working hours on the clock: when a schedule is open, when it opens next, how much working time passes.

Wall time becomes an instant thus: a time that the clock skips (summer time begins) means the first moment
after the gap, a time it shows twice (summer time ends) means the first of the two. So adjacent blocks never
overlap or leave a hole, and a night shift is as long as the clock on the wall makes it. Instants and
durations are microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from leadflow.assignment.pools.schedule import Blocks, Schedule
from leadflow.errors import InvalidValueError
from leadflow.model.time import SECOND_US, instant_us, to_datetime

HORIZON_DAYS = 366
"""A schedule with no opening in so many days counts as never open again."""
_LONGEST_DAYS = 100 * HORIZON_DAYS
_MAX_ORDINAL = date.max.toordinal() - 3


def local_day(at_us: int, time_zone: str) -> int:
    """The ordinal of the date on a zone's calendar at an instant.

    >>> date.fromordinal(local_day(0, "America/New_York")).isoformat()
    '1969-12-31'
    """
    try:
        return to_datetime(at_us).astimezone(ZoneInfo(time_zone)).toordinal()
    except (OverflowError, ValueError):
        raise InvalidValueError("the instant is beyond the calendar", code="instant_out_of_range") from None


@lru_cache(maxsize=4096)
def wall_us(time_zone: str, day: int, minute: int = 0) -> int:
    """The instant when a zone's clock first shows (or skips over) a minute of a day; minutes may exceed 24 h.

    >>> noon = wall_us("Europe/Ljubljana", date(2026, 11, 22).toordinal(), 12 * 60)
    >>> to_datetime(noon).isoformat()
    '2026-11-22T11:00:00+00:00'
    """
    zone = ZoneInfo(time_zone)
    wall = datetime.fromordinal(day) + timedelta(minutes=minute)
    late_us = instant_us(wall.replace(tzinfo=zone))
    if to_datetime(late_us).astimezone(zone).replace(tzinfo=None) == wall:
        return late_us
    # The clock skips this time: read with the offsets before and after the gap, it lies left and right of it.
    early_us = instant_us(wall.replace(tzinfo=zone, fold=1))
    after = to_datetime(late_us).astimezone(zone).utcoffset()
    while late_us - early_us > SECOND_US:
        middle_us = (early_us + late_us) // (2 * SECOND_US) * SECOND_US
        if to_datetime(middle_us).astimezone(zone).utcoffset() == after:
            late_us = middle_us
        else:
            early_us = middle_us
    return late_us


def period_start_us(at_us: int, period: str, time_zone: str, ahead: int = 0) -> int:
    """Start of the calendar day, week (from Monday) or month around an instant, or of one `ahead` of it.

    >>> to_datetime(period_start_us(0, "month", "UTC", ahead=1)).isoformat()
    '1970-02-01T00:00:00+00:00'
    """
    day = local_day(at_us, time_zone)
    if period == "day":
        return wall_us(time_zone, day + ahead)
    if period == "week":
        return wall_us(time_zone, day - (day + 6) % 7 + 7 * ahead)
    today = date.fromordinal(day)
    months = today.year * 12 + today.month - 1 + ahead
    return wall_us(time_zone, date(months // 12, months % 12 + 1, 1).toordinal())


def is_open(schedule: Schedule, at_us: int) -> bool:
    """Whether the instant lies in working hours; a block includes its start and not its end.

    >>> office = Schedule(name="office", week={"thu": ("09:00-18:00",)})
    >>> is_open(office, 9 * 3600 * SECOND_US), is_open(office, 18 * 3600 * SECOND_US)  # 1970-01-01: thu
    (True, False)
    """
    return any(start <= at_us < end for start, end in _openings(schedule, at_us, days=1))


def next_opening(schedule: Schedule, at_us: int) -> int | None:
    """The instant itself when open, else when it opens next; None when not within 366 days.

    >>> next_opening(Schedule(name="office", week={"thu": ("09:00-18:00",)}), 0) == 9 * 3600 * SECOND_US
    True
    """
    for start, end in _openings(schedule, at_us, days=HORIZON_DAYS):
        if at_us < end:
            return max(start, at_us)
    return None


def add_working(schedule: Schedule, at_us: int, duration_us: int) -> int | None:
    """The first instant by which so much working time has passed; None when the schedule never gets there.

    Errors: InvalidValueError for a negative duration.

    >>> office = Schedule(name="office", week={"thu-fri": ("09:00-18:00",)})
    >>> to_datetime(add_working(office, 17 * 3600 * SECOND_US, 2 * 3600 * SECOND_US)).isoformat()
    '1970-01-02T10:00:00+00:00'
    """
    if duration_us < 0:
        raise InvalidValueError("duration_us: expected no negative duration")
    if duration_us == 0:
        return at_us
    done_us, left_us = at_us, duration_us
    for start, end in _openings(schedule, at_us, days=_LONGEST_DAYS, idle_days=HORIZON_DAYS):
        start = max(start, done_us)
        if end <= start:
            continue
        if end - start >= left_us:
            return start + left_us
        left_us -= end - start
        done_us = end
    return None


def working_between(schedule: Schedule, from_us: int, until_us: int) -> int:
    """Working time in [from_us, until_us); 0 when that is empty.

    >>> office = Schedule(name="office", week={"thu-fri": ("09:00-18:00",)})
    >>> working_between(office, 0, 7 * 86_400 * SECOND_US) == 18 * 3600 * SECOND_US
    True
    """
    if until_us <= from_us:
        return 0
    total_us, done_us = 0, from_us
    days = local_day(until_us, schedule.time_zone) - local_day(from_us, schedule.time_zone) + 1
    for start, end in _openings(schedule, from_us, days=days):
        start, end = max(start, done_us), min(end, until_us)
        if end > start:
            total_us += end - start
            done_us = end
    return total_us


def blocks_on(schedule: Schedule, day: int) -> Blocks:
    """The blocks that start on a date (an ordinal): exceptions over holidays over weekdays.

    >>> office = Schedule(name="office", week={"mon-sun": ("09:00-18:00",)}, holidays=("12-25",))
    >>> blocks_on(office, date(2026, 12, 25).toordinal()), blocks_on(office, date(2026, 12, 26).toordinal())
    ((), ((540, 1080),))
    """
    special = schedule.special.get(day)
    if special is not None:
        return special
    if schedule.yearly:
        today = date.fromordinal(day)
        if (today.month, today.day) in schedule.yearly:
            return ()
    return schedule.days[(day + 6) % 7]


def _openings(schedule: Schedule, at_us: int, *, days: int, idle_days: int | None = None) -> Iterator[tuple[int, int]]:
    """Openings by start, from the day before (its night shift may still run) to `days` days on.

    Look at least one day on: where the clock goes back over midnight, tomorrow's blocks can start today.
    """
    zone, today = schedule.time_zone, local_day(at_us, schedule.time_zone)
    last = today
    for day in range(max(1, today - 1), min(today + days, _MAX_ORDINAL) + 1):
        if idle_days is not None and day - last > idle_days:
            return
        for start, end in blocks_on(schedule, day):
            start_us, end_us = wall_us(zone, day, start), wall_us(zone, day, end)
            if start_us < end_us:  # a block wholly inside a gap does not happen
                last = max(last, day)
                yield start_us, end_us
