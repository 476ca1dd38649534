"""Naive Bayes and logistic regression against hand counts and a plain oracle (S003-12)."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leadflow.scoring.fit.additive import Weights, log_odds, probability
from leadflow.scoring.fit.logistic import logistic
from leadflow.scoring.fit.naive_bayes import naive_bayes

LEVELS = st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 2)), min_size=2, max_size=40)


@given(LEVELS, st.sampled_from([0.1, 0.5, 1.0]))
def test_naive_bayes_is_never_certain_even_of_what_it_never_saw(rows: list[Any], smoothing: float) -> None:
    won = bytes(row[0] for row in rows)
    columns = [bytes(row[1] for row in rows), bytes(row[2] for row in rows)]
    weights = naive_bayes(columns, [4, 3], won, smoothing)  # level 4 and level 3 are never seen
    everything = [bytes([level] * 4) for level in range(5)]
    for column in everything:
        for odds in log_odds(weights, [column, bytes([0, 1, 2, 3])], 4):
            assert 0 < probability(odds) < 1


def test_naive_bayes_by_hand() -> None:
    """Won leads at levels 1, 2, 3: 2, 1, 1; lost: 1, 1, 2. Smoothing 0.5 makes it 2.5/1.5, 1, 1.5/2.5.

    Tempering multiplies all weights by one factor, so their proportions stay.
    """
    levels, won = bytes([1, 1, 2, 3, 1, 2, 3, 3]), bytes([1, 1, 1, 1, 0, 0, 0, 0])
    one, two, three = naive_bayes([levels], [3], won, 1.0).by_field[0][1:]
    assert one > 0
    assert two == pytest.approx(0)
    assert three == pytest.approx(-one)
    half = naive_bayes([levels], [3], won, 0.5).by_field[0]
    ratios = {1: 2.5 / 1.5, 2: 1.0, 3: 1.5 / 2.5}
    assert [weight / half[1] for weight in half[1:]] == pytest.approx(
        [math.log(ratio) / math.log(ratios[1]) for ratio in ratios.values()]
    )


def test_naive_bayes_that_counts_one_thing_five_times_is_not_more_sure_for_it() -> None:
    chance = random.Random(3)
    levels = bytes(1 + (chance.random() < 0.5) for _ in range(2000))
    won = bytes(chance.random() < (0.2 if level == 1 else 0.1) for level in levels)
    once, five = (naive_bayes([levels] * times, [2] * times, won, 0.1) for times in (1, 5))
    for level in (1, 2):
        alone = log_odds(once, [bytes([level])], 1)[0]
        assert log_odds(five, [bytes([level])] * 5, 1)[0] == pytest.approx(alone, abs=0.02)


def newton(columns: list[bytes], sizes: list[int], won: bytes, ridge: float) -> list[float]:
    """A plain dense Newton method, the oracle."""
    rows = [
        [
            1.0,
            *(float(c[i] == level) for c, size in zip(columns, sizes, strict=True) for level in range(1, size + 1)),
        ]
        for i in range(len(won))
    ]
    width = len(rows[0])
    flat = [0.0] * width
    for _ in range(60):
        chances = [probability(sum(w * x for w, x in zip(flat, row, strict=True))) for row in rows]
        slope = [
            sum((p - y) * row[j] for p, y, row in zip(chances, won, rows, strict=True))
            + (ridge * flat[j] if j else 0.0)
            for j in range(width)
        ]
        bend = [
            [sum(p * (1 - p) * row[j] * row[k] for p, row in zip(chances, rows, strict=True)) for k in range(width)]
            for j in range(width)
        ]
        for j in range(width):
            bend[j][j] += ridge if j else 1e-12
        flat = [w - step for w, step in zip(flat, solved(bend, slope), strict=True)]
    return flat


def solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss elimination with pivoting."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for j in range(len(rows)):
        pivot = max(range(j, len(rows)), key=lambda i: abs(rows[i][j]))
        rows[j], rows[pivot] = rows[pivot], rows[j]
        for i in range(len(rows)):
            if i != j:
                factor = rows[i][j] / rows[j][j]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[j], strict=True)]
    return [row[-1] / row[j] for j, row in enumerate(rows)]


@settings(max_examples=25, deadline=None)
@given(LEVELS, st.sampled_from([0.5, 1.0, 5.0]))
def test_logistic_regression_finds_the_optimum_a_dense_newton_finds(rows: list[Any], ridge: float) -> None:
    won = bytes(row[0] for row in rows)
    assume(0 < sum(won) < len(won))
    columns, sizes = [bytes(row[1] for row in rows), bytes(row[2] for row in rows)], [3, 2]
    start = Weights(0.0, ((0.0,) * 4, (0.0,) * 3))
    found = logistic(columns, sizes, won, ridge, start)
    oracle = newton(columns, sizes, won, ridge)
    flat = [found.base, *(weight for field in found.by_field for weight in field[1:])]
    assert flat == pytest.approx(oracle, abs=0.03)
