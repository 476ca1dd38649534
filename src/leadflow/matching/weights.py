"""Match weights after Fellegi and Sunter: how much each agreement speaks for "the same record", in bits.

Against one kind of different pairs, a level weighs log2(m / u): its share among the same over its share among the
different. There are two kinds, strangers and related records; a pair is weighed against both, as likely as each is:

    weight = log2( P(same) prod(m) / ( P(related) prod(u_related) + P(stranger) prod(u_stranger) ) )

One bit more doubles the odds that both are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from math import log2

from attrs import field, frozen

from leadflow.matching.linkage.columns import CODE_BITS, CODE_MASK, Columns
from leadflow.matching.linkage.spec import LinkageSpec, Row

_MOST_BITS = 200.0


class Outcome(StrEnum):
    """What is to be done with a pair."""

    SAME = "same"
    ASK = "ask"
    DIFFERENT = "different"


class Alternative(StrEnum):
    """What two different records may be to each other."""

    RELATED = "related"
    STRANGER = "stranger"


@frozen
class LevelWeight:
    """One level of one comparison: its share among the same (`m`), strangers (`u`) and related pairs (`u_related`)."""

    name: str
    m: float
    u: float
    u_related: float

    @property
    def weight(self) -> float:
        """Bits against a stranger; 0 for a level that says nothing."""
        return log2(self.m / self.u) if self.m and self.u else 0.0

    @property
    def weight_related(self) -> float:
        """Bits against a related record; 0 for a level that says nothing."""
        return log2(self.m / self.u_related) if self.m and self.u_related else 0.0


@frozen
class FieldWeights:
    """The levels of one comparison by code, best first; level 0 is missing (or, for a swap, in place)."""

    field: str
    levels: tuple[LevelWeight, ...]


@frozen
class Evidence:
    """What one comparison said of a pair. It names the level and never a value."""

    field: str
    level: str
    weight: float


@frozen
class Explanation:
    """Why a pair weighs what it weighs: `prior` plus the evidences' weights is `weight`.

    `against` is the likelier thing the two would be if they were different; the weights are taken against both,
    as likely as each is, and `prior` holds the odds before any field is looked at.
    """

    weight: float
    probability: float
    outcome: Outcome
    against: Alternative
    prior: float
    evidence: tuple[Evidence, ...]


@frozen
class Frequency:
    """How common the values of a field are: rows by value, rows in all, and the chance that two rows agree."""

    counts: Mapping[str, int] = field(repr=False)
    total: int
    chance: float

    def bits(self, text: str) -> float:
        """What agreement on this very value weighs more than agreement on a usual one."""
        return log2(self.chance * self.total / max(self.counts.get(text, 0), 1))

    @property
    def most_bits(self) -> float:
        """What agreement on a value that occurs once adds."""
        return max(log2(self.chance * self.total), 0.0)


@frozen(kw_only=True)
class Weights:
    """All weights of one linkage. `fields` follow the spec's comparisons, then its swaps.

    `same`, `related` and `strangers` are the kinds' shares of the candidate pairs.
    """

    spec: LinkageSpec
    same: float
    related: float
    strangers: float
    fields: tuple[FieldWeights, ...]
    frequencies: tuple[Frequency | None, ...] = ()
    rounds: int = 0
    _bits: tuple[tuple[tuple[float, float], ...], ...] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        bits = tuple(tuple((level.weight, level.weight_related) for level in each.levels) for each in self.fields)
        object.__setattr__(self, "_bits", bits)

    def codes(self, pattern: int) -> Iterator[int]:
        """The level codes of a pattern, by field."""
        fields = len(self.spec.comparisons)
        for at in range(fields):
            yield pattern >> CODE_BITS * at & CODE_MASK
        for at in range(len(self.spec.swaps)):
            yield pattern >> CODE_BITS * fields + at & 1

    def against(self, pattern: int) -> tuple[float, float]:
        """The weight of a level pattern against strangers and against related records alone."""
        stranger, related = log2(self.same / self.strangers), log2(self.same / self.related)
        for bits, code in zip(self._bits, self.codes(pattern), strict=True):
            stranger += bits[code][0]
            related += bits[code][1]
        return stranger, related

    def of_pattern(self, pattern: int) -> float:
        """The weight of a level pattern, before the frequency of its values."""
        stranger, related = self.against(pattern)
        least = min(stranger, related)
        return least - log2(2.0 ** (least - stranger) + 2.0 ** (least - related))

    def by_frequency(self, pattern: int, left: Sequence[str], right: Sequence[str]) -> tuple[float, ...]:
        """What the frequency of the agreed values adds, by comparison."""
        added = []
        for at, frequency in enumerate(self.frequencies):
            if frequency is not None and pattern >> CODE_BITS * at & CODE_MASK == 1:
                added.append(min(frequency.bits(left[at]), frequency.bits(right[at])))
            else:
                added.append(0.0)
        return tuple(added)

    def outcome(self, weight: float) -> Outcome:
        """Same, ask or different, by the spec's thresholds."""
        chance = probability(weight)
        if chance >= self.spec.same_at:
            return Outcome.SAME
        return Outcome.ASK if chance >= self.spec.ask_at else Outcome.DIFFERENT

    def explanation(self, pattern: int, added: Sequence[float] = ()) -> Explanation:
        """The evidence behind a pattern's weight."""
        stranger, related = self.against(pattern)
        odds = 1.0 - probability(stranger - related)  # how likely a different pair like this one is a stranger
        weight = sum(added, self.of_pattern(pattern))
        extra = (*added, *[0.0] * (len(self.fields) - len(added)))
        evidence = tuple(
            Evidence(each.field, each.levels[code].name, bits[code][0] * odds + bits[code][1] * (1.0 - odds) + more)
            for each, bits, code, more in zip(self.fields, self._bits, self.codes(pattern), extra, strict=True)
        )
        return Explanation(
            weight=weight,
            probability=probability(weight),
            outcome=self.outcome(weight),
            against=Alternative.STRANGER if odds >= 0.5 else Alternative.RELATED,
            prior=weight - sum(each.weight for each in evidence),
            evidence=evidence,
        )

    @property
    def inversions(self) -> tuple[str, ...]:
        """Fields where a better level weighs less than a worse one: a hint that a comparison's levels do not fit."""
        compared = self.fields[: len(self.spec.comparisons)]
        return tuple(each.field for each in compared if any(a.weight < b.weight for a, b in pairwise(each.levels[1:])))


def explain(weights: Weights, left: Row, right: Row) -> Explanation:
    """Compare two rows and say what each field contributed; a field that a row lacks weighs nothing."""
    columns = Columns(weights.spec)
    texts = columns.cleaned(left), columns.cleaned(right)
    columns.append(texts[1])
    (pattern,) = columns.patterns(texts[0], [0])
    return weights.explanation(pattern, weights.by_frequency(pattern, *texts))


def probability(weight: float) -> float:
    """The chance that a pair of this weight is the same record.

    >>> probability(0.0), round(probability(10.0), 4), probability(-5000.0)
    (0.5, 0.999, 0.0)
    """
    if weight > _MOST_BITS:
        return 1.0
    return 0.0 if weight < -_MOST_BITS else 1.0 / (1.0 + 2.0**-weight)


def bits(chance: float) -> float:
    """The weight at which the chance is reached; 0 < chance < 1.

    >>> bits(0.5), round(probability(bits(0.9)), 12)
    (0.0, 0.9)
    """
    return log2(chance / (1.0 - chance))
