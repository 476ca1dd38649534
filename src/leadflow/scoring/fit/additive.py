"""The form both methods learn: a base plus one weight per level, in log odds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import mul
from typing import TypeVar

from attrs import frozen

_Number = TypeVar("_Number", int, float)
_FARTHEST = 30.0  # log odds beyond this are held there, so that a probability is never exactly 0 or 1
_ROUNDS = 25
_LEAST_FACTOR = 0.05


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
    return totals([shifted, *weights.by_field[1:]], levels)


def totals(tables: Iterable[Sequence[_Number]], levels: Sequence[bytes]) -> list[_Number]:
    """Per lead the sum over the fields of `table[level]`; whole numbers stay whole.

    >>> totals([(0, 3), (0, 4)], [bytes([1, 0]), bytes([1, 1])])
    [7, 4]
    """
    looked_up = [map(table.__getitem__, column) for table, column in zip(tables, levels, strict=True)]
    return list(map(sum, zip(*looked_up, strict=True)))


def probability(odds_log: float) -> float:
    """The probability of log odds, always strictly between 0 and 1.

    >>> probability(0.0), 0 < probability(-1e9) and probability(1e9) < 1
    (0.5, True)
    """
    return 1.0 / (1.0 + math.exp(-max(-_FARTHEST, min(_FARTHEST, odds_log))))


def tempered(weights: Weights, sums: Sequence[float], won: bytes) -> Weights:
    """The same weights times one factor, with a new base, so that the probabilities fit the training leads.

    Naive Bayes counts overlapping fields twice and so is too sure of itself; the ranking is not touched by
    this. The factor is found by Newton steps on the log loss, held near 1 by a weak pull so that it stays
    finite.
    """
    factor, base = 0.0, math.log((sum(won) + 0.5) / (len(won) - sum(won) + 0.5))
    flat = base
    for _ in range(_ROUNDS):
        chances = [probability(factor * x + base) for x in sums]
        pulls = [chance - outcome for chance, outcome in zip(chances, won, strict=True)]
        spreads = [chance * (1.0 - chance) for chance in chances]
        spreads_x = list(map(mul, spreads, sums))
        pull_base, pull_factor = sum(pulls), sum(map(mul, pulls, sums)) + factor - 1.0
        base_base, base_factor, factor_factor = (
            sum(spreads),
            sum(spreads_x),
            sum(map(mul, spreads_x, sums)) + 1.0,
        )
        room = base_base * factor_factor - base_factor**2
        step_factor = (base_base * pull_factor - base_factor * pull_base) / room
        step_base = (factor_factor * pull_base - base_factor * pull_factor) / room
        factor, base = factor - step_factor, base - step_base
        if abs(step_factor) + abs(step_base) < 1e-6:
            break
    if not factor >= _LEAST_FACTOR:
        factor, base = _LEAST_FACTOR, flat
    return Weights(
        base + factor * weights.base,
        tuple(tuple(factor * weight for weight in field) for field in weights.by_field),
    )
