"""From stored rows to match weights, without labels."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType

from attrs import evolve

from leadflow.matching.em import Estimate, Guess, Shares, Term, estimate
from leadflow.matching.linkage.columns import CODE_BITS, CODE_MASK, Column
from leadflow.matching.linkage.spec import Comparison
from leadflow.matching.linkage.stored import Stored
from leadflow.matching.weights import FieldWeights, Frequency, LevelWeight, Weights

_RANDOM_ROWS = 250
_RANDOM_OTHERS = 12
_KINDS = (0.05, 0.05, 0.9)
"""First guess of the shares of same, related and strangers among the candidates."""
_HOLD_SAME = 0.25
_HOLD_RELATED = 0.25
_HOLD_STRANGERS = 0.1
_DIFFERENT_BEFORE = 20.0
"""Random pairs that differ, thought to be seen before any is."""
_SWAPPED = 0.03, 0.001, 0.0001
"""How often two fields are exchanged, by kind."""


def learn(stored: Stored, counts: Counter[int], seed: int = 0) -> Weights:
    """Weights from the patterns of candidate pairs; chance agreement is first guessed from random pairs.

    Candidates share keys, so strangers among them agree more than random pairs do: a first round, with the same records
    as usual and chance as the alternative, tells what is left for strangers.
    """
    chance = _random_patterns(stored, seed)
    apart = [_apart(column, chance) for column in stored.columns.columns]
    base = CODE_BITS * len(apart)
    swapped = [Term(base + at, 1, False, tuple(map(_swapped, _SWAPPED))) for at in range(len(stored.spec.swaps))]
    two = [evolve(term, guesses=(term.guesses[0], term.guesses[2])) for term in (*apart, *swapped)]
    strangers = estimate(counts, two, (_KINDS[0], 1 - _KINDS[0]), rounds=1).shares[1]
    terms = [
        evolve(term, guesses=(*term.guesses[:2], Guess(shares, _HOLD_STRANGERS)))
        for term, shares in zip((*apart, *swapped), strangers, strict=True)
    ]
    return _weights(stored, estimate(counts, terms, _KINDS))


def _random_patterns(stored: Stored, seed: int) -> Counter[int]:
    order = stored.shuffled(seed)
    rows, counts = len(order), Counter[int]()
    for at in range(min(_RANDOM_ROWS, rows)):
        steps = {(at * 7 + 1 + step * (rows // _RANDOM_OTHERS + 1)) % rows for step in range(_RANDOM_OTHERS)}
        others = [order[(at + step) % rows] for step in sorted(steps - {0})]
        counts.update(stored.columns.patterns(stored.texts[order[at]], others))
    return counts


def _apart(column: Column, chance: Counter[int]) -> Term:
    """The first guesses of one comparison: same, related, strangers by chance."""
    comparison = column.comparison
    same, by_chance = _usual(comparison), _by_chance(column, chance)
    related = tuple(comparison.shared * a + (1 - comparison.shared) * b for a, b in zip(same, by_chance, strict=True))
    held = _HOLD_RELATED if comparison.shared else 1.0
    return Term(column.shift, CODE_MASK, True, (Guess(same, _HOLD_SAME), Guess(related, held), Guess(by_chance)))


def _swapped(share: float) -> Guess:
    return Guess((1 - share, share), _HOLD_RELATED)


def _usual(comparison: Comparison) -> Shares:
    """The same records: `usual` of them agree exactly, the rest is near or different by halves."""
    near, rest = len(comparison.levels) - 1, 1 - comparison.usual
    if not near:
        return (0.0, comparison.usual, rest)
    return (0.0, comparison.usual, *[rest / 2 / near] * near, rest / 2)


def _by_chance(column: Column, random_pairs: Counter[int]) -> Shares:
    levels = len(column.comparison.levels)
    seen = [1 / (levels + 1)] * levels + [_DIFFERENT_BEFORE]
    for pattern, count in random_pairs.items():
        code = pattern >> column.shift & CODE_MASK
        if code:
            seen[code - 1] += count
    total = sum(seen)
    return (0.0, *(each / total for each in seen))


def _weights(stored: Stored, found: Estimate) -> Weights:
    spec = stored.spec
    same, related, strangers = found.shares
    fields = []
    named = [(each.field, each.names) for each in spec.comparisons] + [(each.field, each.names) for each in spec.swaps]
    for at, (field, names) in enumerate(named):
        fields.append(FieldWeights(field, tuple(map(LevelWeight, names, same[at], strangers[at], related[at]))))
    return Weights(
        spec=spec,
        same=found.kinds[0],
        related=found.kinds[1],
        strangers=found.kinds[2],
        fields=tuple(fields),
        frequencies=tuple(_frequency(column) for column in stored.columns.columns),
        rounds=found.rounds,
    )


def _frequency(column: Column) -> Frequency | None:
    if not column.comparison.by_frequency:
        return None
    counts = dict(zip(column.values.texts[1:], column.counts[1:], strict=True))
    total = sum(counts.values())
    pairs = sum(count * count for count in counts.values())
    return Frequency(MappingProxyType(counts), total, pairs / (total * total)) if total else None
