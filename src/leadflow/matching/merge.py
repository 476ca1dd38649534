"""Two records become one, and two again: which fields survive, what moves, what cannot be told apart. Pure."""

from __future__ import annotations

from typing import Any

from leadflow.matching.filing import Filing
from leadflow.matching.find import Prepared, changed_fields
from leadflow.model.business import Opportunity
from leadflow.model.commands import Merge, RemoveRecords, Unmerge
from leadflow.model.contact import Contact
from leadflow.model.decisions import Decision, RecordRemoved, RecordsMerged, RecordsUnmerged, RecordUpdated, Refusal
from leadflow.model.identity import Alias, standing_for
from leadflow.model.ids import record_of
from leadflow.model.lead import Lead
from leadflow.model.records import Input
from leadflow.model.rows import RECORDS, own_fields, value_of
from leadflow.room import Key, Step, View

MAX_CHILDREN = 1_000
_CHILDREN: dict[str, tuple[tuple[type[Any], str], ...]] = {
    "contact": ((Lead, "contact_id"), (Opportunity, "contact_id")),
    "account": ((Contact, "account_id"), (Lead, "account_id"), (Opportunity, "account_id")),
    "lead": ((Opportunity, "lead_id"),),
}
_NEVER = frozenset({"contact_id", "process", "stage", "stage_since_us", "merged_into", "previous_id", "context"})


def child_link(record: str) -> str:
    """The column by which children name a parent record."""
    return {"contact": "contact_id", "account": "account_id", "lead": "lead_id"}[record]


def merge_keys(command: Merge, prepared: Prepared) -> list[Key]:
    """What a merge reads: both records, whom the other stands for, and its children."""
    record = record_of(command.loser)
    if record not in _CHILDREN:
        return []
    keys: list[Key] = [(record, command.winner), (record, command.loser), ("alias.root", command.loser)]
    return keys + [(f"{kind.table}.{column}", command.loser) for kind, column in _CHILDREN[record]]


def unmerge_keys(command: Unmerge, prepared: Prepared) -> list[Key]:
    """What taking a merge back surely reads: the alias and the record, whom it stood for, what came for it."""
    loser = command.loser
    record = record_of(loser)
    if record not in _CHILDREN:
        return []
    return [("alias", loser), (record, loser), ("alias.into", loser), ("input.subject", loser)]


def on_merge(view: View, command: Merge, prepared: Prepared, now_us: int) -> Step | None:
    """One record stands for both from now on; the survivorship rules say whose value each field keeps."""
    record = record_of(command.winner)
    if record not in _CHILDREN or record_of(command.loser) != record:
        return Step(refusal=Refusal("not_mergeable", {"winner": command.winner, "loser": command.loser}))
    winner = standing_for(view, RECORDS[record], command.winner)
    loser = standing_for(view, RECORDS[record], command.loser)
    for id_, row in ((command.winner, winner), (command.loser, loser)):
        if row is None:
            return Step(refusal=Refusal("unknown_id", {"record": record, "id": id_}))
    if winner.id == loser.id:
        return Step(refusal=Refusal("same_record", {"id": winner.id}))
    strange = [
        name
        for name, side in command.fields.items()
        if side not in ("winner", "loser") or not _known(winner, loser, name)
    ]
    if strange:
        return Step(refusal=Refusal("unknown_field", {"fields": ", ".join(sorted(strange))}))
    children = [child.id for row, column in _CHILDREN[record] for child in view.find(row, column, loser.id)]
    if len(children) > MAX_CHILDREN:
        return Step(refusal=Refusal("too_many_children", {"id": loser.id, "count": len(children)}))
    merged = RecordsMerged(
        subject=winner.id,
        record=record,
        loser=loser.id,
        input=command.key,
        fields=surviving(winner, loser, dict(command.fields)),
        children=tuple(children),
    )
    return Step((merged,))


def _known(winner: Any, loser: Any, name: str) -> bool:
    return name in own_fields(winner.table) or name in winner.custom or name in loser.custom


def surviving(winner: Any, loser: Any, chosen: dict[str, str]) -> tuple[str, ...]:
    """The fields that take the loser's value: those chosen, blanks of the winner, and the stricter consent.

    >>> surviving(Contact(id="c_1", email="a@x.example"), Contact(id="c_2", email="b@x.example", phone="1"), {})
    ('phone',)
    """
    taken = []
    for name in sorted({*own_fields(winner.table), *winner.custom, *loser.custom} - _NEVER):
        ours, theirs = value_of(winner, name), value_of(loser, name)
        if name == "consent":
            if theirs < ours:
                taken.append(name)
        elif ours == theirs:
            continue
        elif chosen.get(name) == "loser" or (ours is None and theirs is not None and chosen.get(name) != "winner"):
            taken.append(name)
    return tuple(taken)


