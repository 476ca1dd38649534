"""Naive Bayes with additive smoothing: each level weighs log(share among won / share among lost)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import compress

from leadflow.scoring.fit.additive import Weights, log_odds, tempered


def naive_bayes(levels: Sequence[bytes], sizes: Sequence[int], won: bytes, smoothing: float) -> Weights:
    """Learn weights from level columns; `sizes[f]` is the number of levels of field f, level 0 is skipped.

    `smoothing` is added to every count, so a level seen only with won leads gets a high weight, never an
    endless one.

    >>> weights = naive_bayes([bytes([1, 1, 2, 2])], [2], bytes([1, 1, 0, 0]), 0.5)
    >>> weights.by_field[0][0], weights.by_field[0][1] > 0 > weights.by_field[0][2]
    (0.0, True)
    """
    winners = sum(won)
    base = math.log((winners + smoothing) / (len(won) - winners + smoothing))
    by_field = tuple(_weights(column, size, won, smoothing) for column, size in zip(levels, sizes, strict=True))
    raw = Weights(base, by_field)
    return tempered(raw, log_odds(raw, levels, len(won)), won)


def _weights(column: bytes, size: int, won: bytes, smoothing: float) -> tuple[float, ...]:
    won_column = bytes(compress(column, won))
    winners = [won_column.count(level) for level in range(1, size + 1)]
    losers = [column.count(level) - won for level, won in enumerate(winners, 1)]
    won_base, lost_base = sum(winners) + smoothing * size, sum(losers) + smoothing * size
    return (
        0.0,
        *(
            math.log((won + smoothing) / won_base) - math.log((lost + smoothing) / lost_base)
            for won, lost in zip(winners, losers, strict=True)
        ),
    )
