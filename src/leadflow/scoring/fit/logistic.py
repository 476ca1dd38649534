"""Logistic regression with a ridge penalty over one-hot levels, by limited-memory quasi-Newton steps.

Every lead has at most one level per field, so a gradient is one table look-up and one addition per field and
lead; both run inside `map` and `sum`, which is what makes pure Python quick enough.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import compress
from operator import itemgetter, mul, sub

from leadflow.scoring.fit.additive import Weights, probability, totals

Vector = list[float]
Loss = Callable[[Vector], tuple[float, Vector]]
_STEPS = 100
_MEMORY = 8
_CLOSE = 1e-3  # stop when no weight would move more than this by a Newton step of its own
_SHORTEST = 1e-9


def logistic(levels: Sequence[bytes], sizes: Sequence[int], won: bytes, ridge: float, start: Weights) -> Weights:
    """Learn weights from level columns, beginning at `start`; the base is not penalised.

    `sizes[f]` is the number of levels of field f; level 0 is skipped. At least one field.

    >>> levels, won = [bytes([1, 1, 1, 2, 2, 2])], bytes([1, 1, 0, 1, 0, 0])
    >>> found = logistic(levels, [2], won, 1.0, Weights(0.0, ((0.0, 0.0, 0.0),)))
    >>> [round(weight, 2) for weight in found.by_field[0]]
    [0.0, 0.29, -0.29]
    """
    rows = [_rows_by_level(column, size) for column, size in zip(levels, sizes, strict=True)]
    adders = [_adder(level) for field in rows for level in field]
    lost = bytes(1 - outcome for outcome in won)

    def loss(flat: Vector) -> tuple[float, Vector]:
        chances, surprise = _judged(totals(_tables(flat, sizes), levels), lost)
        pulls = list(map(sub, chances, won))
        weights = flat[1:]
        slope = [
            sum(pulls),
            *(add(pulls) + ridge * weight for add, weight in zip(adders, weights, strict=True)),
        ]
        return surprise + 0.5 * ridge * _dot(weights, weights), slope

    rate = sum(won) / len(won)
    counts = [len(won), *(len(level) for field in rows for level in field)]
    bends = [count * rate * (1.0 - rate) + ridge for count in counts]
    first = [start.base, *(weight for field in start.by_field for weight in field[1:])]
    is_full = [sum(map(len, field)) == len(won) for field in rows]
    return _centred(_descended(loss, first, bends), sizes, is_full)


def _judged(odds: Sequence[float], lost: bytes) -> tuple[list[float], float]:
    """The probabilities, and the sum of the log losses."""
    try:
        inverse = [math.exp(-x) for x in odds]
    except OverflowError:  # only on a trial step far off; what is beyond the clamp is as bad as the clamp
        inverse = [1.0 / probability(x) - 1.0 for x in odds]
    surprise = sum(map(math.log1p, inverse)) + sum(compress(odds, lost))
    return [1.0 / (1.0 + e) for e in inverse], surprise


def _descended(loss: Loss, at: Vector, bends: Vector) -> Vector:
    """The lowest point found from `at`, by L-BFGS; `bends` is the first guess of the curvature."""
    value, slope = loss(at)
    memory: deque[tuple[Vector, Vector]] = deque(maxlen=_MEMORY)
    for _ in range(_STEPS):
        if max(abs(pull) / bend for pull, bend in zip(slope, bends, strict=True)) < _CLOSE:
            break
        way = _direction(slope, memory, bends)
        drop, length = _dot(way, slope), 1.0
        while True:
            there = [x + length * d for x, d in zip(at, way, strict=True)]
            new_value, new_slope = loss(there)
            if new_value <= value + 1e-4 * length * drop:
                break
            length /= 2.0
            if length < _SHORTEST:
                return at
        moved, turned = list(map(sub, there, at)), list(map(sub, new_slope, slope))
        if _dot(moved, turned) > 1e-12:
            memory.append((moved, turned))
        at, value, slope = there, new_value, new_slope
    return at


def _direction(slope: Vector, memory: Sequence[tuple[Vector, Vector]], bends: Vector) -> Vector:
    """Minus the slope times the inverse curvature that the last steps showed (the two-loop recursion)."""
    way, shares = [-pull for pull in slope], []
    for moved, turned in reversed(memory):
        share = _dot(moved, way) / _dot(moved, turned)
        shares.append(share)
        way = [d - share * y for d, y in zip(way, turned, strict=True)]
    scale = 1.0
    if memory:
        moved, turned = memory[-1]
        scale = _dot(moved, turned) / sum(y * y / bend for y, bend in zip(turned, bends, strict=True))
    way = [scale * d / bend for d, bend in zip(way, bends, strict=True)]
    for (moved, turned), share in zip(memory, reversed(shares), strict=True):
        back = share - _dot(turned, way) / _dot(moved, turned)
        way = [d + back * s for d, s in zip(way, moved, strict=True)]
    return way


def _centred(flat: Vector, sizes: Sequence[int], is_full: Sequence[bool]) -> Weights:
    """Where every lead has a level of a field, its weights sum to 0: that is where the penalty is least."""
    base, by_field = flat[0], []
    for weights, full in zip(_fields(flat, sizes), is_full, strict=True):
        middle = sum(weights) / len(weights) if full else 0.0
        base += middle
        by_field.append((0.0, *(weight - middle for weight in weights)))
    return Weights(base, tuple(by_field))


def _tables(flat: Vector, sizes: Sequence[int]) -> list[Vector]:
    """One look-up table per field with the base inside the first."""
    first, *rest = ([0.0, *weights] for weights in _fields(flat, sizes))
    return [[flat[0] + weight for weight in first], *rest]


def _fields(flat: Vector, sizes: Sequence[int]) -> Iterator[Vector]:
    place = 1
    for size in sizes:
        yield flat[place : place + size]
        place += size


def _rows_by_level(column: bytes, size: int) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(size + 1)]
    for row, level in enumerate(column):
        rows[level].append(row)
    return rows[1:]


def _adder(rows: Sequence[int]) -> Callable[[Sequence[float]], float]:
    """A function that sums a vector over these rows."""
    if len(rows) < 2:  # itemgetter returns a bare item for one index and takes no zero indexes
        return lambda vector: sum(vector[row] for row in rows)
    get = itemgetter(*rows)
    return lambda vector: sum(get(vector))


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(map(mul, one, other))
