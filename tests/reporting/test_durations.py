"""Quantiles: exact for a few, within one per cent for many, whatever the order."""

from __future__ import annotations

from math import ceil

from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.reporting.durations import Durations

calm = settings(deadline=None, max_examples=60)

spans = st.integers(0, 60 * 365 * 86_400_000_000)
shares = st.sampled_from([0.0, 0.1, 0.5, 0.9, 1.0])


def of(values: list[int]) -> Durations:
    found = Durations()
    for value in values:
        found.add(value)
    return found


def exact(values: list[int], share: float) -> int:
    return sorted(values)[max(ceil(share * len(values)), 1) - 1]


@calm
@given(st.lists(spans, min_size=1, max_size=60), shares)
def test_a_few_are_exact(values: list[int], share: float) -> None:
    assert of(values).quantile(share) == exact(values, share)


@calm
@given(st.lists(spans, min_size=5, max_size=40), shares)
def test_many_are_within_one_per_cent(values: list[int], share: float) -> None:
    many = [value + step * 977_777_777 for value in values for step in range(60)]
    found, true = of(many).quantile(share), exact(many, share)
    assert found is not None
    assert abs(found - true) <= max(0.0101 * true, 1_000_000)


@calm
@given(st.integers(1, 10**9), st.integers(250, 300), st.randoms())
def test_the_order_makes_no_difference(seed: int, count: int, random: object) -> None:
    values = [seed * number * number % (900 * 86_400_000_000) for number in range(count)]
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert [of(values).quantile(q) for q in (0.1, 0.5, 0.9)] == [of(shuffled).quantile(q) for q in (0.1, 0.5, 0.9)]


def test_nothing_has_no_quantile_and_a_clock_that_went_back_counts_as_none() -> None:
    assert Durations().quantile(0.5) is None
    assert of([-5]).quantile(0.5) == 0
