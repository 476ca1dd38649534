"""Quantiles of many durations in little memory."""

from __future__ import annotations

from array import array
from math import ceil, log

from leadflow.model.time import SECOND_US

_EXACT = 256
_BUCKETS = 1_200
_GROWTH = 1.02
_LOG_GROWTH = log(_GROWTH)


class Durations:
    """Durations as they come; quantiles at any time.

    Units: microseconds. Up to 256 durations are kept and quantiles are exact; beyond that they are counted in buckets
    that grow by 2 %, so that a quantile is at most 1 % off (durations below a second count as none) and memory stays at
    ten kilobytes however many there are. The order in which they come makes no difference.

    >>> spent = Durations()
    >>> for days in (1, 2, 30): spent.add(days * 86_400_000_000)
    >>> spent.quantile(0.5) // 86_400_000_000, Durations().quantile(0.5)
    (2, None)
    """

    __slots__ = ("_buckets", "_few", "count")

    def __init__(self) -> None:
        self.count = 0
        self._few: list[int] = []
        self._buckets: array[int] | None = None

    def add(self, duration_us: int) -> None:
        """Count one more; one that is negative (a clock went back) counts as none."""
        duration_us = max(duration_us, 0)
        self.count += 1
        if self._buckets is not None:
            self._buckets[_bucket(duration_us)] += 1
            return
        self._few.append(duration_us)
        if self.count > _EXACT:
            self._buckets = array("Q", bytes(8 * _BUCKETS))
            for each in self._few:
                self._buckets[_bucket(each)] += 1
            self._few = []

    def quantile(self, share: float) -> int | None:
        """The duration that this share of all does not exceed (nearest rank); None when there are none.

        Units: `share` from 0 to 1.
        """
        if not self.count:
            return None
        rank = max(ceil(share * self.count), 1)
        if self._buckets is None:
            return sorted(self._few)[rank - 1]
        for index, held in enumerate(self._buckets):
            rank -= held
            if rank <= 0:
                return _middle(index)
        return _middle(_BUCKETS - 1)


def _bucket(duration_us: int) -> int:
    if duration_us < SECOND_US:
        return 0
    return min(1 + int(log(duration_us / SECOND_US) / _LOG_GROWTH), _BUCKETS - 1)


def _middle(index: int) -> int:
    """What a bucket stands for: no duration in it is more than 1 % away."""
    if index == 0:
        return 0
    return round(2 * _GROWTH**index / (_GROWTH + 1) * SECOND_US)
