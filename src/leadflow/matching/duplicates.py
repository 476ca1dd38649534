"""Which rows are the same person or company: unsupervised, with reasons, in one call.

report = find_duplicates(rows, contact_spec())
report.clusters      # rows to merge
report.ask           # pairs for a human
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from attrs import frozen

from leadflow.matching.linkage.clusters import grouped
from leadflow.matching.linkage.scores import Score, Scorer
from leadflow.matching.linkage.spec import LinkageSpec, Row
from leadflow.matching.linkage.stored import Stored
from leadflow.matching.linkage.training import learn
from leadflow.matching.weights import Evidence, Outcome, Weights

HELD_PAIRS = 1_000_000
"""Candidate pairs that are held in memory, some 50 bytes each, and learnt from."""
_LISTED_COPIES = 10
"""Of more equal rows than these, each further one is listed only beside the first."""
Scanned = tuple[int, list[int], list[int]]


@frozen
class Pair:
    """Two rows by their places in the input, `left` < `right`, and how strongly they are the same.

    A copy (all compared values equal) is the same whatever it weighs.
    """

    left: int
    right: int
    score: Score
    is_copy: bool = False

    @property
    def weight(self) -> float:
        """In bits: log2 of the odds that both are the same."""
        return self.score.weight

    @property
    def probability(self) -> float:
        """The chance that both are the same, 0..1."""
        return self.score.probability

    @property
    def outcome(self) -> Outcome:
        """Same or ask; different pairs are not listed."""
        return Outcome.SAME if self.is_copy else self.score.outcome

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What each field contributed."""
        return self.score.evidence


@frozen(kw_only=True)
class DuplicateReport:
    """What was found: rows are named by their place in the input.

    `pairs` are listed strongest first, `clusters` hold the rows to merge, `conflicts` the same pairs that were not
    followed because the groups they would join disagree. Equal rows are compared once; of many copies only some are listed in
    `pairs`, all are in `clusters`. `compared` counts the pairs that were compared in full.
    """

    pairs: tuple[Pair, ...]
    clusters: tuple[tuple[int, ...], ...]
    conflicts: tuple[tuple[int, int], ...]
    weights: Weights
    compared: int
    blocks_refined: int
    blocks_skipped: int

    @property
    def same(self) -> tuple[Pair, ...]:
        """Pairs above the upper threshold."""
        return tuple(pair for pair in self.pairs if pair.outcome is Outcome.SAME)

    @property
    def ask(self) -> tuple[Pair, ...]:
        """Pairs between the thresholds: somebody should look."""
        return tuple(pair for pair in self.pairs if pair.outcome is Outcome.ASK)


def find_duplicates(
    rows: Sequence[Row], spec: LinkageSpec, *, weights: Weights | None = None, seed: int = 0, held: int = HELD_PAIRS
) -> DuplicateReport:
    """Pairs and clusters of rows that are the same; weights are learnt from the rows unless given.

    The result does not depend on the order of the rows. Time grows with the candidate pairs, not with all pairs; where
    there are more than `held` of them, the weights are learnt from a sample of rows, chosen by content and `seed`, and
    no pair is kept that is not reported.

    >>> from leadflow.matching.linkage.specs import contact_spec
    >>> rows = [{"first_name": "Ana", "email": "ana@a.si"}, {"first_name": "Bo"}, {"first_name": "ana", "email": "ANA@a.si"}]
    >>> find_duplicates(rows, contact_spec()).clusters
    ((0, 2),)
    """
    stored, copies = _distinct(rows, spec)
    scanned: Iterable[Scanned] | None = None
    if weights is None:
        scanned = _scan(stored, held)
        weights = learn(stored, _training_counts(stored, scanned, seed, held), seed)
    scorer = Scorer(weights)
    compared, found = 0, []
    for left, others, patterns in stored.pairs() if scanned is None else scanned:
        compared += len(others)
        for at in scorer.hopeful(patterns):
            right = others[at]
            score = scorer.score(patterns[at], stored.texts[left], stored.texts[right])
            if score.weight >= scorer.ask_bits:
                found.append((left, right, score))
    return _report(stored, copies, scorer, found, compared)


