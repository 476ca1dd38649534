"""State as the fold of decisions over inputs: the law that a store is checked against, and how it is rebuilt."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leadflow.engine.planning.draft import Draft
from leadflow.engine.planning.rulebook import Rulebook
from leadflow.model.decisions import Recorded
from leadflow.model.records import Input
from leadflow.ports.store import Scan, Snapshot, Store

CACHES = frozenset({"score", "batch", "staged", "outbox", "setting", "recheck", "alert", "digest", "crmlink"})
"""Tables that are not decided alone: scores are measured from inputs, imports and delivery keep books."""


class _Everything(Draft):
    """A draft that knows all there is: what is not there does not exist."""

    __slots__ = ()

    def get(self, row: Any, id_: str) -> Any:
        """The row, or None."""
        return self.rows.get((row.table, id_))

    def find(self, row: Any, column: str, value: str) -> Any:
        """All rows with this value in a column, ordered by id."""
        found = [each for (name, _), each in self.rows.items() if name == row.table and each is not None]
        return tuple(sorted((each for each in found if getattr(each, column) == value), key=lambda each: each.id))

    def require(self, keys: Iterable[Any]) -> None:
        """Nothing is missing."""


def fold(inputs: Iterable[Input], decisions: Iterable[Recorded], rulebook: Rulebook) -> dict[tuple[str, str], Any]:
    """Every decided row, rebuilt from inputs and decisions alone."""
    draft = _Everything(Snapshot({}), rulebook.tables, rulebook.terms)
    for record in inputs:
        draft.rows["input", record.id] = record
    for recorded in decisions:
        for apply, rules in rulebook.applies.get(type(recorded.decision), ()):
            draft.put_all(apply(draft, recorded, rules))
    return {key: row for key, row in draft.put().items() if row is not None and key[0] not in CACHES}


def stored(store: Store, rulebook: Rulebook) -> dict[tuple[str, str], Any]:
    """Every decided row as the store has it."""
    return {
        (name, row.id): row
        for name in rulebook.tables
        if name not in CACHES and name != "input"
        for row in store.scan(Scan(table=name))
    }
