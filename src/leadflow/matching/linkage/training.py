"""From stored rows to match weights, without labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from types import MappingProxyType

from leadflow.matching.em import Estimate, Term, estimate, level_weights
from leadflow.matching.linkage.columns import CODE_BITS, CODE_MASK, Column
from leadflow.matching.linkage.spec import Comparison
from leadflow.matching.linkage.stored import Stored
from leadflow.matching.weights import FieldWeights, Frequency, LevelWeight, Weights

_RANDOM_ROWS = 250
_RANDOM_OTHERS = 12
_SWAPPED_AMONG_SAME = 0.03
_SWAPPED_BY_CHANCE = 1e-4


def learn(stored: Stored, counts: Counter[int], seed: int = 0) -> Weights:
    """Weights from the patterns of candidate pairs; chance agreement is first guessed from random pairs."""
    terms = _terms(stored, _random_patterns(stored, seed))
    pairs = sum(counts.values())
    share = min(0.3, max(0.01, 0.1 * len(stored.texts) / pairs)) if pairs else 0.1
    found = estimate(counts, terms, share=share)
    return _weights(stored, terms, found)


def _random_patterns(stored: Stored, seed: int) -> Counter[int]:
    order = stored.shuffled(seed)
    rows, counts = len(order), Counter[int]()
    for at in range(min(_RANDOM_ROWS, rows)):
        steps = {(at * 7 + 1 + step * (rows // _RANDOM_OTHERS + 1)) % rows for step in range(_RANDOM_OTHERS)}
        others = [order[(at + step) % rows] for step in sorted(steps - {0})]
        counts.update(stored.columns.patterns(stored.texts[order[at]], others))
    return counts


def _terms(stored: Stored, random_pairs: Counter[int]) -> list[Term]:
    terms = []
    for column in stored.columns.columns:
        comparison, shift = column.comparison, column.shift
        near = len(comparison.levels) - 1
        rest = 1 - comparison.usual
        different = rest / 2 if near else rest
        m = (0.0, comparison.usual, *[rest / 2 / max(near, 1)] * near, different)
        seen = [1.0 + near] * (near + 2)
        seen[-1] += 20.0
        for pattern, count in random_pairs.items():
            code = pattern >> shift & CODE_MASK
            if code:
                seen[code - 1] += count
        total = sum(seen)
        terms.append(Term(shift, CODE_MASK, True, m, (0.0, *(each / total for each in seen))))
    base = CODE_BITS * len(terms)
    for at in range(len(stored.spec.swaps)):
        m, u = _SWAPPED_AMONG_SAME, _SWAPPED_BY_CHANCE
        terms.append(Term(base + at, 1, False, (1 - m, m), (1 - u, u)))
    return terms


def _weights(stored: Stored, terms: list[Term], found: Estimate) -> Weights:
    spec = stored.spec
    fields = []
    for at, each in enumerate((*spec.comparisons, *spec.swaps)):
        scores = level_weights(terms[at], found.m[at], found.u[at])
        levels = tuple(map(LevelWeight, each.names, found.m[at], found.u[at], scores))
        fields.append(FieldWeights(each.field, levels))
    frequencies = tuple(_frequency(column) for column in stored.columns.columns)
    return Weights(spec, found.prior, tuple(fields), frequencies, found.rounds)


def _frequency(column: Column) -> Frequency | None:
    if not column.comparison.by_frequency:
        return None
    counts = dict(zip(column.values.texts[1:], column.counts[1:], strict=True))
    total = sum(counts.values())
    pairs = sum(count * count for count in counts.values())
    return Frequency(MappingProxyType(counts), total, pairs / (total * total)) if total else None
