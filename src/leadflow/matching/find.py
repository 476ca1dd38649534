"""Find or make: which record an input's values are about. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, field, frozen

from leadflow.expr.types import Schema
from leadflow.matching.keys import Keyring, KeySpec, context_of, holder_values
from leadflow.matching.rules import MatchingRules, Strategy
from leadflow.matching.state import MatchKey
from leadflow.model.decisions import Decision, RecordCreated, RecordMatched, RecordUpdated, Refusal
from leadflow.model.facts import RecordsGiven
from leadflow.model.identity import standing_for
from leadflow.model.ids import derive_id
from leadflow.model.lead import Lead
from leadflow.model.making import quick
from leadflow.model.rows import RECORDS, value_of
from leadflow.model.values import NOTHING
from leadflow.room import View


@frozen
class Prepared:
    """Matching's rules, compiled, with the fields that exist.

    `forms` say which field of a form goes where, to tell ahead what will be looked up.
    """

    rules: MatchingRules
    ring: Keyring
    schema: Schema
    forms: Mapping[str, Mapping[str, str]] = NOTHING
    first_key: KeySpec | None = field(init=False)
    """The key by which somebody is usually known."""

    @first_key.default
    def _first_key(self) -> KeySpec | None:
        return next(iter(self.ring.by_strategy.get(self.rules.contact, ())), None)


@quick
@frozen(weakref_slot=False)
class Found:
    """Where a search ended: the record (`made` a moment ago or known), the decisions, or why not."""

    id: str | None = None
    made: bool = False
    decisions: tuple[Decision, ...] = ()
    row: Any = None
    refusal: Refusal | None = None
    origin: str | None = None


@define
class Search:
    """One search for one record: what is looked for and under which rules.

    `links` are ids to set on the record: account_id of a contact, contact_id and account_id of a lead. When the record
    it belongs to was made a moment ago (`parent_is_new`), nobody needs to be looked for.
    """

    view: View
    given: RecordsGiven
    record: str
    values: Mapping[str, Any]
    links: Mapping[str, str]
    prepared: Prepared
    parent_is_new: bool = False
    name: str = field(init=False)
    """The strategy's name."""

    @name.default
    def _name(self) -> str:
        return self.given.strategies.get(self.record) or self.prepared.rules.default(self.record)

    @property
    def strategy(self) -> Strategy:
        """The strategy that decides."""
        return self.prepared.rules.strategies[self.name]

    def is_held_by_parent(self) -> bool:
        """Whether every key asks whose the lead is: then somebody new cannot have it."""
        return all("contact" in spec.fields for spec in self.prepared.ring.by_strategy[self.name])

    def key_ids(self) -> list[str | None]:
        """Match key ids of the strategy's keys, in order; None where a field is blank."""
        keyed: Mapping[str, Any] = self.values
        if self.record == "lead":
            keyed = dict(self.values)
            keyed.update(keyed.get("context") or {})
            keyed.update(holder_values(self.links.get("contact_id"), self.links.get("account_id")))
            keyed["context"] = context_of(keyed)
        return [spec.id_of(keyed) for spec in self.prepared.ring.by_strategy[self.name]]


def find_or_create(search: Search) -> Found:
    """The contact, account or lead that an input is about; made when nobody has its keys."""
    strategy = search.prepared.rules.strategies.get(search.name)
    if strategy is None or strategy.target != search.record:
        return Found(refusal=Refusal("unknown_strategy", {"field": "strategy"}))
    known = search.given.known.get(search.record)
    if known is not None:
        return _given(search, known)
    if search.record in search.given.always_new or (search.record == "lead" and not search.links):
        # A lead that belongs to nobody yet is like no other: it is linked later, by hand or by an import.
        return _create(search, [])
    ids = search.key_ids()
    if all(id_ is None for id_ in ids):
        fields = sorted({part.partition(":")[0] for key in search.strategy.keys for part in key})
        return Found(refusal=Refusal("missing_strategy_field", {"field": f"{search.record}.{'/'.join(fields)}"}))
    if search.parent_is_new and search.is_held_by_parent():
        return _create(search, [])
    found = _search(search, ids)
    return _create(search, ids) if found is None else found


def _given(search: Search, known: str) -> Found:
    row = standing_for(search.view, RECORDS[search.record], known)
    if row is None:
        return Found(refusal=Refusal("unknown_id", {"record": search.record, "id": known}))
    matched = RecordMatched(
        subject=row.id, record=search.record, input=search.given.input, candidates=(row.id,), outcome="given"
    )
    return _join(search, row, matched, known)


