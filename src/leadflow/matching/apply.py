"""How matching's decisions change state: records, the keys they file under, and who stands for whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leadflow.matching.filing import Filing
from leadflow.matching.find import Prepared
from leadflow.matching.merge import child_link
from leadflow.model.decisions import (
    RecordCreated,
    Recorded,
    RecordRemoved,
    RecordsMerged,
    RecordsUnmerged,
    RecordUpdated,
    VisitorIdentified,
)
from leadflow.model.identity import Alias
from leadflow.model.ids import record_of
from leadflow.model.making import replaced
from leadflow.model.rows import RECORDS, moved, new_row, value_of, with_values
from leadflow.room import Dropped, View


def apply_created(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A record's first row, filed under its keys."""
    decision = recorded.decision
    assert isinstance(decision, RecordCreated)  # noqa: S101 - the plan dispatches by type
    values = _values(view, decision)
    row = new_row(decision.record, decision.subject, {**values, **decision.links}, recorded.at_us)
    filing = Filing(view, prepared.ring)
    filing.refile(None, row)
    return [row, *filing.rows()]


def apply_updated(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A record's changed row, filed under the keys it has now."""
    decision = recorded.decision
    assert isinstance(decision, RecordUpdated)  # noqa: S101 - the plan dispatches by type
    before = view.get(RECORDS[decision.record], decision.subject)
    row = with_values(before, {**_values(view, decision), **decision.links}, recorded.at_us)
    filing = Filing(view, prepared.ring)
    filing.refile(before, row)
    return [row, *filing.rows()]


def _values(view: View, decision: RecordCreated | RecordUpdated) -> dict[str, Any]:
    if not decision.fields:
        return {}
    source = view.input(decision.input)
    values = {} if source is None else source.values.get(decision.record, {})
    # An erased input has no values any more: what it told is forgotten, the decision stays.
    return {name: values.get(name) for name in decision.fields}


def apply_identified(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A visitor's alias; an earlier identification takes the place of a later one."""
    decision = recorded.decision
    assert isinstance(decision, VisitorIdentified)  # noqa: S101 - the plan dispatches by type
    held = view.get(Alias, decision.visitor)
    since_us = recorded.at_us if decision.since_us is None else decision.since_us
    version = 1 if held is None else held.version + 1
    return [Alias(decision.visitor, decision.subject, decision.subject, recorded.id, since_us, version=version)]


# -- merging ----------------------------------------------------------------------------------------------


def apply_merged(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """The winner takes fields, children, keys and everybody the loser stood for."""
    decision, at_us = recorded.decision, recorded.at_us
    assert isinstance(decision, RecordsMerged)  # noqa: S101 - the plan dispatches by type
    row_type = RECORDS[decision.record]
    winner, loser = view.get(row_type, decision.subject), view.get(row_type, decision.loser)
    assert winner is not None  # noqa: S101 - it was merged
    assert loser is not None  # noqa: S101 - it was merged
    before = {name: value_of(winner, name) for name in decision.fields}
    kept = with_values(winner, {name: value_of(loser, name) for name in decision.fields}, at_us)
    aliases = view.find(Alias, "root", loser.id)
    filing = Filing(view, prepared.ring)
    filing.require([winner, kept, loser])
    filing.refile(winner, kept)
    filing.hand([loser, *_rows(view, row_type, aliases)], loser.id, winner.id)
    children = _reparented(view, decision.record, decision.children, winner.id, at_us, filing)
    return [
        kept,
        moved(loser, at_us, state="merged", merged_into=winner.id),
        Alias(loser.id, winner.id, winner.id, recorded.id, at_us, decision.children, before, loser.state, version=1),
        *(replaced(alias, root=winner.id, version=alias.version + 1) for alias in aliases),
        *children,
        *filing.rows(),
    ]


def apply_unmerged(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """The loser has its own keys, children and followers again; the winner its own values, where they are known."""
    decision, at_us = recorded.decision, recorded.at_us
    assert isinstance(decision, RecordsUnmerged)  # noqa: S101 - the plan dispatches by type
    row_type = RECORDS[decision.record]
    winner, loser = view.get(row_type, decision.subject), view.get(row_type, decision.loser)
    alias = view.get(Alias, decision.loser)
    assert winner is not None  # noqa: S101 - it was merged
    assert loser is not None  # noqa: S101 - it was merged
    assert alias is not None  # noqa: S101 - it was merged
    # A withdrawal stays on both sides: consent is never given back by a correction.
    restored = {
        name: value
        for name, value in alias.before.items()
        if name != "consent" and name not in decision.ambiguous and value_of(winner, name) == value_of(loser, name)
    }
    alone = with_values(winner, restored, at_us) if restored else moved(winner, at_us)
    freed = moved(loser, at_us, state=alias.state, merged_into=None)
    if decision.record == "contact":
        freed = replaced(freed, consent=min(freed.consent, winner.consent))
    below = _below(view, alias.id)
    filing = Filing(view, prepared.ring)
    filing.require([winner, alone, freed])
    filing.refile(winner, alone)
    members = {loser.id, *(each.id for each in below)}
    filing.hand([freed, *_rows(view, row_type, below)], winner.id, loser.id, members)
    children = _reparented(view, decision.record, decision.children, loser.id, at_us, filing)
    return [
        alone,
        freed,
        Dropped(Alias, alias.id),
        *(replaced(each, root=loser.id, version=each.version + 1) for each in below),
        *children,
        *filing.rows(),
    ]


def _below(view: View, id_: str) -> list[Alias]:
    found: list[Alias] = []
    todo = [id_]
    while todo:
        for alias in view.find(Alias, "into", todo.pop()):
            found.append(alias)
            todo.append(alias.id)
    return found


def _rows(view: View, row_type: type[Any], aliases: Iterable[Alias]) -> list[Any]:
    ids = [alias.id for alias in aliases if not alias.id.startswith("v_")]
    view.require([(row_type.table, id_) for id_ in ids])
    return [row for id_ in ids if (row := view.get(row_type, id_)) is not None]


def _reparented(view: View, record: str, children: Iterable[str], parent: str, at_us: int, filing: Filing) -> list[Any]:
    ids = [(record_of(id_) or "opportunity", id_) for id_ in children]
    view.require(ids)
    before = [row for kind, id_ in ids if (row := view.get(RECORDS[kind], id_)) is not None]
    after = [moved(row, at_us, **{child_link(record): parent}) for row in before]
    filing.require([*before, *after])
    for old, new in zip(before, after, strict=True):
        filing.refile(old, new)
    return after


def apply_removed(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """The record and its keys are gone."""
    decision = recorded.decision
    assert isinstance(decision, RecordRemoved)  # noqa: S101 - the plan dispatches by type
    row_type = RECORDS[decision.record]
    row = view.get(row_type, decision.subject)
    if row is None:
        return []
    filing = Filing(view, prepared.ring)
    filing.refile(row, None)
    return [Dropped(row_type, decision.subject), *filing.rows()]
