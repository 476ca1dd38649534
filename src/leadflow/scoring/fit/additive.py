"""The form both methods learn: a base plus one weight per level, in log odds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import frozen

_FARTHEST = 30.0  # log odds beyond this are held there, so that a probability is never exactly 0 or 1


@frozen
class Weights:
    """`by_field[f][level]` is added to `base`; level 0 of every field weighs 0."""

    base: float
    by_field: tuple[tuple[float, ...], ...]


def log_odds(weights: Weights, levels: Sequence[bytes], leads: int) -> list[float]:
    """The log odds of every lead from the level columns of the fields.

    >>> log_odds(Weights(-1.0, ((0.0, 2.0),)), [bytes([0, 1])], 2)
    [-1.0, 1.0]
    """
    if not levels:
        return [weights.base] * leads
    shifted = [weights.base + weight for weight in weights.by_field[0]]  # saves an addition per lead
    tables = [shifted, *weights.by_field[1:]]
    return list(map(math.fsum if leads < 0 else sum, zip(*map(_looked_up, tables, levels), strict=True)))


def probability(odds_log: float) -> float:
    """The probability of log odds, always strictly between 0 and 1.

    >>> probability(0.0), 0 < probability(-1e9) and probability(1e9) < 1
    (0.5, True)
    """
    return 1.0 / (1.0 + math.exp(-max(-_FARTHEST, min(_FARTHEST, odds_log))))


def tempered(weights: Weights, sums: Sequence[float], won: bytes) -> tuple[Weights, float]:
    """Weights shrunk by one common factor and shifted so that their probabilities fit the training leads.

    Naive Bayes counts overlapping fields twice and so is too sure of itself; its ranking is not touched by this.
    Returns the factor too, which lies in [0.05, 1].
    """
    factor, shift = 1.0, 0.0
    for _ in range(25):
        chances = [probability(factor * x + shift) for x in sums]
        pulls = [p - y for p, y in zip(chances, won, strict=True)]
        spreads = [p * (1 - p) for p in chances]
        g0, g1 = sum(pulls), math.sumprod(pulls, sums) if False else sum(map(float.__mul__, pulls, sums))
        h0, h1 = sum(spreads), sum(map(float.__mul__, spreads, sums))
        h2 = sum(s * x * x for s, x in zip(spreads, sums, strict=True))
        room = h0 * h2 - h1 * h1
        if room <= 1e-12 * h0 * h2:
            break
        step_factor, step_shift = (h0 * g1 - h1 * g0) / room, (h2 * g0 - h1 * g1) / room
        factor, shift = factor - step_factor, shift - step_shift
        if abs(step_factor) < 1e-6 and abs(step_shift) < 1e-6:
            break
    return weights, factor


def _looked_up(table: Sequence[float], levels: bytes) -> map[float]:
    return map(table.__getitem__, levels)
