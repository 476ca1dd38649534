"""The weight of pairs from their patterns, each pattern weighed once."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import field, frozen

from leadflow.matching.weights import Evidence, Explanation, Outcome, Weights, bits, probability

_MEMO_PATTERNS = 500_000


@frozen
class Score:
    """How strongly a pair is the same, and why; the reasons are worked out when asked for.

    `added` is what the frequency of agreed values adds to the level pattern's weight, by field.
    """

    weight: float
    pattern: int
    added: tuple[float, ...]
    weights: Weights = field(repr=False, eq=False)

    @property
    def probability(self) -> float:
        """The chance that both are the same, 0..1."""
        return probability(self.weight)

    @property
    def outcome(self) -> Outcome:
        """Same, ask or different."""
        return self.weights.outcome(self.weight)

    @property
    def explanation(self) -> Explanation:
        """The contribution of each field."""
        return self.weights.explanation(self.pattern, self.added)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The contribution of each field, without the sum."""
        return self.explanation.evidence


class Scorer:
    """Weighs pairs under fixed weights."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.ask_bits = bits(weights.spec.ask_at)
        self._by_pattern = _PatternWeights(weights)
        self._adjusts = any(weights.frequencies)

    def score(self, pattern: int, left: Sequence[str], right: Sequence[str]) -> Score:
        """The score of two cleaned rows with this pattern."""
        added = self.weights.by_frequency(pattern, left, right) if self._adjusts else ()
        return Score(sum(added, self._by_pattern[pattern][0]), pattern, added, self.weights)

    def hopeful(self, patterns: Sequence[int]) -> list[int]:
        """The places of the patterns that may reach the lower threshold."""
        least = self.ask_bits
        found = map(self._by_pattern.__getitem__, patterns)
        return [at for at, (_, most) in enumerate(found) if most >= least]


class _PatternWeights(dict[int, tuple[float, float]]):
    """The weight of each pattern, and the most it can be with rare values."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def __missing__(self, pattern: int) -> tuple[float, float]:
        if len(self) > _MEMO_PATTERNS:
            self.clear()
        weight = self._weights.of_pattern(pattern)
        rare = zip(self._weights.frequencies, self._weights.codes(pattern), strict=False)
        most = sum((each.most_bits for each, code in rare if each is not None and code == 1), weight)
        pair = self[pattern] = weight, most
        return pair
