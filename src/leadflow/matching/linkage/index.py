"""One arrival against many stored records: the candidates, scored."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from leadflow.matching.linkage.scores import Score, Scorer
from leadflow.matching.linkage.spec import Row
from leadflow.matching.linkage.stored import Stored
from leadflow.matching.weights import Evidence, Outcome, Weights


@frozen
class Candidate:
    """A stored record that may be the arrival; `position` is what `Index.add` returned.

    A copy (all compared values equal) is the same whatever it weighs.
    """

    position: int
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
        """Same or ask; different records are not listed."""
        return Outcome.SAME if self.is_copy else self.score.outcome

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What each field contributed."""
        return self.score.evidence


class Index:
    """Stored records that grow one by one, under weights that stay fixed.

    >>> from leadflow.matching.duplicates import learn_weights
    >>> from leadflow.matching.linkage.specs import contact_spec
    >>> rows = [{"first_name": "Ana", "email": "ana@a.si"}, {"first_name": "Bo", "email": "bo@b.si"}]
    >>> index = Index(learn_weights(rows, contact_spec()), rows)
    >>> [candidate.position for candidate in index.candidates({"first_name": "Anna", "email": "ana@a.si"})]
    [0]
    """

    def __init__(self, weights: Weights, rows: Iterable[Row] = ()) -> None:
        self._scorer = Scorer(weights)
        self._stored = Stored(weights.spec)
        self._removed: set[int] = set()
        for row in rows:
            self.add(row)

    def __len__(self) -> int:
        return len(self._stored.texts) - len(self._removed)

    @property
    def weights(self) -> Weights:
        """The weights all arrivals are scored with."""
        return self._scorer.weights

    def add(self, row: Row) -> int:
        """Store a record; returns its position."""
        return self._stored.keep(*self._stored.read(row))

    def remove(self, position: int) -> None:
        """Never offer this record again; what changed is removed and added anew."""
        self._removed.add(position)

    def candidates(self, row: Row) -> list[Candidate]:
        """Stored records that are or may be the same as `row`, strongest first."""
        stored, scorer = self._stored, self._scorer
        texts, views = stored.read(row)
        others = stored.blocks.near(views)
        if self._removed:
            others = [other for other in others if other not in self._removed]
        patterns = stored.columns.patterns(texts, others)
        found = []
        for at in scorer.hopeful(patterns):
            other = others[at]
            score = scorer.score(patterns[at], texts, stored.texts[other])
            is_copy = texts == stored.texts[other] and views == stored.blocks.seen(other)
            if is_copy or score.weight >= scorer.ask_bits:
                found.append(Candidate(other, score, is_copy))
        found.sort(key=lambda each: (not each.is_copy, -each.score.weight, each.position))
        return found
