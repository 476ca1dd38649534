"""Our records as they go out: what has changed, and what each says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from leadflow.crm.merging import mark, plain
from leadflow.crm.rules import CrmRules
from leadflow.engine.answers.reading import Reading
from leadflow.engine.syncing.links import Key, Link, Links
from leadflow.model.decisions import RecordCreated, Recorded, RecordRemoved, RecordUpdated
from leadflow.model.ids import record_of
from leadflow.model.lead import Lead
from leadflow.model.rows import RECORDS, value_of
from leadflow.model.time import to_datetime
from leadflow.ports.crm import FIELDS, KINDS, LINKS, Offer, Value
from leadflow.ports.store import Scan, Store
from leadflow.scoring.state import Score

PAGE: Final = 500
_LATE_US: Final = 60_000_000
"""On a store where many write at once, a decision may become visible after one with a higher number: so long at most."""


@frozen(kw_only=True)
class Said:
    """What a record of ours says: fields and links by our names (links as our ids), and when it last changed."""

    kind: str
    id: str
    fields: Mapping[str, Value]
    links: Mapping[str, str | None]
    updated_us: int


class Outgoing:
    """Reads our records for a CRM: what travels is what the rules let out and the CRM keeps."""

    def __init__(self, store: Store, rulebook: Any, rules: CrmRules, offer: Offer, links: Links) -> None:
        self._store, self._rulebook, self._rules, self._offer, self._links = store, rulebook, rules, offer, links

    # -- which records ------------------------------------------------------------------------------------

    def changed(self, after_seq: int, now_us: int) -> Iterator[tuple[list[Key], list[Key], int]]:
        """Pages of (records that decisions since touched, records that were removed, the number to go on after)."""
        seq = safe = after_seq
        is_safe = True
        while True:
            query = Scan(table="decision", where=(("seq", ">", seq),), order="seq", limit=PAGE)
            page = list(self._store.scan(query))
            if not page:
                return
            for each in page:
                is_safe = is_safe and each.recorded_us <= now_us - _LATE_US
                safe = each.seq if is_safe else safe
            seq = page[-1].seq
            touched, removed = _touched(page)
            yield self._with_leads(touched), removed, safe

    def scored(self) -> Iterator[list[Key]]:
        """Pages of leads that have scores, when the CRM keeps any: points change without a decision."""
        if not self._offer.keeps("lead", "score."):
            return
        after = None
        while page := list(self._store.scan(Scan(table="score", after=after, limit=PAGE))):
            yield [key for key in self._with_leads([_holder(row.subject) for row in page]) if key[0] == "lead"]
            after = (page[-1].id, page[-1].id)

    def unfinished(self) -> list[Key]:
        """Records whose sending was cut off, put off, or refused because of another that was not there yet."""
        links = self._store.scan(Scan(table="crmlink", where=(("state", "in", ("sending", "due", "new", "refused")),)))
        return [
            (link.kind, link.record)
            for link in links
            if link.id.startswith(f"{self._links.crm}|") and (link.state != "refused" or link.error == "unknown_link")
        ]

    def _with_leads(self, touched: Iterable[Key]) -> list[Key]:
        """A contact's or account's score is its leads'."""
        keys = dict.fromkeys(touched)
        columns = [(f"lead.{kind}_id", id_) for kind, id_ in keys if kind in ("contact", "account")]
        found = self._store.load(columns).rows
        keys.update((("lead", lead.id), None) for key in columns for lead in found[key])
        return list(keys)

    # -- what they say ------------------------------------------------------------------------------------

    def said(self, keys: Iterable[Key]) -> dict[Key, Said]:
        """What records say, by key; merged-away and removed ones say nothing."""
        view = Reading(self._store, self._rulebook)
        keys = list(keys)
        view.require(keys)
        rows = {key: view.get(RECORDS[key[0]], key[1]) for key in keys}
        rows = {key: row for key, row in rows.items() if row is not None and getattr(row, "merged_into", None) is None}
        view.require([("score.subject", subject) for row in rows.values() for subject in _subjects(row)])
        return {key: self._one(key[0], row, view) for key, row in rows.items()}

    def _one(self, kind: str, row: Any, view: Reading) -> Said:
        fields: dict[str, Value] = {}
        named = [name for name in self._rules.named(kind) if name not in LINKS[kind] and "." not in name]
        for name in dict.fromkeys((*FIELDS[kind], *named)):
            if self.travels(kind, name):
                fields[name] = _moment(row.closed_us) if name == "closed_at" else plain(value_of(row, name))
        for score in [score for subject in _subjects(row) for score in view.find(Score, "subject", subject)]:
            for what, value in (("score", score.points), ("grade", score.grade)):
                if self.travels(kind, f"{what}.{score.model}"):
                    fields[f"{what}.{score.model}"] = value
        links = {
            role: getattr(row, f"{role}_id", None)
            for role in LINKS[kind]
            if self._rules.of(kind, role).way != "none" and self._offer.keeps_link(kind, role)
        }
        return Said(kind=kind, id=row.id, fields=fields, links=links, updated_us=row.updated_us)

    def travels(self, kind: str, name: str) -> bool:
        """Whether a field goes there or comes from there; what else people keep there is their own."""
        said, is_score = self._rules.of(kind, name), kind == "lead" and name.startswith(("score.", "grade."))
        is_known = is_score or name in FIELDS[kind] or name in self._rules.named(kind)
        return is_known and said.way != "none" and self._offer.keeps(kind, said.name)


def fields_out(said: Said, link: Link | None, rules: CrmRules) -> dict[str, str]:
    """The marks of what must be sent: what goes out, differs from what both sides agreed on, and nobody is asked about."""
    told, asks = ({}, {}) if link is None else (rules.inward(said.kind, link.told), link.asks)
    found = {}
    for name, value in {**said.fields, **said.links}.items():
        if rules.of(said.kind, name).way == "in" or name in asks:
            continue
        made = mark(name, value)
        if made != told.get(name, ""):
            found[name] = made
    return found


def _touched(page: Iterable[Recorded]) -> tuple[list[Key], list[Key]]:
    touched: dict[Key, None] = {}
    removed: list[Key] = []
    for recorded in page:
        decision = recorded.decision
        if isinstance(decision, RecordRemoved):
            removed.append((decision.record, decision.subject))
            touched.pop((decision.record, decision.subject), None)
            continue
        kind = decision.record if isinstance(decision, (RecordCreated, RecordUpdated)) else record_of(decision.subject)
        if kind is None and decision.type in ("user_left", "user_paused"):
            kind = "user"
        if kind in KINDS:
            touched[kind, decision.subject] = None
    return list(touched), [key for key in removed if key[0] in KINDS]


def _holder(subject: str) -> Key:
    return ("account" if subject.startswith("a_") else "contact", subject)


def _subjects(row: Any) -> list[str]:
    """Whose scores are a lead's: its contact's, and by account models its account's."""
    return [id_ for id_ in (row.contact_id, row.account_id) if id_ is not None] if isinstance(row, Lead) else []


def _moment(at_us: int | None) -> str | None:
    return None if at_us is None else to_datetime(at_us).isoformat()
