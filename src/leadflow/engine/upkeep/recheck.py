"""Rechecks: what a changed model means for everybody is worked off by ticks, in chunks, and goes on after an interruption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, ClassVar

from attrs import frozen

from leadflow.engine.upkeep.settings import Setting
from leadflow.errors import ConflictError
from leadflow.model.commands import Rescore
from leadflow.ports.store import ChangeSet, Scan, Store
from leadflow.room import Room, Table

_CHUNK = 500


@frozen
class Recheck:
    """A live model whose scores must be made anew: how far that is (`cursor`: the last subject done)."""

    table: ClassVar[str] = "recheck"

    id: str
    digest: str
    target: str
    cursor: str = ""
    version: int = 0


ROOM = Room(name="recheck", prepare=lambda playbook, schema, policies: None, tables=(Table(Recheck),))


def note_models(store: Store, models: Mapping[str, Any]) -> list[str]:
    """Compare the live models with those that the store was last opened with; changed and new ones get a recheck."""
    while True:
        try:
            return _note_models(store, models)
        except ConflictError:
            continue  # somebody opens the store at the same moment


def _note_models(store: Store, models: Mapping[str, Any]) -> list[str]:
    digests = {name: compiled.digest for name, compiled in models.items()}
    keys = [("setting", "models"), *(("recheck", name) for name in digests)]
    snapshot = store.load(keys)
    held = snapshot.rows["setting", "models"]
    known = {} if held is None else dict(held.content)
    if held is not None and known == digests:
        return []
    changed = [name for name, digest in digests.items() if held is not None and known.get(name) != digest]
    put: dict[tuple[str, str], Any] = {
        ("setting", "models"): Setting("models", digests, 1 if held is None else held.version + 1)
    }
    for name in changed:
        before = snapshot.rows["recheck", name]
        version = 1 if before is None else before.version + 1
        put["recheck", name] = Recheck(name, digests[name], models[name].model.target, "", version)
    store.commit(ChangeSet(snapshot, put))
    return changed


def pending(store: Store) -> dict[str, str]:
    """Models whose scores are being made anew, and the last subject done."""
    return {row.id: row.cursor for row in store.scan(Scan(table="recheck"))}


def chunks(store: Store, now_us: int) -> Iterator[Rescore]:
    """The commands that work the rechecks off; the cursor moves when the caller comes back for the next."""
    for row in list(store.scan(Scan(table="recheck"))):
        cursor = row.cursor
        while True:
            after = (cursor, cursor) if cursor else None
            page = list(store.scan(Scan(table=row.target, after=after, limit=_CHUNK)))
            if not page:
                break
            subjects = tuple(each.id for each in page if each.merged_into is None)
            yield Rescore(key=f"rescore:{row.id}:{row.digest}:{cursor}", at_us=now_us, model=row.id, subjects=subjects)
            cursor = page[-1].id
            _move(store, row.id, row.digest, cursor)
        _done(store, row.id, row.digest)


def _move(store: Store, model: str, digest: str, cursor: str) -> None:
    """The cursor goes on; where another worker was faster, his stands, which is as good: a chunk done twice is done once."""
    key = ("recheck", model)
    snapshot = store.load([key])
    held = snapshot.rows[key]
    if held is not None and held.digest == digest and held.cursor < cursor:
        moved = Recheck(held.id, held.digest, held.target, cursor, held.version + 1)
        with suppress(ConflictError):
            store.commit(ChangeSet(snapshot, {key: moved}))


def _done(store: Store, model: str, digest: str) -> None:
    key = ("recheck", model)
    snapshot = store.load([key])
    held = snapshot.rows[key]
    if held is not None and held.digest == digest:
        with suppress(ConflictError):
            store.commit(ChangeSet(snapshot, {}, frozenset({key})))
