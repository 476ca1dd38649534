"""Working hours: laws first, then the golden examples and the odd corners of the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.assignment.pools.hours import (
    add_working,
    is_open,
    local_day,
    next_opening,
    period_start_us,
    wall_us,
    working_between,
)
from leadflow.assignment.rules import Schedule
from leadflow.errors import InvalidValueError
from leadflow.model.time import DAY_US, HOUR_US, MINUTE_US, instant_us, to_datetime

ZONES = ("UTC", "Europe/Ljubljana", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
START = datetime(2026, 1, 1, tzinfo=UTC)

instants = st.integers(0, 800 * 24 * 60).map(lambda m: instant_us(START + timedelta(minutes=m)))
durations = st.integers(0, 60 * 24 * 20).map(lambda minutes: minutes * MINUTE_US)


def _text(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@st.composite
def day_blocks(draw: st.DrawFn) -> tuple[str, ...]:
    cuts = sorted(draw(st.sets(st.integers(0, 47), max_size=4)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    texts = [f"{_text(a * 30)}-{_text(b * 30)}" for a, b in pairs]
    if draw(st.booleans()):  # a night shift that runs into the next day, perhaps over its blocks
        texts.append(f"23:30-{_text(24 * 60 + draw(st.integers(1, 22)) * 30)}")
        texts = [text for text in texts[:-1] if text[6:] <= "23:30"] + texts[-1:]
    return tuple(texts)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    dates = st.dates(date(2026, 1, 1), date(2028, 3, 1)).map(date.isoformat)
    return Schedule(
        name="s",
        time_zone=draw(st.sampled_from(ZONES)),
        week=draw(st.dictionaries(st.sampled_from(WEEKDAYS), day_blocks())),
        holidays=tuple(draw(st.lists(dates, max_size=5))),
        exceptions=draw(st.dictionaries(dates, day_blocks(), max_size=3)),
    )


def office(**more: object) -> Schedule:
    week = {"mon-fri": ("09:00-18:00",)}
    return Schedule(**{"name": "office", "time_zone": "Europe/Ljubljana", "week": week, **more})  # type: ignore[arg-type]


def at(text: str, zone: str = "Europe/Ljubljana", fold: int = 0) -> int:
    return instant_us(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold))


# -- laws -------------------------------------------------------------------------------------------------


@given(schedules(), instants, durations)
def test_time_added_is_the_time_between(schedule: Schedule, start: int, duration: int) -> None:
    end = add_working(schedule, start, duration)
    if end is not None:
        assert working_between(schedule, start, end) == duration
        if duration:  # and it is the first such instant
            assert working_between(schedule, start, end - 1) == duration - 1


@given(schedules(), instants, durations, durations)
def test_adding_is_additive_and_monotone(schedule: Schedule, start: int, first: int, second: int) -> None:
    once = add_working(schedule, start, first)
    whole = add_working(schedule, start, first + second)
    if once is None:
        assert whole is None
    elif whole is not None:
        assert start <= once <= whole
        assert add_working(schedule, once, second) == whole or second == 0


@given(schedules(), instants, durations, durations)
def test_between_is_additive_and_monotone(schedule: Schedule, start: int, first: int, second: int) -> None:
    middle, end = start + first, start + first + second
    parts = working_between(schedule, start, middle) + working_between(schedule, middle, end)
    assert parts == working_between(schedule, start, end)
    assert 0 <= parts <= end - start


@given(schedules(), instants)
def test_it_is_open_at_the_next_opening_and_closed_until_then(schedule: Schedule, start: int) -> None:
    opening = next_opening(schedule, start)
    if opening is None:
        assert not any(schedule.days)
        assert not is_open(schedule, start)
        return
    assert opening >= start
    assert is_open(schedule, opening)
    assert (opening == start) == is_open(schedule, start)
    assert working_between(schedule, start, opening) == 0


@given(schedules(), instants)
def test_working_time_of_a_minute_is_all_or_nothing_and_agrees_with_is_open(schedule: Schedule, start: int) -> None:
    worked = working_between(schedule, start, start + MINUTE_US)
    assert worked == (MINUTE_US if is_open(schedule, start) else 0)


@given(
    st.sampled_from(ZONES),
    st.dates(date(2000, 1, 1), date(2040, 1, 1)),
    st.integers(0, 2880),
    st.integers(0, 2880),
)
def test_wall_times_keep_their_order(zone: str, day: date, one: int, other: int) -> None:
    first, second = sorted((one, other))
    assert wall_us(zone, day.toordinal(), first) <= wall_us(zone, day.toordinal(), second)


@given(st.sampled_from(ZONES), instants)
def test_a_wall_time_that_exists_reads_back_and_one_that_is_skipped_is_the_end_of_the_gap(zone: str, now: int) -> None:
    day, minute = local_day(now, zone), now // MINUTE_US % 1440
    found = wall_us(zone, day, minute)
    wall = datetime.fromordinal(day) + timedelta(minutes=minute)
    shown = to_datetime(found).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    before = to_datetime(found - 1).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown == wall or before < wall < shown


@given(st.sampled_from(ZONES), instants, st.sampled_from(("day", "week", "month")))
def test_periods_tile_the_calendar(zone: str, now: int, period: str) -> None:
    start, stop = period_start_us(now, period, zone), period_start_us(now, period, zone, ahead=1)
    assert start <= now < stop
    assert period_start_us(stop - 1, period, zone) == start
    assert period_start_us(stop, period, zone) == stop


@pytest.mark.parametrize(
    ("period", "ahead", "start"),
    [
        ("day", 0, "2026-11-25"),
        ("day", 1, "2026-11-26"),
        ("week", 0, "2026-11-23"),
        ("week", 1, "2026-11-30"),
        ("month", 0, "2026-11-01"),
        ("month", 2, "2027-01-01"),
    ],
)
def test_days_weeks_from_monday_and_months(period: str, ahead: int, start: str) -> None:
    assert period_start_us(at("2026-11-25T13:00"), period, "Europe/Ljubljana", ahead) == at(start)


# -- golden examples --------------------------------------------------------------------------------------


def test_rule_117_an_hour_late_on_friday_is_due_on_monday_morning() -> None:
    assert add_working(office(), at("2026-11-20T17:30"), HOUR_US) == at("2026-11-23T09:30")


def test_rule_117_a_holiday_on_monday_moves_it_to_tuesday() -> None:
    closed = office(holidays=("2026-11-23",))
    assert add_working(closed, at("2026-11-20T17:30"), HOUR_US) == at("2026-11-24T09:30")


def test_time_that_ends_with_the_day_is_due_at_closing_not_next_morning() -> None:
    assert add_working(office(), at("2026-11-20T17:00"), HOUR_US) == at("2026-11-20T18:00")


def test_several_blocks_a_day() -> None:
    lunch = office(week={"mon-fri": ("09:00-12:00", "13:00-17:00")})
    assert not is_open(lunch, at("2026-11-20T12:00"))
    assert next_opening(lunch, at("2026-11-20T12:30")) == at("2026-11-20T13:00")
    assert add_working(lunch, at("2026-11-20T11:30"), HOUR_US) == at("2026-11-20T13:30")


def test_a_night_shift_belongs_to_the_day_it_starts_on() -> None:
    night = office(week={"fri": ("22:00-30:00",)}, holidays=("2026-11-21",))
    assert is_open(night, at("2026-11-21T05:59"))
    assert not is_open(night, at("2026-11-21T06:00"))
    assert working_between(night, at("2026-11-20T00:00"), at("2026-11-22T00:00")) == 8 * HOUR_US


def test_a_night_shift_over_the_next_days_blocks_counts_once() -> None:
    both = office(week={"mon": ("22:00-34:00",), "tue": ("09:00-11:00",)})
    assert working_between(both, at("2026-11-23T00:00"), at("2026-11-25T00:00")) == 13 * HOUR_US


def test_holidays_of_every_year_and_an_exception_that_opens_one() -> None:
    closed = office(
        week={"mon-sun": ("09:00-18:00",)},
        holidays=("12-25", "02-29"),
        exceptions={"2027-12-25": ("10:00-12:00",)},
    )
    assert not is_open(closed, at("2026-12-25T11:00"))
    assert is_open(closed, at("2027-12-25T11:00"))
    assert not is_open(closed, at("2027-12-25T13:00"))
    assert not is_open(closed, at("2028-02-29T11:00"))


def test_an_exception_closes_a_working_day() -> None:
    assert not is_open(office(exceptions={"2026-11-20": ()}), at("2026-11-20T11:00"))


# -- summer time ------------------------------------------------------------------------------------------


def test_a_block_that_starts_in_the_skipped_hour_starts_right_after_it() -> None:
    early = office(week={"sun": ("02:30-04:00",)})
    assert next_opening(early, at("2026-03-29T00:00")) == at("2026-03-29T03:00")
    assert working_between(early, at("2026-03-29T00:00"), at("2026-03-30T00:00")) == HOUR_US


def test_a_block_inside_the_skipped_hour_does_not_happen() -> None:
    gone = office(week={"sun": ("02:10-02:50",)})
    assert next_opening(gone, at("2026-03-29T00:00")) == at("2026-04-05T02:10")


def test_a_shift_over_the_repeated_hour_is_an_hour_longer() -> None:
    night = office(week={"sat": ("22:00-30:00",)})
    assert working_between(night, at("2026-10-24T12:00"), at("2026-10-25T12:00")) == 9 * HOUR_US
    assert working_between(night, at("2026-03-28T12:00"), at("2026-03-29T12:00")) == 7 * HOUR_US


def test_a_repeated_time_means_its_first_showing() -> None:
    early = office(week={"sun": ("02:30-03:30",)})
    assert next_opening(early, at("2026-10-25T00:00")) == at("2026-10-25T02:30", fold=0)
    assert is_open(early, at("2026-10-25T02:30", fold=1))


def test_midnight_itself_can_be_skipped() -> None:
    """In Cairo the clock jumps from 00:00 to 01:00 on 2026-04-24."""
    allday = Schedule(name="c", time_zone="Africa/Cairo", week={"mon-sun": ("00:00-24:00",)})
    assert wall_us("Africa/Cairo", date(2026, 4, 24).toordinal()) == at("2026-04-24T01:00", "Africa/Cairo")
    start = at("2026-04-20T00:00", "Africa/Cairo")
    assert working_between(allday, start, start + 7 * DAY_US) == 7 * DAY_US


def test_where_the_clock_goes_back_over_midnight_tomorrow_can_start_today() -> None:
    """St John's fell back from 00:01 to 23:01 of the day before on 2010-11-07."""
    zone = "America/St_Johns"
    sunday = Schedule(name="s", time_zone=zone, week={"sun": ("00:00-08:00",)})
    first = at("2010-11-07T00:00", zone)
    assert next_opening(sunday, first - 1) == first
    assert is_open(sunday, first + 30 * MINUTE_US)  # the wall shows Saturday 23:30 again
    assert working_between(sunday, first, first + 10 * HOUR_US) == 9 * HOUR_US


