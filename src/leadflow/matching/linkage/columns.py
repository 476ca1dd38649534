"""Rows as columns of interned values, and the level patterns of pairs.

A pattern is one integer: three bits per comparison hold the level's code (0 = missing), then one bit per swap. All rows
that a row is compared with go through each step together, in C: "present and different" is one `and` of two integers,
the prefilter leaves the few pairs whose values may be alike, and only those are compared, each pair of values once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress
from math import ceil
from operator import ge, itemgetter
from typing import Protocol, TypeVar, cast

from leadflow.matching.linkage.cleaning import Memo
from leadflow.matching.linkage.spec import Comparison, LinkageSpec, Row, SwapComparison

CODE_BITS = 3
CODE_MASK = 7
_MEMO_PAIRS = 300_000
"""Pairs of rows after which remembered value pairs are forgotten, so that memory stays flat."""
_NEVER = 1 << 60
_count = int.bit_count


_T = TypeVar("_T")


class Pick(Protocol):
    """Takes what stands at some positions of a column."""

    def __call__(self, values: Sequence[_T], /) -> Sequence[_T]: ...


class Vocabulary(dict[str, int]):
    """A column's distinct texts by number, 0 for missing, with the prefilter's profile of each."""

    def __init__(self, comparison: Comparison) -> None:
        super().__init__({"": 0})
        prefilter = comparison.comparator.prefilter
        self.texts = [""]
        self.profiles: list[tuple[int, int]] = [(0, 0)]
        self._profile = prefilter.profile if prefilter else None
        self._least = prefilter.least(comparison.levels[-1]) if prefilter else 0.0
        self._needs: dict[int, list[int]] = {}
        self._longest = 0

    def __missing__(self, text: str) -> int:
        value = self[text] = len(self.texts)
        self.texts.append(text)
        if self._profile:
            profile = self._profile(text)
            self.profiles.append(profile)
            if profile[1] > self._longest:
                self._longest = profile[1]
                self._needs.clear()
        return value

    def profile(self, text: str) -> tuple[int, int]:
        """The marks and the size of any text; a new one is not kept."""
        value = self.get(text)
        if value is not None:
            return self.profiles[value]
        return self._profile(text) if self._profile else (0, 0)

    def need(self, size: int) -> list[int]:
        """How many marks a text of `size` must share with one of each size to come into question."""
        need = self._needs.get(size)
        if need is None:
            least = self._least
            need = [ceil(least / (1 / size + 1 / other)) for other in range(1, self._longest + 1)]
            need = self._needs[size] = [_NEVER, *need]
        return need


class Column:
    """The values of one compared field: interned, with what the comparator needs to know of each."""

    def __init__(self, comparison: Comparison, shift: int) -> None:
        self.comparison = comparison
        self.shift = shift
        self.mask = CODE_MASK << shift
        self.different = len(comparison.levels) + 1 << shift
        self.values = Vocabulary(comparison)
        self.ids: list[int] = []
        self.counts = [0]
        self._filtered = comparison.comparator.prefilter is not None
        self._marks: list[int] = []
        self._sizes: list[int] = []
        self._gains: dict[str, dict[int, int]] = {}

    def append(self, text: str) -> None:
        """Add the next row's cleaned value."""
        value = self.values[text]
        if value == len(self.counts):
            self.counts.append(0)
        self.counts[value] += 1
        self.ids.append(value)
        if self._filtered:
            marks, size = self.values.profiles[value]
            self._marks.append(marks)
            self._sizes.append(size)

    def improve(self, text: str, others: Sequence[int], pick: Pick, patterns: list[int]) -> None:
        """Lift the codes of the rows at `others` from "different" to the level their value reaches against `text`."""
        ids, places = self.ids, range(len(others))
        if self._filtered:
            marks, size = self.values.profile(text)
            shared = map(_count, map(marks.__and__, pick(self._marks)))
            may = compress(places, map(ge, shared, map(self.values.need(size).__getitem__, pick(self._sizes))))
        else:
            may = compress(places, pick(ids))
        gains = self._gains.get(text)
        if gains is None:
            gains = self._remembered(text)
        for place in may:
            value = ids[others[place]]
            gain = gains.get(value)
            if gain is None:
                gain = gains[value] = self._gain(text, self.values.texts[value])
            patterns[place] += gain

    def _remembered(self, text: str) -> dict[int, int]:
        value = self.values.get(text)
        if value is None:
            return {}
        gains = {value: (1 << self.shift) - self.different}
        if self.counts[value] > 1:
            self._gains[text] = gains
        return gains

    def _gain(self, a: str, b: str) -> int:
        alike = self.comparison.comparator.function(a, b)
        for at, level in enumerate(self.comparison.levels):
            if alike >= level:
                return (at + 1 << self.shift) - self.different
        return 0

    def forget(self) -> None:
        """Drop remembered value pairs."""
        self._gains.clear()


