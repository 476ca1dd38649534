"""Laws of signals: what is remembered is a function of the set of interactions."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadflow.expr import Signal, SignalTable, observe, state_of, sum_state_of
from leadflow.expr.signals import counted, days_since, decimal_sum, micro_units, summed
from leadflow.model.time import DAY_US, NEVER_US

LAWS = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
times = st.lists(st.integers(-5, 40), max_size=12)
pairs = st.lists(st.tuples(st.integers(-5, 40), st.integers(-3, 3)), max_size=12)
keeps = st.integers(0, 5)


@LAWS
@given(times, keeps, st.randoms(use_true_random=False))
def test_observing_in_any_order_gives_the_same_state(seen: list[int], keep: int, rng: Any) -> None:
    shuffled = list(seen)
    rng.shuffle(shuffled)
    state = reduce(lambda state, at: observe(state, at, keep), shuffled, None)
    assert (state or (0,)) == state_of(seen, keep)
    assert state_of(seen, keep) == (len(seen), *sorted(seen, reverse=True)[:keep])


@LAWS
@given(pairs, keeps, st.randoms(use_true_random=False))
def test_summing_in_any_order_gives_the_same_state(seen: list[tuple[int, int]], keep: int, rng: Any) -> None:
    shuffled = list(seen)
    rng.shuffle(shuffled)
    state = reduce(lambda state, pair: observe(state, pair[0], keep, pair[1]), shuffled, None)
    assert (state or (0, 0)) == sum_state_of(seen, keep)
    assert sum_state_of(seen, keep)[:2] == (len(seen), sum(value for _, value in seen))


@LAWS
@given(times, st.integers(0, 45), st.integers(1, 20), st.integers(1, 5))
def test_windows_count_what_is_younger_than_them(seen: list[int], now: int, within: int, limit: int) -> None:
    count, until = counted(state_of(seen, 12), now, within, limit)
    assert count == min(limit, sum(now - at < within for at in seen))
    for later in range(now, min(until, 80)):
        assert counted(state_of(seen, 12), later, within, limit)[0] == count
    assert until == NEVER_US or counted(state_of(seen, 12), until, within, limit)[0] < count


@LAWS
@given(pairs, st.integers(0, 45), st.integers(1, 20))
def test_windowed_sums_hold_until_until(seen: list[tuple[int, int]], now: int, within: int) -> None:
    amount, until = summed(sum_state_of(seen, 12), now, within, 100)
    assert amount == sum(value for at, value in seen if now - at < within)
    for later in range(now, min(until, 80)):
        assert summed(sum_state_of(seen, 12), later, within, 100)[0] == amount


@pytest.mark.parametrize(
    ("at_us", "now_us", "days", "until_us"),
    [
        (0, 0, 0, DAY_US),
        (0, DAY_US - 1, 0, DAY_US),
        (0, DAY_US, 1, 2 * DAY_US),
        (5 * DAY_US, 0, 0, 6 * DAY_US),  # a clock that runs ahead: it has just happened
    ],
)
def test_days_are_whole(at_us: int, now_us: int, days: int, until_us: int) -> None:
    assert days_since((1, at_us), now_us) == (days, until_us)


@LAWS
@given(st.data())
def test_matching_finds_exactly_the_signals_that_accept(lab: Any, data: st.DataObject) -> None:
    values = st.sampled_from(["spring", "Spring", "autumn", 1, True, Decimal("1.0"), ""])
    names = st.sampled_from(["campaign", "page"])
    wheres = st.dictionaries(names, values, max_size=2).map(lambda each: tuple(each.items()))
    kinds = st.sampled_from([*lab.KINDS, "email.*", "*", "email.*.deep"])
    table = SignalTable()
    for signal in data.draw(st.lists(st.builds(Signal, kinds, wheres), max_size=8)):
        table.intern(signal, 1)
    kind = data.draw(st.sampled_from([*lab.KINDS, "email", "email."]))
    properties = data.draw(st.dictionaries(names, values | st.just([1]), max_size=2))
    wanted = tuple(i for i, signal in enumerate(table.signals) if signal.accepts(kind, properties))
    assert tuple(sorted(table.matching(kind, properties))) == wanted
    assert tuple(sorted(table.matching(kind, properties))) == wanted  # and from the cache
    assert table.observe({}, kind, properties, 7) == dict.fromkeys(wanted, (1, 7))


def test_filters_compare_texts_without_case_and_numbers_only_with_numbers() -> None:
    assert Signal("x", (("c", "SPRING"),)) == Signal("x", (("c", "spring"),))
    assert Signal("x", (("c", 1),)) != Signal("x", (("c", True),))
    assert Signal("x", (("c", 1),)).accepts("x", {"c": Decimal("1.0")})
    assert not Signal("x", (("c", 1),)).accepts("x", {"c": "1"})
    assert not Signal("x", (("c", 1),)).accepts("x", {"c": True})


def test_yes_and_one_are_different_filters() -> None:
    table = SignalTable()
    one, yes = (table.intern(Signal("x", (("c", value),)), 1) for value in (1, True))
    assert table.matching("x", {"c": 1}) == (one,)
    assert table.matching("x", {"c": True}) == (yes,)
    assert table.matching("x", {"c": False}) == ()


def test_a_wildcard_covers_what_is_below_its_dot() -> None:
    emails = Signal("email.*")
    assert emails.accepts_kind("email.clicked")
    assert emails.accepts_kind("email.link.clicked")
    assert not emails.accepts_kind("email")
    assert not emails.accepts_kind("emails.clicked")


def test_a_signal_shared_by_rules_keeps_the_most_any_needs() -> None:
    table = SignalTable()
    assert table.intern(Signal("x"), 2) == table.intern(Signal("x"), 5) == table.intern(Signal("x"), 1) == 0
    assert table.keep == [5]


def test_kinds_from_outside_do_not_grow_memory_without_bound() -> None:
    table = SignalTable()
    table.intern(Signal("a.*"), 1)
    for number in range(12_000):
        assert table.matching(f"a.{number}", {}) == (0,)
    assert len(table._kinds) <= 10_000


@pytest.mark.parametrize(
    ("value", "micro"),
    [
        ("19.90", 19_900_000),
        (0.1, 100_000),
        (Decimal("0.0000005"), 0),
        (Decimal("0.0000015"), 2),
        (True, 0),
        ("1e999999999", 0),
        ("1e-999999999", 0),
        ("1" * 30 + ".123456", int("1" * 30 + "123456")),
        ("9" * 5_000, 0),
        ("NaN", 0),
        (None, 0),
    ],
)
def test_amounts_are_read_exactly_and_damage_counts_nothing(value: object, micro: int) -> None:
    assert micro_units(value) == micro


@given(st.integers(-(10**30), 10**30))
def test_sums_come_back_exactly(micro: int) -> None:
    assert decimal_sum(micro) * 10**6 == micro or len(str(abs(micro))) > 28
    assert decimal_sum(micro).as_integer_ratio()[0] * 10**6 == micro * decimal_sum(micro).as_integer_ratio()[1]
