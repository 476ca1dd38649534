"""Half-life decay in whole points and whole days.

The points of an occurrence are read from a table of whole numbers, made once with exact arithmetic: no
float, no order of summation and no engine can make a difference.
"""

from __future__ import annotations

from decimal import Context, Decimal
from functools import lru_cache

from leadflow.expr.signals import State
from leadflow.model.time import DAY_US, NEVER_US

MAX_HALF_LIFE_DAYS = 3_650
_BITS = 200
_PRECISE = Context(prec=80)

Table = tuple[tuple[int, ...], tuple[int, ...]]
"""Points by age in days, up to the last day that has any; and for each day the first later one with other
points."""


@lru_cache(maxsize=256)
def decay_table(points: int, half_life_days: int) -> Table:
    """What is left of some points after each day: points * 2^(-days / half_life_days), halves rounded away
    from zero.

    >>> decay_table(3, half_life_days=1)
    ((3, 2, 1), (1, 2, 3))
    """
    weights: list[int] = []
    fractions = _fractions(half_life_days)
    while True:
        halvings, rest = divmod(len(weights), half_life_days)
        left = (2 * abs(points) * fractions[rest] >> (_BITS + halvings)) + 1 >> 1
        if not left:
            break
        weights.append(left if points > 0 else -left)
    later = [len(weights)] * len(weights)
    for day in range(len(weights) - 2, -1, -1):
        later[day] = day + 1 if weights[day + 1] != weights[day] else later[day + 1]
    return tuple(weights), tuple(later)


def _fractions(half_life_days: int) -> list[int]:
    """2^(-day / half_life_days) for the days of one half-life, as fixed-point numbers."""
    step = _PRECISE.exp(_PRECISE.divide(-_PRECISE.ln(Decimal(2)), Decimal(half_life_days)))
    scale = Decimal(1 << _BITS)
    fraction, fractions = Decimal(1), []
    for _ in range(half_life_days):
        fractions.append(int(_PRECISE.multiply(fraction, scale)))
        fraction = _PRECISE.multiply(fraction, step)
    return fractions


def decayed_points(points: int, age_days: int, half_life_days: int) -> int:
    """Points still felt after a wait.

    Units: points are whole and dimensionless; age_days >= 0, half_life_days > 0.

    >>> decayed_points(8, age_days=60, half_life_days=30), decayed_points(-5, age_days=1, half_life_days=1)
    (2, -3)
    """
    weights, _ = decay_table(points, half_life_days)
    return weights[age_days] if age_days < len(weights) else 0


def decayed(state: State, now_us: int, table: Table, limit: int) -> tuple[int, int]:
    """The points of the newest `limit` occurrences, each by its own age, and until when that holds.

    >>> decayed((2, DAY_US, 0), DAY_US, decay_table(3, 1), 100)
    (5, 172800000000)
    """
    weights, later = table
    points, until_us = 0, NEVER_US
    for at_us in state[1 : limit + 1]:
        age = max(0, (now_us - at_us) // DAY_US)
        if age >= len(weights):
            break
        points += weights[age]
        until_us = min(until_us, at_us + later[age] * DAY_US)
    return points, until_us