def learn_weights(rows: Sequence[Row], spec: LinkageSpec, *, seed: int = 0, held: int = HELD_PAIRS) -> Weights:
    """The weights that `find_duplicates` would use for these rows, e.g. to keep them for single arrivals."""
    stored, _ = _distinct(rows, spec)
    return learn(stored, _training_counts(stored, _scan(stored, held), seed, held), seed)


def _distinct(rows: Sequence[Row], spec: LinkageSpec) -> tuple[Stored, list[list[int]]]:
    """The rows without copies, and the places of each one's copies in the input. A row of nothing is nobody's copy."""
    stored = Stored(spec)
    known: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
    copies: list[list[int]] = []
    for place, row in enumerate(rows):
        texts, views = stored.read(row)
        position = known.setdefault((texts, views), len(copies))
        if position == len(copies) or not any(texts):
            stored.keep(texts, views)
            copies.append([place])
        else:
            copies[position].append(place)
    return stored, copies


def _scan(stored: Stored, most: int) -> list[Scanned] | None:
    """All candidate pairs with their patterns; None when they are too many to hold."""
    scanned, pairs = [], 0
    for each in stored.pairs():
        scanned.append(each)
        pairs += len(each[1])
        if pairs > most:
            return None
    return scanned


def _training_counts(stored: Stored, scanned: list[Scanned] | None, seed: int, most: int) -> Counter[int]:
    counts = Counter[int]()
    if scanned is not None:
        for _, _, patterns in scanned:
            counts.update(patterns)
        return counts
    pairs = 0
    for position in stored.shuffled(seed):  # a sample of rows, each with all its candidates
        patterns = stored.patterns_near(position)
        counts.update(patterns)
        pairs += len(patterns)
        if pairs > most:
            break
    return counts


def _report(
    stored: Stored, copies: list[list[int]], scorer: Scorer, found: list[tuple[int, int, Score]], compared: int
) -> DuplicateReport:
    weights = scorer.weights
    rank = {at: place for place, at in enumerate(stored.ranked({at for pair in found for at in pair[:2]}))}
    found.sort(key=lambda pair: (-pair[2].weight, *sorted((rank[pair[0]], rank[pair[1]]))))
    same = [(left, right) for left, right, score in found if score.outcome is Outcome.SAME]

    def cross_weights(left: int, others: Sequence[int]) -> list[float]:
        texts = stored.texts
        patterns = stored.columns.patterns(texts[left], others)
        return [
            scorer.score(pattern, texts[left], texts[right]).weight
            for pattern, right in zip(patterns, others, strict=True)
        ]

    groups, conflicts = grouped(same, cross_weights, scorer.ask_bits)
    places = [[place for at in group for place in copies[at]] for group in groups]
    grouped_rows = {at for group in groups for at in group}
    places += [copied for at, copied in enumerate(copies) if len(copied) > 1 and at not in grouped_rows]
    pairs = [pair for left, right, score in found for pair in _pairs(copies[left], copies[right], score)]
    refined, skipped = stored.blocks.above_cap()
    return DuplicateReport(
        pairs=(*_copy_pairs(stored, copies, scorer), *pairs),
        clusters=tuple(sorted(tuple(sorted(group)) for group in places)),
        conflicts=tuple((copies[left][0], copies[right][0]) for left, right in conflicts),
        weights=weights,
        compared=compared,
        blocks_refined=refined,
        blocks_skipped=skipped,
    )


def _pairs(left: Sequence[int], right: Sequence[int], score: Score) -> list[Pair]:
    some = [(a, b) for a in left[:_LISTED_COPIES] for b in right[:_LISTED_COPIES]]
    return [Pair(min(pair), max(pair), score) for pair in some]


def _copy_pairs(stored: Stored, copies: list[list[int]], scorer: Scorer) -> list[Pair]:
    pairs = []
    for at, places in enumerate(copies):
        if len(places) > 1:
            texts = stored.texts[at]
            (pattern,) = stored.columns.patterns(texts, [at])
            score = scorer.score(pattern, texts, texts)
            listed = places[:_LISTED_COPIES]
            pairs += [
                Pair(first, copy, score, is_copy=True) for n, first in enumerate(listed) for copy in listed[n + 1 :]
            ]
            pairs += [Pair(listed[0], copy, score, is_copy=True) for copy in places[_LISTED_COPIES:]]
    return pairs