def on_unmerge(view: View, command: Unmerge, prepared: Prepared, now_us: int) -> Step | None:
    """A merged record stands for itself again; what came for it since goes with it."""
    alias = view.get(Alias, command.loser)
    record = record_of(command.loser)
    if alias is None or record not in _CHILDREN:
        return Step(refusal=Refusal("not_merged", {"id": command.loser}))
    source = alias.merge.rpartition("#")[0]
    children = [(record_of(id_) or "opportunity", id_) for id_ in alias.children]
    view.require([(record, alias.root), ("input", source), *children])
    winner = view.get(RECORDS[record], alias.root)
    loser = view.get(RECORDS[record], command.loser)
    assert winner is not None  # noqa: S101 - aliases name records
    assert loser is not None  # noqa: S101 - aliases name records
    merge = view.input(source)
    merged = 0 if merge is None else view.receipt(merge)
    subtree = _subtree(view, alias)
    view.require([("input.subject", id_) for id_ in subtree])
    since = [
        kept
        for id_ in subtree
        for kept in view.find(Input, "subject", id_)
        if record in kept.values and view.receipt(kept) > merged
    ]
    since.sort(key=view.receipt)
    returning = _returning(view, record, alias, since)
    decisions: list[Decision] = [
        RecordsUnmerged(
            subject=winner.id,
            record=record,
            loser=loser.id,
            input=command.key,
            children=returning,
            ambiguous=_ambiguous(winner, loser, alias, since, record),
        )
    ]
    strategy = prepared.rules.strategies[prepared.rules.default(record)]
    for kept in since:
        fields = changed_fields(loser, kept.values[record], strategy.update, strategy.blank, prepared.rules.protected)
        if fields:
            decisions.append(RecordUpdated(subject=loser.id, record=record, input=kept.id, fields=tuple(fields)))
    return Step(tuple(decisions))


def _subtree(view: View, alias: Alias) -> tuple[str, ...]:
    """The ids that were the loser's own before: itself, and what had been merged into it."""
    ids = [alias.id]
    level = ids
    while level:
        view.require([("alias.into", id_) for id_ in level])
        level = [below.id for id_ in level for below in view.find(Alias, "into", id_)]
        ids = ids + level
    return tuple(ids)


def _returning(view: View, record: str, alias: Alias, since: list[Input]) -> tuple[str, ...]:
    """Children that go back: those that came with the merge and are still here, and leads made for the loser since."""
    link = child_link(record)
    made = [kept.lead for kept in since if kept.lead is not None] if record == "contact" else []
    back = []
    view.require([("lead", id_) for id_ in made])
    for id_ in dict.fromkeys((*alias.children, *made)):
        kind = record_of(id_) or "opportunity"
        row = view.get(RECORDS[kind], id_)
        if row is not None and getattr(row, link, None) == alias.root:
            back.append(id_)
    return tuple(back)


def _ambiguous(winner: Any, loser: Any, alias: Alias, since: list[Input], record: str) -> tuple[str, ...]:
    """Fields of the winner that may be the loser's: taken over and changed since, or told by the loser's inputs."""
    taken = {name for name in alias.before if value_of(winner, name) != value_of(loser, name)}
    told = {name for kept in since for name in kept.values[record] if name not in ("id",)}
    return tuple(sorted(taken | told))


def on_remove(view: View, command: RemoveRecords, prepared: Prepared, now_us: int) -> Step | None:
    """Records go that nobody has touched since they were made and nothing hangs on, children first."""
    view.require(remove_keys(command, prepared))
    rows = [view.get(RECORDS[record_of(id_) or "opportunity"], id_) for id_, _ in command.records]
    Filing(view, prepared.ring).require(rows)
    going: set[str] = set()
    decisions: list[Decision] = []
    for id_, version in command.records:
        record = record_of(id_) or "opportunity"
        row = view.get(RECORDS[record], id_)
        if row is None or row.version != version:
            continue
        children = [child.id for kind, column in _CHILDREN.get(record, ()) for child in view.find(kind, column, id_)]
        if going.issuperset(children):
            going.add(id_)
            decisions.append(RecordRemoved(subject=id_, record=record, input=command.key))
    return Step(tuple(decisions)) if decisions else None


def remove_keys(command: RemoveRecords, prepared: Prepared) -> list[Key]:
    """What a removal reads: every record and what may hang on it."""
    keys: list[Key] = []
    for id_, _ in command.records:
        record = record_of(id_) or "opportunity"
        keys.append((record, id_))
        keys += [(f"{kind.table}.{column}", id_) for kind, column in _CHILDREN.get(record, ())]
    return keys
