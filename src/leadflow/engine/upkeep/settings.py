"""What a store was last opened with: the keys that records file under, and the names that live records carry.

Opening with other rules is checked against it, so that nothing is silently stranded: new keys ask for a rekey, a stage
that leads stand in may only go when the playbook says where they move.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.errors import ConflictError, PlaybookError, SchemaVersionError, StoreError
from leadflow.model.values import NOTHING
from leadflow.playbook.playbook import Playbook
from leadflow.ports.store import ChangeSet, Scan, Store
from leadflow.room import Room, Table


@frozen
class Setting:
    """One thing that a store remembers of its rules."""

    table: ClassVar[str] = "setting"

    id: str
    content: Mapping[str, Any] = NOTHING
    version: int = 0


ROOM = Room(name="settings", prepare=lambda playbook, schema, policies: None, tables=(Table(Setting),))


def check_keys(store: Store, prefixes: Iterable[str]) -> None:
    """Refuse rules whose keys the store's records are not filed under. Errors: SchemaVersionError (rekey_needed)."""
    wanted = sorted(prefixes)
    key = ("setting", "keys")
    held = store.load([key]).rows[key]
    filed = [] if held is None else list(held.content["prefixes"])
    if filed == wanted:
        return
    missing = [prefix.rstrip("|") for prefix in wanted if prefix not in filed]
    if held is not None and missing and next(iter(store.scan(Scan(table="matchkey", limit=1))), None) is not None:
        raise SchemaVersionError(
            f"records are not filed under {', '.join(missing)}",
            code="rekey_needed",
            hint="open with rekey=True once (leadflow rekey); it takes a while for many records",
        )
    remember_keys(store, wanted)


def remember_keys(store: Store, prefixes: Iterable[str]) -> None:
    """The records are filed under these keys now."""
    remember(store, "keys", {"prefixes": sorted(prefixes)})


def remember(store: Store, name: str, content: Mapping[str, Any]) -> None:
    """Keep a setting; somebody who opens the store at the same moment keeps his, and then this one again."""
    key = ("setting", name)
    while True:
        snapshot = store.load([key])
        held = snapshot.rows[key]
        if held is not None and dict(held.content) == dict(content):
            return
        row = Setting(name, content, 1 if held is None else held.version + 1)
        try:
            store.commit(ChangeSet(snapshot, {key: row}))
        except ConflictError:
            continue
        return


def stranded(store: Store, playbook: Playbook) -> dict[str, int]:
    """Live leads by the place that the playbook no longer has: "stage.PROCESS.STAGE", how many; mapped ones too."""
    stages = {(name, stage.name) for name, process in playbook.process.processes.items() for stage in process.stages}
    counts: dict[str, int] = {}
    for instance in store.scan(Scan(table="process", where=(("status", "in", ("active", "background")),))):
        if (instance.process, instance.stage) not in stages:
            place = f"stage.{instance.process}.{instance.stage}"
            counts[place] = counts.get(place, 0) + 1
    return counts


def check_stages(store: Store, playbook: Playbook) -> list[str]:
    """The places whose leads must move, each mapped by `[moved]`. Errors: PlaybookError for one that is not.

    Looks at the leads only when the stages have changed since the store was last opened.
    """
    named = stages_of(playbook)
    key = ("setting", "stages")
    held = store.load([key]).rows[key]
    if held is not None and dict(held.content) == named:
        return []
    counts = stranded(store, playbook) if held is not None else {}
    lost = [f"{place}: {count} leads stand there" for place, count in counts.items() if place not in playbook.moved]
    if lost:
        raise PlaybookError(
            "the playbook would strand live leads",
            faults=lost,
            hint='say where they go: [moved] "stage.old" = "stage.new"',
        )
    if counts:
        return sorted(counts)
    remember(store, "stages", named)
    return []


def stages_of(playbook: Playbook) -> dict[str, list[str]]:
    """The stages of each process, as they are remembered."""
    return {name: [stage.name for stage in process.stages] for name, process in playbook.process.processes.items()}


def check_followed(store: Store, playbook: Playbook, prefixes: Iterable[str], models: Mapping[str, Any]) -> None:
    """Refuse rules under which records would be kept otherwise than those that the store follows.

    What matters is what other rules would have to convert: match keys, stages, models of scores. Errors: StoreError
    (not_adopted).
    """
    wanted: dict[str, Any] = {
        "keys": {"prefixes": sorted(prefixes)},
        "stages": stages_of(playbook),
        "models": {name: compiled.digest for name, compiled in models.items()},
    }
    held = store.load([("setting", name) for name in wanted]).rows
    other = [name for name in wanted if (row := held["setting", name]) is None or dict(row.content) != wanted[name]]
    if other:
        raise StoreError(
            f"the store does not follow this playbook: its {', '.join(other)} differ",
            code="not_adopted",
            hint="open it once with leadflow.open(url, playbook), or call leadflow.make_tables(connection, playbook)",
        )
