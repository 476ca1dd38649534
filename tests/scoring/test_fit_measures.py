"""The figures a fit is judged by, against their definitions (S003-12)."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.scoring.fit import Confusion, auc, measured
from leadflow.scoring.fit.measures import at_threshold, auc_error, brier, calibration, lift, log_loss

SCORED = st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=1, max_size=40)
CHANCES = st.lists(st.tuples(st.sampled_from([0.0, 0.05, 0.2, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=60)


def split(pairs: list[tuple[float, bool]]) -> tuple[list[float], list[bool]]:
    return [score for score, _ in pairs], [won for _, won in pairs]


@given(SCORED)
def test_auc_equals_its_definition_over_all_pairs(pairs: list[tuple[float, bool]]) -> None:
    good, bad = [s for s, won in pairs if won], [s for s, won in pairs if not won]
    expected = None
    if good and bad:
        points = sum(Fraction(2 * (g > b) + (g == b), 2) for g in good for b in bad)
        expected = float(points / (len(good) * len(bad)))
    assert auc(*split(pairs)) == expected


@given(SCORED)
def test_auc_depends_on_the_order_of_scores_alone(pairs: list[tuple[float, bool]]) -> None:
    scores, won = split(pairs)
    assert auc([math.exp(score) * 7 - 3 for score in scores], won) == auc(scores, won)


@given(SCORED)
def test_auc_of_reversed_scores_is_the_rest_to_one(pairs: list[tuple[float, bool]]) -> None:
    scores, won = split(pairs)
    area, reverse = auc(scores, won), auc([-score for score in scores], won)
    assert (area is None) is (reverse is None)
    if area is not None and reverse is not None:
        assert area + reverse == pytest.approx(1)


@given(CHANCES, st.randoms())
def test_no_figure_depends_on_the_order_of_leads(pairs: list[tuple[float, bool]], chance: object) -> None:
    shuffled = list(pairs)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert measured(*split(pairs)) == measured(*split(shuffled))


@given(CHANCES)
def test_calibration_rows_cover_all_leads_once_from_low_to_high(pairs: list[tuple[float, bool]]) -> None:
    chances, won = split(pairs)
    rows = calibration(chances, won)
    assert sum(row.leads for row in rows) == len(pairs)
    assert sum(row.won for row in rows) == sum(won)
    assert 1 <= len(rows) <= 10
    assert [row.predicted for row in rows] == sorted(row.predicted for row in rows)


@given(CHANCES, st.floats(0.01, 1))
def test_lift_lies_between_none_and_the_best_possible(pairs: list[tuple[float, bool]], share: float) -> None:
    chances, won = split(pairs)
    value = lift(chances, won, share)
    if not any(won):
        assert value is None
    else:
        assert value is not None
        assert -1e-9 <= value <= len(won) / sum(won) + 1e-9


@given(CHANCES)
def test_lift_of_everybody_is_one(pairs: list[tuple[float, bool]]) -> None:
    chances, won = split(pairs)
    assert lift(chances, won, 1.0) == (pytest.approx(1) if any(won) else None)


@given(SCORED, st.integers(-6, 6))
def test_threshold_counts_every_lead_once(pairs: list[tuple[float, bool]], threshold: int) -> None:
    at = at_threshold(*split(pairs), threshold)
    assert at.right + at.missed == sum(won for _, won in pairs)
    assert at.right + at.wrong == sum(score >= threshold for score, _ in pairs)
    assert at.right + at.wrong + at.missed + at.spared == len(pairs)


def test_calibration_rows_are_tenths() -> None:
    rows = calibration([n / 200 for n in range(100)], [n % 10 == 0 for n in range(100)])
    assert [(row.leads, row.won) for row in rows] == [(10, 1)] * 10
    assert [row.predicted for row in rows] == pytest.approx([0.0225 + 0.05 * n for n in range(10)])


def test_lift_takes_its_share_of_a_tie_at_the_cut() -> None:
    # the top 2 of 10: one lead at 9 (won), and one of the four at 5, two of which are won
    scores, won = [9, 5, 5, 5, 5, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert lift(scores, won, 0.2) == pytest.approx((1.5 / 2) / (3 / 10))


def test_known_values() -> None:
    assert auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) == 0.75
    assert brier([0.8, 0.3], [1, 0]) == pytest.approx((0.04 + 0.09) / 2)
    assert log_loss([0.8, 0.3], [1, 0]) == pytest.approx(-(math.log(0.8) + math.log(0.7)) / 2)
    assert auc_error(0.5, 50, 50) == pytest.approx(math.sqrt((0.25 + 49 * (1 / 3 - 0.25) * 2) / 2500))


def test_a_ratio_with_base_0_is_none() -> None:
    nobody = measured([], [])
    assert (nobody.auc, nobody.lift_10, nobody.brier, nobody.log_loss, nobody.calibration) == (
        None,
        None,
        None,
        None,
        (),
    )
    nothing = Confusion(0, 0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.share) == (None, None, None)
    assert measured([0.2, 0.4], [0, 0]).auc is None


def test_a_sure_and_wrong_probability_costs_much_but_not_endlessly() -> None:
    loss = log_loss([1.0], [0])
    assert loss is not None
    assert 30 < loss < 40
