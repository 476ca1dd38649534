"""Small changes for the tests of the kit, and everything that a store holds, to be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from attrs import evolve

from leadflow.engine.rooms import TABLES
from leadflow.matching.state import MatchKey
from leadflow.model.decisions import Recorded, Scored
from leadflow.model.records import Input
from leadflow.ports.store import ChangeSet, Scan, Store
from leadflow.room import Key

KEY: Key = ("matchkey", "k")


def marked(*ids: str, version: int = 1, key: str = "k") -> MatchKey:
    """The row of a match key that is held by these contacts."""
    return MatchKey(key, tuple((id_, id_) for id_ in ids), version)


def seen(id_: str, at_us: int = 1, **more: Any) -> Input:
    """An interaction as it is kept."""
    return Input(id_, "interaction", at_us, 1, **{"kind": "page.visited", "subject": "c_1", **more})


def scored(id_: str, points: int = 1) -> Recorded:
    """A decision as it is kept."""
    return Recorded(id_, Scored(subject="c_1", model="m", points=points), 1, 1, id_.partition("#")[0], None, "d")


def put(
    store: Store,
    *rows: Any,
    drop: Iterable[Any] = (),
    inputs: Sequence[Input] = (),
    decisions: Sequence[Recorded] = (),
) -> None:
    """Commit rows as they are, having read what they replace; `drop` are rows that go."""
    going = [(row.table, row.id) for row in drop]
    new = {(row.table, row.id): row for row in rows}
    store.commit(ChangeSet(store.load([*new, *going]), new, frozenset(going), inputs, decisions))


def loaded(store: Store, *rows: Any) -> list[Any]:
    """What a store holds now under the ids of rows, in their order."""
    found = store.load([(row.table, row.id) for row in rows]).rows
    return [found[row.table, row.id] for row in rows]


def appended(store: Store, table: str) -> list[Any]:
    """Inputs or decisions in order of receipt, without their numbers: a store may leave gaps."""
    return [evolve(row, seq=0) for row in store.scan(Scan(table=table, order="seq"))]


def held(store: Store) -> dict[str, list[Any]]:
    """Everything that a store holds."""
    rows = {table.name: list(store.scan(Scan(table=table.name))) for table in TABLES if table.name != "input"}
    return {
        **{name: found for name, found in rows.items() if found},
        **{name: appended(store, name) for name in ("input", "decision")},
    }
