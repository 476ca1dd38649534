"""From weights to whole points, rules and a threshold."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import compress

from leadflow.scoring.fit.additive import Weights
from leadflow.scoring.fit.fields import Field
from leadflow.scoring.fit.result import LearntRule
from leadflow.scoring.fit.settings import FitSettings


def scale_of(points_to_double: int) -> float:
    """Points per unit of log odds when so many points double the odds.

    >>> round(scale_of(10), 2)
    14.43
    """
    return points_to_double / math.log(2)


def point_tables(weights: Weights, scale: float, min_points: int) -> tuple[tuple[int, ...], ...]:
    """Whole points per field and level; what is closer to 0 than `min_points` becomes 0.

    >>> point_tables(Weights(0.0, ((0.0, 0.31, -0.12),)), 10, 2)
    ((0, 3, 0),)
    """
    rounded = (tuple(round(weight * scale) for weight in field) for field in weights.by_field)
    return tuple(tuple(each if abs(each) >= min_points else 0 for each in field) for field in rounded)


def rules_of(
    fields: Sequence[Field], tables: Sequence[Sequence[int]], levels: Sequence[bytes], won: bytes
) -> tuple[LearntRule, ...]:
    """The rules in the order of the field names; levels with equal points share one, 0 points need none."""
    rules: list[LearntRule] = []
    names: Counter[str] = Counter()
    for field, table, column in zip(fields, tables, levels, strict=True):
        won_column = bytes(compress(column, won))
        for group in field.merged(table):
            name = f"{field.name}: {field.label(group)}"
            names[name] += 1
            rules.append(
                LearntRule(
                    name=name if names[name] == 1 else f"{name} ({names[name]})",
                    when=field.when(group),
                    points=table[group[0]],
                    leads=sum(map(column.count, group)),
                    won=sum(map(won_column.count, group)),
                )
            )
    return tuple(rules)


def threshold_of(points: Sequence[int], won: bytes, settings: FitSettings) -> tuple[int, str]:
    """The threshold the criterion prefers on the training leads, and a sentence that says so.

    Of equally good thresholds the higher one is taken. Errors: none; both outcomes must be present.
    """
    counts, winners = Counter(points), Counter(compress(points, won))
    total, total_won = len(won), sum(won)
    best: tuple[float, int] | None = None
    called = right = 0
    for score in sorted(counts, reverse=True):
        called, right = called + counts[score], right + winners[score]
        if settings.criterion == "f1":
            worth = 2 * right / (called + total_won)
        elif settings.criterion == "youden":
            worth = right / total_won - (called - right) / (total - total_won)
        else:
            worth = -abs(called / total - settings.share)
        if best is None or worth > best[0]:
            best = (worth, score)
    if best is None:  # no leads; the caller has refused this before
        return 0, settings.criterion
    worth, score = best
    said = {
        "f1": f"highest F1 on the training leads ({worth:.3f})",
        "youden": f"highest recall minus false alarms on the training leads ({worth:.3f})",
        "share": f"nearest to letting {settings.share:.0%} of the training leads through",
    }
    return score, said[settings.criterion]
