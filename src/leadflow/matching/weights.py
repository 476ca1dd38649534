"""Match weights after Fellegi and Sunter: how much each agreement speaks for "the same record", in bits.

A pair's weight is the prior plus, for each comparison, log2(m / u) of the level it reached: one bit doubles the odds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from math import log2

from attrs import frozen

from leadflow.matching.linkage.columns import CODE_BITS, CODE_MASK, Columns
from leadflow.matching.linkage.spec import LinkageSpec, Row

_MOST_BITS = 200.0


class Outcome(StrEnum):
    """What is to be done with a pair."""

    SAME = "same"
    ASK = "ask"
    DIFFERENT = "different"


@frozen
class LevelWeight:
    """One level of one comparison: its share among the same (`m`) and among different pairs (`u`), and its weight in bits."""

    name: str
    m: float
    u: float
    weight: float


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
    """Why a pair weighs what it weighs; `prior` plus the evidences' weights is `weight`."""

    weight: float
    probability: float
    outcome: Outcome
    prior: float
    evidence: tuple[Evidence, ...]


@frozen
class Frequency:
    """How common the values of a field are: rows by value, rows in all, and the chance that two rows agree."""

    counts: Mapping[str, int]
    total: int
    chance: float

    def bits(self, text: str) -> float:
        """What agreement on this very value weighs more than agreement on a usual one."""
        return log2(self.chance * self.total / max(self.counts.get(text, 0), 1))

    @property
    def most_bits(self) -> float:
        """What agreement on a value that occurs once adds."""
        return max(log2(self.chance * self.total), 0.0)


@frozen
class Weights:
    """All weights of one linkage. `fields` follow the spec's comparisons, then its swaps."""

    spec: LinkageSpec
    prior: float
    fields: tuple[FieldWeights, ...]
    frequencies: tuple[Frequency | None, ...] = ()
    rounds: int = 0

    def codes(self, pattern: int) -> Iterator[int]:
        """The level codes of a pattern, by field."""
        fields = len(self.spec.comparisons)
        for at in range(fields):
            yield pattern >> CODE_BITS * at & CODE_MASK
        for at in range(len(self.spec.swaps)):
            yield pattern >> CODE_BITS * fields + at & 1

    def of_pattern(self, pattern: int) -> float:
        """The weight of a level pattern, before the frequency of its values."""
        return sum(
            (each.levels[code].weight for each, code in zip(self.fields, self.codes(pattern), strict=True)), self.prior
        )

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
        """Same, ask or different.

        The spec's thresholds are probabilities of the same record.
        """
        chance = probability(weight)
        if chance >= self.spec.same_at:
            return Outcome.SAME
        return Outcome.ASK if chance >= self.spec.ask_at else Outcome.DIFFERENT

    def explanation(self, pattern: int, added: Sequence[float] = ()) -> Explanation:
        """The evidence behind a pattern's weight."""
        extra = (*added, *[0.0] * (len(self.fields) - len(added)))
        evidence = tuple(
            Evidence(each.field, each.levels[code].name, each.levels[code].weight + more)
            for each, code, more in zip(self.fields, self.codes(pattern), extra, strict=True)
        )
        weight = sum((each.weight for each in evidence), self.prior)
        return Explanation(weight, probability(weight), self.outcome(weight), self.prior, evidence)


def explain(weights: Weights, left: Row, right: Row) -> Explanation:
    """Compare two rows and say what each field contributed.

    Errors: none; a field that a row lacks is missing and weighs nothing.
    """
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
