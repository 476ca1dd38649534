"""How matching's decisions change state: records, the keys they file under, and who stands for whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import evolve

from leadflow.matching.find import Prepared
from leadflow.matching.keys import Keyring, contact_values, lead_values
from leadflow.matching.state import Alias, MatchKey
from leadflow.model.decisions import Recorded, RecordCreated, RecordUpdated, VisitorIdentified
from leadflow.model.rows import RECORDS, new_row, with_values
from leadflow.room import Dropped, View

_FILED = ("contact", "account", "lead")


def apply_created(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A record's first row, filed under its keys."""
    decision = recorded.decision
    assert isinstance(decision, RecordCreated)  # noqa: S101 - the plan dispatches by type
    values = _values(view, decision)
    row = new_row(decision.record, decision.subject, {**values, **decision.links}, recorded.at_us)
    return [row, *refiled(view, None, row, prepared.ring)]


def apply_updated(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A record's changed row, filed under the keys it has now."""
    decision = recorded.decision
    assert isinstance(decision, RecordUpdated)  # noqa: S101 - the plan dispatches by type
    before = view.get(RECORDS[decision.record], decision.subject)
    row = with_values(before, {**_values(view, decision), **decision.links}, recorded.at_us)
    return [row, *refiled(view, before, row, prepared.ring)]


def _values(view: View, decision: RecordCreated | RecordUpdated) -> dict[str, Any]:
    if not decision.fields:
        return {}
    source = view.input(decision.input)
    values = {} if source is None else source.values.get(decision.record, {})
    # An erased input has no values any more: what it told is forgotten, the decision stays.
    return {name: values.get(name) for name in decision.fields}


def keys_of(row: Any, ring: Keyring) -> dict[str, None]:
    """Every match key that a stored record files under."""
    if row is None or row.table not in _FILED or getattr(row, "merged_into", None) is not None:
        return {}
    return ring.ids(row.table, lead_values(row) if row.table == "lead" else contact_values(row))


def refiled(view: View, before: Any, after: Any, ring: Keyring) -> list[Any]:
    """The match keys that change when a record does."""
    old, new = keys_of(before, ring), keys_of(after, ring)
    if old == new:
        return []
    id_ = (after or before).id
    gone = [key for key in old if key not in new]
    come = [key for key in new if key not in old]
    view.require([("matchkey", key) for key in (*gone, *come)])
    puts: list[Any] = []
    for key in gone:
        held = view.get(MatchKey, key)
        if held is not None:
            left = tuple(pair for pair in held.records if pair[0] != id_)
            puts.append(
                evolve(held, records=left, version=held.version + 1) if left else Dropped(MatchKey, key)
            )
    for key in come:
        held = view.get(MatchKey, key) or MatchKey(key)
        puts.append(evolve(held, records=(*held.records, (id_, id_)), version=held.version + 1))
    return puts


def apply_identified(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A visitor's alias."""
    decision = recorded.decision
    assert isinstance(decision, VisitorIdentified)  # noqa: S101 - the plan dispatches by type
    return [Alias(decision.visitor, decision.subject, decision.subject, recorded.id, 1)]
