"""Match weights after Fellegi and Sunter: how much each agreement speaks for "the same record", in bits.

Against one kind of different pairs, a level weighs log2(m / u): its share among the same over its share among the
different. Different pairs are strangers, neighbours (they share more than chance, for whatever reason) or related (one
household, one company); a pair is weighed against all three, as likely as each is:

    weight = log2( P(same) prod(m) / sum over kinds of P(kind) prod(u of the kind) )

One bit more doubles the odds that both are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from math import log2
from operator import mul

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
    NEIGHBOUR = "neighbour"
    STRANGER = "stranger"


@frozen
class LevelWeight:
    """One level of one comparison: its share among the same (`m`) and among each kind of different pairs (`u...`)."""

    name: str
    m: float
    u_related: float
    u_neighbour: float
    u: float

    @property
    def weight(self) -> float:
        """Bits against a stranger; 0 for a level that says nothing."""
        return self.weights[-1]

    @property
    def weights(self) -> tuple[float, ...]:
        """Bits against each alternative, in the order of `Alternative`."""
        others = self.u_related, self.u_neighbour, self.u
        return tuple(log2(self.m / each) if self.m and each else 0.0 for each in others)


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

    `against` is what the two would most likely be if they were different; the weights are taken against all that they
    may be, as likely as each is, and `prior` holds the odds before any field is looked at.
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

    counts: Mapping[str, int] = field(repr=False, hash=False)
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

    `same` and `different` (in the order of `Alternative`) are the kinds' shares of all pairs of rows.
    """

    spec: LinkageSpec
    same: float
    different: tuple[float, ...]
    fields: tuple[FieldWeights, ...]
    frequencies: tuple[Frequency | None, ...] = ()
    rounds: int = 0
    _priors: tuple[float, ...] = field(init=False, repr=False, eq=False)
    _bits: tuple[tuple[tuple[float, ...], ...], ...] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_priors", tuple(log2(self.same / each) for each in self.different))
        object.__setattr__(self, "_bits", tuple(tuple(level.weights for level in each.levels) for each in self.fields))

    def codes(self, pattern: int) -> Iterator[int]:
        """The level codes of a pattern, by field."""
        fields = len(self.spec.comparisons)
        for at in range(fields):
            yield pattern >> CODE_BITS * at & CODE_MASK
        for at in range(len(self.spec.swaps)):
            yield pattern >> CODE_BITS * fields + at & 1

    def against(self, pattern: int) -> list[float]:
        """The weight of a level pattern against each alternative alone, in the order of `Alternative`."""
        codes = zip(self._bits, self.codes(pattern), strict=True)
        return list(map(sum, zip(self._priors, *[bits[code] for bits, code in codes], strict=True)))

    def of_pattern(self, pattern: int) -> float:
        """The weight of a level pattern, before the frequency of its values."""
        against = self.against(pattern)
        least = min(against)
        return least - log2(sum(2.0 ** (least - each) for each in against))

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
        against, weight = self.against(pattern), self.of_pattern(pattern)
        chances = [2.0 ** (weight - each) for each in against]  # which kind a different pair like this one is
        extra = (*added, *[0.0] * (len(self.fields) - len(added)))
        evidence = tuple(
            Evidence(each.field, each.levels[code].name, sum(map(mul, bits[code], chances)) + more)
            for each, bits, code, more in zip(self.fields, self._bits, self.codes(pattern), extra, strict=True)
        )
        weight = sum(added, weight)
        return Explanation(
            weight=weight,
            probability=probability(weight),
            outcome=self.outcome(weight),
            against=max(zip(chances, Alternative, strict=True))[1],
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
