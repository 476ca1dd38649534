"""Dates: the order of a column is shown by the column or asked for."""

from datetime import UTC, date, datetime
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.capture.reading import date_order, parse_date, parse_moment_us
from leadflow.errors import InvalidInputError, InvalidValueError
from leadflow.model.time import instant_us

dates = st.dates(date(1900, 1, 1), date(9999, 12, 31))
FORMATS = {"dmy": "{d}{s}{m}{s}{y:04}", "mdy": "{m}{s}{d}{s}{y:04}", "ymd": "{y:04}{s}{m:02}{s}{d:02}"}


def written(day, order, separator):
    return FORMATS[order].format(d=day.day, m=day.month, y=day.year, s=separator)


@given(day=dates, order=st.sampled_from(list(FORMATS)), separator=st.sampled_from("/-."))
def test_a_known_order_reads_what_it_wrote(day, order, separator):
    if order == "mdy" and separator == ".":
        separator = "/"
    assert parse_date(written(day, order, separator), order=order) == day


@given(days=st.lists(dates, max_size=8), order=st.sampled_from(["dmy", "mdy"]), separator=st.sampled_from("/-"))
def test_the_order_of_a_column_is_never_wrong(days, order, separator):
    """G75: ambiguous dates asked for."""
    found = date_order(enumerate(written(day, order, separator) for day in days))
    if any(day.day > 12 for day in days):
        assert found.order == order
        assert [parse_date(written(day, order, separator), order=found.order) for day in days] == days
    else:
        assert found.order is None
        assert found.code == ("ambiguous_dates" if days else "no_dates")


@given(text=st.text(st.sampled_from("0123456789./- :TZapm+Jan年月") | st.characters(), max_size=40))
def test_any_text_is_a_date_or_a_typed_error(text):
    for order in (None, "dmy", "mdy"):
        for read in (
            partial(parse_date, text, order=order, field="born"),
            partial(parse_moment_us, text, order=order, zone=UTC, epoch="s", field="born"),
        ):
            try:
                problem = f"born: {read()}"
            except InvalidInputError as refusal:
                problem = str(refusal)
            assert problem.startswith("born: ")


@pytest.mark.parametrize(
    ("values", "order", "code", "line"),
    [
        (["1/2/2024", "31/12/2024"], "dmy", "", None),
        (["1/2/2024", "12/31/2024"], "mdy", "", None),
        (["1.2.2024"], "dmy", "", None),
        (["2024-12-31"], "ymd", "", None),
        (["1/2/2024", "3/4/2024"], None, "ambiguous_dates", None),
        (["2024-12-31", "1/2/2024"], None, "ambiguous_dates", None),
        (["13/1/2024", "1/2/2024", "1/13/2024"], None, "mixed_dates", 3),
        (["31. 12. 2024 14:05", "soon", ""], "dmy", "", None),
        (["", "never"], None, "no_dates", None),
    ],
)
def test_order_by_example(values, order, code, line):
    found = date_order(enumerate(values, 1))
    assert (found.order, found.code, found.line) == (order, code, line)


@pytest.mark.parametrize(
    "text",
    [
        *("31.12.2024", "31. 12. 2024", "31/12/2024", "12/31/2024", "2024-12-31", "2024/12/31", "20241231"),
        *("31 December 2024", "December 31, 2024", "31-Dec-2024", "31. Dezember 2024", "31. decembra 2024"),
        *("31 décembre 2024", "31 de diciembre de 2024", "31 grudnia 2024", "31 декабря 2024", "31 Aralık 2024"),
        *("2024年12月31日", "2024년 12월 31일"),
    ],
)
def test_one_day_in_many_forms(text):
    assert parse_date(text) == date(2024, 12, 31)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1/2/2024", "ambiguous_date"),
        ("31.12.24", "short_year"),
        ("31.2.2024", "invalid_date"),
        ("45657", "number_as_date"),
        ("1700000000", "number_as_date"),
        ("0001-01-01", "date_out_of_range"),
        ("1899-12-31", "date_out_of_range"),
        ("10 listopada 2024", "invalid_date"),
        ("", "invalid_date"),
        ("x" * 1_000, "invalid_date"),
    ],
)
def test_refused_dates(text, code):
    """D40, G75: parsed or refused with field name."""
    with pytest.raises(InvalidValueError, match=r"^born: ") as caught:
        parse_date(text, field="born")
    assert caught.value.code == code


def test_a_day_against_the_order_is_refused_and_not_turned_round():
    with pytest.raises(InvalidValueError, match="in the order mdy"):
        parse_date("31/12/2024", order="mdy")
    with pytest.raises(InvalidValueError, match="none of"):
        parse_date("31/12/2024", order="day first")


@pytest.mark.parametrize(
    "text",
    [
        "2024-12-31T13:05:00Z",
        "2024-12-31 14:05:00+01:00",
        "31.12.2024 14:05 +0100",
        "12/31/2024, 1:05 PM UTC",
        "20241231T13:05:00.000Z",
    ],
)
def test_one_instant_in_many_forms(text):
    assert parse_moment_us(text) == instant_us(datetime(2024, 12, 31, 13, 5, tzinfo=UTC))


def test_a_zone_for_texts_without_one():
    """D39: naive ones are refused, not guessed."""
    at_us = instant_us(datetime(2024, 7, 1, 12, 0, tzinfo=UTC))
    assert parse_moment_us("1.7.2024 14:00", zone=ZoneInfo("Europe/Ljubljana")) == at_us
    with pytest.raises(InvalidValueError, match="no time zone"):
        parse_moment_us("1.7.2024 14:00")


def test_epochs_need_their_unit():
    """D40: epoch in ms vs s: parsed or refused with field name."""
    at_us = instant_us(datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))
    assert parse_moment_us("1700000000", epoch="s") == parse_moment_us("1700000000000", epoch="ms") == at_us
    assert parse_moment_us("1700000000.5", epoch="s") == at_us + 500_000
    for text, epoch in (("1700000000", None), ("1700000000000", "s"), ("1700000000", "weeks")):
        with pytest.raises(InvalidValueError, match=r"^seen: "):
            parse_moment_us(text, epoch=epoch, field="seen")


@pytest.mark.parametrize(
    "text", ["31.12.2024 25:00", "31.12.2024 23:59:60", "31.12.2024 13:00 PM", "31.12.2024 10:00 +99:00"]
)
def test_times_that_are_none_are_refused(text):
    """D40: leap second and the like."""
    with pytest.raises(InvalidValueError):
        parse_moment_us(text, zone=UTC)