class _Swap:
    """Finds rows in which two fields' values stand exchanged."""

    def __init__(self, swap: SwapComparison, first: int, second: int, columns: Sequence[Column], shift: int) -> None:
        self.at_least = swap.at_least
        self.places = first, second
        self.columns = columns[first], columns[second]
        self.both_different = columns[first].different | columns[second].different
        self.mask = columns[first].mask | columns[second].mask
        self.bit = 1 << shift
        self.crossed: list[str] = []

    def append(self, texts: Sequence[str]) -> None:
        first, second = self.places
        self.crossed.append(texts[second][:1] + texts[first][:1])

    def apply(self, texts: Sequence[str], others: Sequence[int], crossed: Iterable[str], patterns: list[int]) -> None:
        a, b = (texts[place] for place in self.places)
        if not a or not b:
            return
        initials = a[0] + b[0]
        for place in compress(range(len(others)), map(initials.__eq__, crossed)):
            if patterns[place] & self.mask == self.both_different and self._alike(a, b, others[place]):
                patterns[place] = patterns[place] & ~self.mask | self.bit

    def _alike(self, a: str, b: str, other: int) -> bool:
        first, second = self.columns
        x, y = first.values.texts[first.ids[other]], second.values.texts[second.ids[other]]
        compare = first.comparison.comparator.function
        return compare(a, y) >= self.at_least and compare(b, x) >= self.at_least


class Columns:
    """All compared fields of many rows."""

    def __init__(self, spec: LinkageSpec) -> None:
        self.spec = spec
        self.columns = tuple(Column(each, CODE_BITS * at) for at, each in enumerate(spec.comparisons))
        at = {each.field: place for place, each in enumerate(spec.comparisons)}
        base = CODE_BITS * len(self.columns)
        self.swaps = tuple(
            _Swap(each, at[each.first], at[each.second], self.columns, base + place)
            for place, each in enumerate(spec.swaps)
        )
        self._cleaners = tuple((each.field, Memo(each.text)) for each in spec.comparisons)
        self._different: list[int] = []
        self._asked = 0

    def cleaned(self, row: Row) -> tuple[str, ...]:
        """A row's texts to compare, in the order of the comparisons."""
        get = row.get
        return tuple([memo[get(field)] for field, memo in self._cleaners])

    def append(self, texts: Sequence[str]) -> None:
        """Add the next row."""
        different = 0
        for column, text in zip(self.columns, texts, strict=True):
            column.append(text)
            if text:
                different |= column.different
        self._different.append(different)
        for swap in self.swaps:
            swap.append(texts)

    def patterns(self, texts: Sequence[str], others: Sequence[int]) -> list[int]:
        """The level patterns of one cleaned row against stored ones."""
        self._forget_after(len(others))
        if not others:
            return []
        pick = _picker(others)
        present = [(column, text) for column, text in zip(self.columns, texts, strict=True) if text]
        mask = sum([column.mask for column, _ in present])
        patterns = list(map(mask.__and__, pick(self._different)))
        for column, text in present:
            column.improve(text, others, pick, patterns)
        for swap in self.swaps:
            swap.apply(texts, others, pick(swap.crossed), patterns)
        return patterns

    def _forget_after(self, pairs: int) -> None:
        self._asked += pairs
        if self._asked > _MEMO_PAIRS:
            self._asked = 0
            for column in self.columns:
                column.forget()


def _picker(places: Sequence[int]) -> Pick:
    if len(places) > 1:
        return cast(Pick, itemgetter(*places))
    only = places[0]
    return lambda values: (values[only],)
