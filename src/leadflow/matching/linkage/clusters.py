"""Groups of rows from pairs that are the same, without chaining strangers together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

_MOST_CROSS = 400
"""Cross pairs that are looked at before two groups join; larger groups are judged by their first members."""

CrossWeights = Callable[[int, Sequence[int]], Sequence[float]]


def grouped(
    pairs: Iterable[tuple[int, int]], cross_weights: CrossWeights, least: float
) -> tuple[list[list[int]], list[tuple[int, int]]]:
    """Join rows along `pairs`, strongest first; returns the groups (sorted) and the pairs that were not followed.

    Two groups join only when their rows, each of one against each of the other, weigh at least `least` on average:
    A like B and B like C does not make C the same as A when those two plainly differ.

    >>> alike = {(0, 1): 9.0, (1, 2): 5.0, (0, 2): -20.0}
    >>> grouped([(0, 1), (1, 2)], lambda a, others: [alike[min(a, b), max(a, b)] for b in others], -3.0)
    ([[0, 1]], [(1, 2)])
    """
    group_of: dict[int, list[int]] = {}
    conflicts = []
    for left, right in pairs:
        a, b = group_of.get(left, [left]), group_of.get(right, [right])
        if a is b:
            continue
        if len(a) + len(b) > 2 and _mean_cross(a, b, cross_weights) < least:
            conflicts.append((left, right))
            continue
        if len(a) < len(b):
            a, b = b, a
        a.extend(b)
        for row in a if len(a) == len(b) + 1 else b:
            group_of[row] = a
    groups = {id(group): group for group in group_of.values()}
    return sorted(sorted(group) for group in groups.values()), conflicts


def _mean_cross(a: Sequence[int], b: Sequence[int], cross_weights: CrossWeights) -> float:
    if len(a) > len(b):
        a, b = b, a
    b = b[: max(_MOST_CROSS // len(a), 1)]
    weights = [weight for row in a[:_MOST_CROSS] for weight in cross_weights(row, b)]
    return sum(weights) / len(weights)