def _search(search: Search, ids: list[str | None]) -> Found | None:
    view, record, strategy = search.view, search.record, search.strategy
    view.require([("matchkey", id_) for id_ in ids if id_ is not None])
    for spec, id_ in zip(search.prepared.ring.by_strategy[search.name], ids, strict=True):
        holder = None if id_ is None else view.get(MatchKey, id_)
        if holder is None or not holder.records:
            continue
        view.require([(record, holding) for holding in holder.holders])
        rows = [row for row in (standing_for(view, RECORDS[record], i) for i in holder.holders) if row is not None]
        if record == "lead" and strategy.closed == "new":
            rows = [row for row in rows if row.is_open]
        if not rows:
            continue
        chosen, tie = _choose(rows, strategy)
        if chosen is None:
            fields = "+".join(spec.fields)
            return Found(refusal=Refusal("several_match", {"record": record, "field": fields, "count": len(rows)}))
        matched = RecordMatched(
            subject=chosen.id,
            record=record,
            input=search.given.input,
            strategy=search.name,
            key=spec.fields,
            candidates=tuple(row.id for row in rows),
            outcome="ask" if tie == "ask" else "same",
            tie=tie,
        )
        origin = next((made for made, now in holder.records if now == chosen.id), chosen.id)
        return _join(search, chosen, matched, origin)
    return None


def _choose(rows: list[Any], strategy: Strategy) -> tuple[Any, str | None]:
    if len(rows) == 1:
        return rows[0], None
    if strategy.tie == "reject":
        return None, "reject"
    # The latest updated wins, then the latest created, then the greatest id: a total order, so that every store agrees.
    rows = sorted(rows, key=lambda row: (row.updated_us, row.created_us, row.id))
    return (rows[0] if strategy.tie == "oldest" else rows[-1]), strategy.tie


def _join(search: Search, row: Any, matched: RecordMatched, origin: str) -> Found:
    """A known record takes over what its strategy lets it."""
    given, strategy = search.given, search.strategy
    fields = changed_fields(
        row, search.values, given.update or strategy.update, strategy.blank, search.prepared.rules.protected
    )
    links: dict[str, str | None] = {}
    for name, id_ in search.links.items():
        held = getattr(row, name)
        if held == id_ or (held is not None and (name == "account_id" or strategy.parent == "keep")):
            continue
        links[name] = id_
    if not (fields or links):
        return Found(row.id, decisions=(matched,), row=row, origin=origin)
    updated = RecordUpdated(subject=row.id, record=search.record, input=given.input, fields=tuple(fields), links=links)
    return Found(row.id, decisions=(matched, updated), row=row, origin=origin)


def changed_fields(
    row: Any, values: Mapping[str, Any], update: str, blank: str, protected: tuple[str, ...]
) -> list[str]:
    """The fields of a known record that take an input's value.

    Context columns of a lead are written only when it is made; protected fields only while they are blank.
    """
    changed = []
    for name, value in values.items():
        held = value_of(row, name)
        if value == held or (value is None and (blank == "keep" or held is None)):
            continue
        if held is not None and (update != "overwrite" or name in protected):
            continue
        if update == "keep" or (row.table == "lead" and name == "context"):
            continue
        changed.append(name)
    return changed


def _create(search: Search, ids: list[str | None]) -> Found:
    id_ = derive_id(search.record, search.given.input)
    links = dict(search.links)
    if search.record == "lead" and search.strategy.closed == "new":
        previous = _closed_before(search.view, ids)
        if previous is not None:
            links["previous_id"] = previous
    created = RecordCreated(
        subject=id_,
        record=search.record,
        input=search.given.input,
        fields=tuple(field for field, value in search.values.items() if value is not None),
        links=links,
        strategy=search.name,
    )
    return Found(id_, made=True, decisions=(created,), origin=id_)


def _closed_before(view: View, ids: list[str | None]) -> str | None:
    """The newest closed lead that would have matched, so that the new one can say whom it follows."""
    holders = [view.get(MatchKey, id_) for id_ in ids if id_ is not None]
    leads = [view.get(Lead, i) for holder in holders if holder is not None for i in holder.holders]
    closed = [lead for lead in leads if lead is not None]
    return max(closed, key=lambda lead: (lead.updated_us, lead.id)).id if closed else None
