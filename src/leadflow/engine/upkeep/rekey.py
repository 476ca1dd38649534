"""Filing every record anew: after a change of strategies or of a normaliser's version. Restartable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from attrs import evolve

from leadflow.engine.upkeep.settings import remember_keys
from leadflow.matching.filing import keys_of
from leadflow.matching.keys import Keyring
from leadflow.matching.state import MatchKey
from leadflow.ports.store import ChangeSet, Scan, Store

_CHUNK = 500


def rekey(store: Store, ring: Keyring, progress: Callable[[int], None] | None = None) -> int:
    """File all contacts, accounts and leads under the keys of the rules; returns how many records.

    Nobody else may write meanwhile. Interrupted, it is begun again: until it is done the store says that it has no keys.
    """
    remember_keys(store, ())
    for chunk in _chunks(store, "matchkey"):
        store.commit(ChangeSet(store.load([]), {}, frozenset(("matchkey", row.id) for row in chunk)))
    done = 0
    for table in ("contact", "account", "lead"):
        for chunk in _chunks(store, table):
            _file(store, ring, chunk)
            done += len(chunk)
            if progress is not None:
                progress(done)
    remember_keys(store, ring.prefixes)
    return done


def _file(store: Store, ring: Keyring, rows: list[Any]) -> None:
    filed = [(key, row) for row in rows for key in keys_of(row, ring)]
    roots = store.load([("alias", row.id) for row in rows]).rows
    snapshot = store.load([("matchkey", key) for key in {key for key, _ in filed}])
    held: dict[str, MatchKey] = {}
    for key, row in filed:
        before = held.get(key) or snapshot.rows["matchkey", key] or MatchKey(key)
        alias = roots["alias", row.id]
        pair = (row.id, row.id if alias is None else alias.root)
        held[key] = evolve(before, records=(*before.records, pair))
    put = {("matchkey", key): evolve(row, version=row.version + 1) for key, row in held.items()}
    store.commit(ChangeSet(snapshot, put))


def _chunks(store: Store, table: str) -> Iterator[list[Any]]:
    after = None
    while True:
        page = list(islice(store.scan(Scan(table=table, after=after, limit=_CHUNK)), _CHUNK))
        if not page:
            return
        yield page
        after = (page[-1].id, page[-1].id)
