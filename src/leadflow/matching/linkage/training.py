"""From stored rows to match weights, without labels."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType

from attrs import evolve

from leadflow.matching.em import Estimate, Everything, Guess, Shares, Term, estimate
from leadflow.matching.linkage.columns import CODE_BITS, CODE_MASK, Column
from leadflow.matching.linkage.spec import Comparison
from leadflow.matching.linkage.stored import Stored
from leadflow.matching.weights import FieldWeights, Frequency, LevelWeight, Weights

_RANDOM_ROWS = 250
_RANDOM_OTHERS = 12
_SAME, _RELATED = 0.05, 0.05
"""First guess of the candidates' share that is the same, and that is related (and as many neighbours)."""
_HOLD_SAME = 0.5
_HOLD_RELATED = 0.4
_HOLD_NEIGHBOURS = 0.4
_DIFFERENT_BEFORE = 20.0
"""Random pairs that differ, thought to be seen before any is."""
_SWAPPED = 0.03, 0.001, 0.001, 0.00001
"""How often two fields are exchanged, by kind: same, related, neighbours, strangers."""


def learn(stored: Stored, counts: Counter[int], seed: int = 0) -> Weights:
    """Weights from the patterns of candidate pairs; how often strangers agree is read off frequencies and random pairs.

    Neighbours are first guessed by a round with only two kinds, the same as usual and strangers by chance: it tells what
    the candidates that are hardly the same have in common.
    """
    chance = _random_patterns(stored, seed)
    rows, columns = len(stored.texts), stored.columns.columns
    every = max(rows * (rows - 1) / 2, 1.0)
    codes = [_codes(column, chance) for column in columns] + [(every, every * _SWAPPED[3])] * len(stored.spec.swaps)
    terms = [_term(column, known) for column, known in zip(columns, codes, strict=False)]
    base = CODE_BITS * len(columns)
    swapped = tuple(Guess((1 - share, share), 0.1) for share in _SWAPPED)
    terms += [Term(base + at, 1, False, swapped) for at in range(len(stored.spec.swaps))]

    two = [evolve(term, guesses=(term.guesses[0], term.guesses[3])) for term in terms]
    met = estimate(counts, two, (_SAME, 1 - _SAME), rounds=1).shares[1]
    terms = [_with_neighbours(*each) for each in zip(terms, met, strict=True)]
    first = counts.total() / every
    kinds = (_SAME * first, _RELATED * first, _RELATED * first, 1 - (_SAME + 2 * _RELATED) * first)
    return _weights(stored, estimate(counts, terms, kinds, Everything(every, tuple(codes))))


def _random_patterns(stored: Stored, seed: int) -> Counter[int]:
    order = stored.shuffled(seed)
    rows, counts = len(order), Counter[int]()
    for at in range(min(_RANDOM_ROWS, rows)):
        steps = {(at * 7 + 1 + step * (rows // _RANDOM_OTHERS + 1)) % rows for step in range(_RANDOM_OTHERS)}
        others = [order[(at + step) % rows] for step in sorted(steps - {0})]
        counts.update(stored.columns.patterns(stored.texts[order[at]], others))
    return counts


def _codes(column: Column, random_pairs: Counter[int]) -> Shares:
    """How many of all pairs have each code: equal values are counted, near ones projected from random pairs."""
    filled = sum(column.counts[1:])
    pairs, equal = filled * (filled - 1) / 2, sum(count * (count - 1) / 2 for count in column.counts[1:])
    near = len(column.comparison.levels) - 1
    seen = [0.0] * near
    total = _DIFFERENT_BEFORE
    for pattern, count in random_pairs.items():
        code = pattern >> column.shift & CODE_MASK
        total += count if code else 0
        if 1 < code < near + 2:
            seen[code - 2] += count
    projected = [(count + 1 / (near + 2)) / total * pairs for count in seen]
    return (0.0, equal, *projected, max(pairs - equal - sum(projected), 0.0))


def _term(column: Column, codes: Shares) -> Term:
    """The first guesses of one comparison: same, related, (neighbours as strangers,) strangers."""
    comparison = column.comparison
    floored = [max(count, 0.5) for count in codes[1:]]
    total = sum(floored)
    same, strangers = _usual(comparison), (0.0, *(count / total for count in floored))
    related = tuple(comparison.shared * a + (1 - comparison.shared) * b for a, b in zip(same, strangers, strict=True))
    held = _HOLD_RELATED if comparison.shared else 1.0
    by_chance = Guess(strangers)
    return Term(column.shift, CODE_MASK, True, (Guess(same, _HOLD_SAME), Guess(related, held), by_chance, by_chance))


def _with_neighbours(term: Term, shares: Shares) -> Term:
    same, related, _, strangers = term.guesses
    return evolve(term, guesses=(same, related, Guess(shares, _HOLD_NEIGHBOURS), strangers))


def _usual(comparison: Comparison) -> Shares:
    """The same records: `usual` of them agree exactly, the rest is near or different by halves."""
    near, rest = len(comparison.levels) - 1, 1 - comparison.usual
    if not near:
        return (0.0, comparison.usual, rest)
    return (0.0, comparison.usual, *[rest / 2 / near] * near, rest / 2)


def _weights(stored: Stored, found: Estimate) -> Weights:
    spec = stored.spec
    named = [(each.field, each.names) for each in spec.comparisons] + [(each.field, each.names) for each in spec.swaps]
    return Weights(
        spec=spec,
        same=found.kinds[0],
        different=found.kinds[1:],
        fields=tuple(
            FieldWeights(field, tuple(map(LevelWeight, names, *[shares[at] for shares in found.shares])))
            for at, (field, names) in enumerate(named)
        ),
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
