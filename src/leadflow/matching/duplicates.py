"""Which rows are the same person or company: unsupervised, with reasons, in one call.

    report = find_duplicates(rows, contact_spec())
    report.clusters      # rows to merge
    report.ask           # pairs for a human
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

from leadflow.matching.linkage.clusters import Conflict, Edge, cluster
from leadflow.matching.linkage.spec import LinkageSpec, Row
from leadflow.matching.linkage.stored import Stored
from leadflow.matching.linkage.training import learn
from leadflow.matching.weights import Evidence, Explanation, Outcome, Weights, bits

_TRAINING_PAIRS = 1_000_000


@frozen
class Pair:
    """Two rows by their places in the input, `left` < `right`, and why they are thought the same."""

    left: int
    right: int
    explanation: Explanation

    @property
    def weight(self) -> float:
        """In bits: log2 of the odds that both are the same."""
        return self.explanation.weight

    @property
    def probability(self) -> float:
        """The chance that both are the same, 0..1."""
        return self.explanation.probability

    @property
    def outcome(self) -> Outcome:
        """Same or ask; different pairs are not listed."""
        return self.explanation.outcome

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What each field contributed."""
        return self.explanation.evidence


@frozen(kw_only=True)
class DuplicateReport:
    """What was found: rows are named by their place in the input.

    `clusters` hold the rows to merge, `conflicts` the same pairs that were not followed because the groups they join
    disagree. Equal rows are compared once: each later copy is paired with the first.
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
    rows: Sequence[Row], spec: LinkageSpec, *, weights: Weights | None = None, seed: int = 0
) -> DuplicateReport:
    """Pairs and clusters of rows that are the same; weights are learnt from the rows unless given."""
    raise NotImplementedError
