"""Cutting numbers into few ranges of like size whose limits a person would choose."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

Number = int | float | Decimal
_MOST_DIGITS = 25  # a longer number cannot be written in a condition


def edges_of(values: Iterable[Number], max_bins: int, min_support: int) -> tuple[Number, ...]:
    """Where to cut: a range is `edge <= value < next edge`; each holds at least `min_support` values.

    The cuts lie near the quantiles, each moved within a twentieth of the values to the roundest number there;
    a value so frequent that it fills several quantiles gets a range of its own where it can.

    >>> edges_of(range(1, 1001), 5, 10)
    (200, 400, 600, 800)
    >>> edges_of([0] * 70 + list(range(1, 31)), 5, 5)
    (1, 10)
    """
    counts = Counter(values)
    distinct = sorted(counts)
    below = list(accumulate((counts[value] for value in distinct), initial=0))
    total, exact = below[-1], any(isinstance(value, Decimal) for value in distinct)
    edges: list[Number] = []
    start = 0  # how many values lie below the last edge taken
    for place in _cuts(below, min(max_bins, len(distinct))):
        slack = total / (4 * max_bins)
        low = max(bisect_left(below, below[place] - slack), 1)
        high = min(bisect_right(below, below[place] + slack) - 1, len(distinct) - 1)
        edge = _number(roundest(distinct[low - 1], distinct[high], distinct[place]), exact)
        under = below[bisect_left(distinct, edge)]
        is_writable = len(literal(edge)) <= _MOST_DIGITS
        if is_writable and under - start >= min_support and total - under >= min_support:
            edges.append(edge)
            start = under
    return tuple(edges)


def roundest(above: Number, upto: Number, near: Number) -> Fraction:
    """The number with the fewest digits in (above, upto]; of several the one nearest to `near`.

    >>> [str(roundest(*limits)) for limits in ((17, 23, 19), (131, 260, 180), (-3, 2, 0))]
    ['20', '200', '0']
    """
    low, high, aim = (Fraction(str(limit)) for limit in (above, upto, near))
    exponent = max(len(str(math.floor(abs(limit)))) for limit in (low, high))
    while True:
        step = Fraction(10) ** exponent
        least, most = math.floor(low / step) + 1, math.floor(high / step)
        if least <= most:
            return min(max(math.floor(aim / step + Fraction(1, 2)), least), most) * step
        exponent -= 1


def literal(edge: Number) -> str:
    """The edge as the condition language writes it.

    >>> literal(50), literal(0.5), literal(Decimal("1000"))
    ('50', '0.5', '1000')
    """
    return format(Decimal(str(edge)), "f")


def _cuts(below: list[int], bins: int) -> list[int]:
    """The places between distinct values that lie nearest to the quantiles."""
    total, last = below[-1], len(below) - 2
    places = set()
    for part in range(1, bins):
        wanted = total * part / bins
        place = min(max(bisect_left(below, wanted), 1), last) if last >= 1 else 0
        nearest = [option for option in (place - 1, place) if 1 <= option <= last]
        if nearest:
            places.add(min(nearest, key=lambda option: (abs(below[option] - wanted), option)))
    return sorted(places)


def _number(edge: Fraction, exact: bool) -> Number:
    if edge.denominator == 1:
        return edge.numerator
    return Decimal(edge.numerator) / Decimal(edge.denominator) if exact else float(edge)
