"""How good a ranking or a probability is. All sums are exact or order-free; a ratio with base 0 is None."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import compress

from attrs import frozen

_GROUPS = 10
_TINY = 1e-15


@frozen
class Confusion:
    """Counts at a threshold: `right` and `wrong` leads at or above it, `missed` and `spared` below it.

    >>> Confusion(right=3, wrong=1, missed=1, spared=5).precision, Confusion(0, 0, 0, 5).precision
    (0.75, None)
    """

    right: int
    wrong: int
    missed: int
    spared: int

    @property
    def precision(self) -> float | None:
        """Share of won leads among those at or above the threshold."""
        return _ratio(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        """Share of the won leads that are at or above the threshold."""
        return _ratio(self.right, self.right + self.missed)

    @property
    def share(self) -> float | None:
        """Share of all leads that are at or above the threshold."""
        return _ratio(self.right + self.wrong, self.right + self.wrong + self.missed + self.spared)


@frozen
class CalibrationRow:
    """One tenth of the leads, by predicted probability: what was promised and what came."""

    leads: int
    won: int
    predicted: float

    @property
    def actual(self) -> float:
        """Share of them that was won."""
        return self.won / self.leads


@frozen(kw_only=True)
class Measures:
    """The figures of one model on one set of leads.

    `auc_error` is the standard error of `auc` (Hanley and McNeil); `lift_10` and `lift_20` say how many times
    richer in won leads the top 10 % and 20 % are than all leads.
    """

    leads: int
    won: int
    auc: float | None
    auc_error: float | None
    lift_10: float | None
    lift_20: float | None
    brier: float | None
    log_loss: float | None
    calibration: tuple[CalibrationRow, ...]


def measured(probabilities: Sequence[float], won: Sequence[int]) -> Measures:
    """All figures at once; `won` holds 0 or 1 per lead.

    >>> measured([0.9, 0.6, 0.6, 0.1], [1, 1, 0, 0]).auc
    0.875
    """
    area = auc(probabilities, won)
    return Measures(
        leads=len(won),
        won=sum(won),
        auc=area,
        auc_error=auc_error(area, sum(won), len(won) - sum(won)),
        lift_10=lift(probabilities, won, 0.1),
        lift_20=lift(probabilities, won, 0.2),
        brier=brier(probabilities, won),
        log_loss=log_loss(probabilities, won),
        calibration=calibration(probabilities, won),
    )


def auc(scores: Sequence[float], won: Sequence[int]) -> float | None:
    """The chance that a won lead scores above a lost one, an equal score counting half.

    Counted in whole numbers, so ties are exact and the order of leads cannot matter. None without both
    outcomes.

    >>> auc([3, 2, 1], [1, 0, 0]), auc([1, 1], [1, 0]), auc([1, 2], [1, 1])
    (1.0, 0.5, None)
    """
    return auc_of_groups((won_count, count - won_count) for _, count, won_count in _ascending(scores, won))


def auc_of_groups(groups: Iterable[tuple[int, int]]) -> float | None:
    """The same from (won, lost) counts per group, worst group first.

    >>> auc_of_groups([(0, 5), (2, 5), (3, 0)])
    0.9
    """
    twice = won_total = lost_below = 0
    for won_count, lost_count in groups:
        twice += won_count * (2 * lost_below + lost_count)
        won_total += won_count
        lost_below += lost_count
    return _ratio(twice, 2 * won_total * lost_below)


def auc_error(area: float | None, won: int, lost: int) -> float | None:
    """Standard error of an AUC from so many won and lost leads.

    >>> round(auc_error(0.7, 100, 900), 3)
    0.03
    """
    if area is None or not won or not lost:
        return None
    two_won, two_lost = area / (2 - area), 2 * area * area / (1 + area)
    spread = area * (1 - area) + (won - 1) * (two_won - area**2) + (lost - 1) * (two_lost - area**2)
    return math.sqrt(max(spread, 0.0) / (won * lost))


def lift(scores: Sequence[float], won: Sequence[int], share: float) -> float | None:
    """Won rate in the best `share` of leads over the won rate of all; a tie at the cut counts in part.

    >>> lift([4, 3, 2, 1], [1, 0, 0, 0], 0.25), lift([1, 1, 1, 1], [1, 0, 0, 0], 0.25), lift([1], [0], 0.5)
    (4.0, 1.0, None)
    """
    wanted = share * len(won)
    room, caught = wanted, 0.0
    for _, count, won_count in reversed(_ascending(scores, won)):
        taken = min(float(count), room)
        caught += won_count * taken / count
        room -= taken
        if room <= 0:
            break
    total = sum(won)
    return None if not total or wanted <= 0 else caught * len(won) / (wanted * total)


def at_threshold(scores: Sequence[float], won: Sequence[int], threshold: float) -> Confusion:
    """Counts when every lead with `score >= threshold` is called good.

    >>> at_threshold([3, 2, 1], [1, 0, 1], 2)
    Confusion(right=1, wrong=1, missed=1, spared=0)
    """
    above = [score >= threshold for score in scores]
    called, right = sum(above), sum(compress(won, above))
    total = sum(won)
    return Confusion(right, called - right, total - right, len(won) - called - (total - right))


def calibration(probabilities: Sequence[float], won: Sequence[int]) -> tuple[CalibrationRow, ...]:
    """Tenths of the leads from the least to the most promising; leads with one probability stay together.

    >>> [(row.leads, row.predicted, row.actual) for row in calibration([0.2, 0.2, 0.8, 0.8], [0, 0, 1, 0])]
    [(2, 0.2, 0.0), (2, 0.8, 0.5)]
    """
    groups: dict[int, list[tuple[float, int, int]]] = {}
    below = 0
    for probability, count, won_count in _ascending(probabilities, won):
        groups.setdefault(_GROUPS * (2 * below + count) // (2 * len(won)), []).append((probability, count, won_count))
        below += count
    return tuple(
        CalibrationRow(
            leads=(leads := sum(count for _, count, _ in group)),
            won=sum(won_count for _, _, won_count in group),
            predicted=math.fsum(probability * count for probability, count, _ in group) / leads,
        )
        for group in groups.values()
    )


def brier(probabilities: Sequence[float], won: Sequence[int]) -> float | None:
    """Mean squared distance between the probability and what came; 0 is perfect.

    >>> brier([0.5, 1.0], [1, 1])
    0.125
    """
    return _ratio(math.fsum((p - y) ** 2 for p, y in zip(probabilities, won, strict=True)), len(won))


def log_loss(probabilities: Sequence[float], won: Sequence[int]) -> float | None:
    """Mean surprise in nats; a sure and wrong probability counts as 1e-15 rather than as infinite.

    >>> round(log_loss([0.5, 0.5], [1, 0]), 4)
    0.6931
    """
    losses = (-math.log(max(p if y else 1.0 - p, _TINY)) for p, y in zip(probabilities, won, strict=True))
    return _ratio(math.fsum(losses), len(won))


def _ascending(scores: Sequence[float], won: Sequence[int]) -> list[tuple[float, int, int]]:
    """(score, leads, won leads) per distinct score, lowest first."""
    winners = Counter(compress(scores, won))
    counts = Counter(scores)
    return [(score, counts[score], winners[score]) for score in sorted(counts)]


def _ratio(part: float, base: float) -> float | None:
    return part / base if base else None