# -- the ends ---------------------------------------------------------------------------------------------


def test_a_schedule_that_never_opens_says_so_instead_of_searching_for_ever() -> None:
    never = Schedule(name="never")
    assert next_opening(never, 0) is None
    assert add_working(never, 0, 1) is None
    assert add_working(never, 0, 0) == 0
    assert working_between(never, 0, 400 * DAY_US) == 0


def test_a_schedule_that_stops_opening_never_gets_there() -> None:
    once = Schedule(name="once", exceptions={"2026-11-20": ("09:00-11:00",)})
    start = at("2026-11-20T08:00", "UTC")
    assert add_working(once, start, 2 * HOUR_US) == at("2026-11-20T11:00", "UTC")
    assert add_working(once, start, 2 * HOUR_US + 1) is None
    assert next_opening(once, at("2024-11-20T08:00", "UTC")) is None


def test_a_gap_of_366_days_is_bridged_and_a_longer_one_is_not() -> None:
    def twice(second: str) -> Schedule:
        return Schedule(name="s", exceptions={"2026-01-01": ("09:00-10:00",), second: ("09:00-10:00",)})

    start = at("2026-01-01T09:00", "UTC")
    for reached in ("2027-01-01", "2027-01-02"):
        assert add_working(twice(reached), start, 2 * HOUR_US) == at(f"{reached}T10:00", "UTC")
        assert next_opening(twice(reached), start + HOUR_US) == at(f"{reached}T09:00", "UTC")
    assert add_working(twice("2027-01-03"), start, 2 * HOUR_US) is None
    assert next_opening(twice("2027-01-03"), start + HOUR_US) is None


@settings(max_examples=20)
@given(st.integers(-(10**9), -1))
def test_a_negative_duration_is_refused(duration: int) -> None:
    with pytest.raises(InvalidValueError, match="duration_us"):
        add_working(office(), 0, duration)


def test_an_instant_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="calendar"):
        is_open(office(), 2**62)


def test_nothing_is_between_the_wrong_way_round() -> None:
    assert working_between(office(), at("2026-11-20T12:00"), at("2026-11-20T10:00")) == 0
