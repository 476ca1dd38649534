"""The CRM that a Tryton is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final

from leadflow.errors import InvalidInputError
from leadflow.ports.crm import (
    FIELDS,
    Change,
    Changes,
    Conflict,
    CrmRecord,
    Gone,
    Offer,
    Outcome,
    Refused,
    Value,
    Written,
    check_deletes,
    check_records,
)
from leadflow_adapters.tryton.door import Door, Refusal, Stale
from leadflow_adapters.tryton.polling import Cursor, candidates
from leadflow_adapters.tryton.records import Found, Records
from leadflow_adapters.tryton.translate import CLOSED, button_to

_PARTY: Final = frozenset({"email", "phone", "city", "postcode"})
OFFER: Final = Offer(
    capabilities=frozenset({"locks"}),
    fields={
        "user": frozenset({"name", "email", "is_active"}),
        "account": _PARTY | {"name"},
        "contact": _PARTY | {"first_name", "last_name"},
        "lead": frozenset({*FIELDS["lead"], "score", "grade"}),
        "opportunity": frozenset({"status", "amount", "currency", "closed_at"}),
    },
    links={"lead": frozenset({"contact", "owner"}), "opportunity": frozenset({"lead", "contact", "owner"})},
    only_told=frozenset({"opportunity"}),
)


class TrytonCrm:
    """Contacts and accounts as parties, users as employees, leads as sale opportunities.

    A deal is what such an opportunity becomes when a salesperson moves it on; it is told, and taken from nobody. A version is
    made from what a record says. `overlap_s`: so long after a moment a transaction of that moment may still become visible.
    """

    def __init__(self, door: Door, *, overlap_s: float = 300.0) -> None:
        self._door, self._overlap_s = door, overlap_s
        self._records = Records(door)

    @property
    def offer(self) -> Offer:
        """See Crm.offer."""
        return OFFER

    def close(self) -> None:
        """See Crm.close."""
        self._door.close()

    # -- out ----------------------------------------------------------------------------------------------

    def upsert(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        """See Crm.upsert. New records of a kind are made in one call, each known one is written in a call of its own."""
        check_records(records, OFFER, "tryton")
        outcomes: dict[int, Outcome] = {}
        for kind in dict.fromkeys(record.kind for record in records):
            numbered = [(number, record) for number, record in enumerate(records) if record.kind == kind]
            outcomes.update(self._upsert(kind, numbered))
        return [outcomes[number] for number in range(len(records))]

    def _upsert(self, kind: str, numbered: list[tuple[int, CrmRecord]]) -> dict[int, Outcome]:
        outcomes: dict[int, Outcome] = {}
        there = self._records.of(kind, (record for _, record in numbered))
        unknown = self._records.unknown_links(record for _, record in numbered)
        new: list[tuple[int, CrmRecord]] = []
        for number, record in numbered:
            role = unknown.get(record.id)
            if role is not None:
                outcomes[number] = Refused(code="unknown_link", field=role)
                continue
            found = there.get(record.id)
            if found is not None:
                outcomes[number] = self._update(record, found)
            elif record.remote is not None:
                outcomes[number] = Gone(remote=record.remote)
            else:
                new.append((number, record))
        outcomes.update(self._create(kind, new))
        return outcomes

    def _create(self, kind: str, new: list[tuple[int, CrmRecord]]) -> dict[int, Outcome]:
        if not new:
            return {}
        try:
            made = self._records.create(kind, [record for _, record in new])
        except Refusal as error:
            if len(new) > 1:  # one of them is at fault: each alone
                return {number: outcome for each in new for number, outcome in self._create(kind, [each]).items()}
            return {new[0][0]: Refused(code="refused", words=f"Tryton refuses it ({error.kind})")}
        found = self._records.read(kind, made)
        outcomes: dict[int, Outcome] = {}
        for (number, record), remote in zip(new, made, strict=True):
            moved = self._moved(record, found[remote])
            outcomes[number] = moved if isinstance(moved, Refused) else _written(kind, moved)
        return outcomes

    def _update(self, record: CrmRecord, found: Found) -> Outcome:
        """Write what is not so yet, if nobody has changed it since it was seen."""
        if _is_so(record, found):
            if found.id != record.id:
                self._records.adopt(record, found)
            return _written(record.kind, found)
        if record.seen != version_of(found):
            return _conflict(found)
        if record.kind == "lead" and found.raw["state"] in CLOSED:
            if button_to(str(record.fields.get("state", "")), found.raw["state"]) != "lead":
                return Refused(code="closed", words="sales has it in hand, and Tryton lets nobody change it any more")
            reopened = self._moved(record, found)
            if isinstance(reopened, Refused):
                return reopened
            found = reopened
        try:
            self._records.write(record, found)
        except Stale:
            return _conflict(self._records.read(record.kind, [found.remote])[found.remote])
        except Refusal as error:
            return Refused(code="refused", words=f"Tryton refuses it ({error.kind})")
        moved = self._moved(record, self._records.read(record.kind, [found.remote])[found.remote])
        return moved if isinstance(moved, Refused) else _written(record.kind, moved)

    def _moved(self, record: CrmRecord, found: Found) -> Found | Refused:
        """A lead in the state that is told, by the button that a person would press."""
        try:
            is_moved = self._records.move(record, found)
        except Refusal:
            return Refused(code="state_refused", field="state", words="Tryton wants a party and an employee for that")
        return self._records.read(record.kind, [found.remote])[found.remote] if is_moved else found

    def delete(self, records: Sequence[CrmRecord]) -> list[Outcome]:
        """See Crm.delete: Tryton keeps what others refer to, so nothing is taken away."""
        check_deletes(OFFER, "tryton")
        return []

    # -- in -----------------------------------------------------------------------------------------------

    def changes(self, since: str | None = None, limit: int = 100) -> Changes:
        """See Crm.changes. What changed in the last minutes before a cursor is told again with each."""
        cursor = Cursor.read(since)
        if cursor is None:
            raise InvalidInputError("this cursor is none of Tryton's", code="unknown_cursor", hint="start anew")
        listed, is_last = candidates(self._door, cursor, limit, self._overlap_s)
        changes: list[Change] = []
        for what in dict.fromkeys(each.what for each in listed):
            changes += self._told(what, {each.id: each.at_us for each in listed if each.what == what})
        changes.sort(key=lambda change: change.at_us)
        return Changes(changes=tuple(changes), cursor=cursor.after(listed, is_last=is_last).text, is_last=is_last)

    def _told(self, what: str, moments: Mapping[int, int]) -> Iterable[Change]:
        for found in self._records.told(what, moments):
            yield Change(
                kind=found.kind,
                remote=found.remote,
                version=version_of(found),
                at_us=moments[int(found.remote)],
                id=found.id,
                fields=found.fields,
                links=found.links,
            )


def version_of(found: Found) -> str:
    """A name for what a record says: the same content has the same name."""
    said = sorted((name, str(value)) for name, value in {**found.fields, **found.links}.items() if value is not None)
    return blake2b(repr(said).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _is_so(record: CrmRecord, found: Found) -> bool:
    fields: Mapping[str, Value] = found.fields
    return all(fields.get(name) == value for name, value in record.fields.items()) and all(
        found.links.get(role) == remote for role, remote in record.links.items()
    )


def _written(kind: str, found: Found) -> Written:
    return Written(remote=found.remote, version=version_of(found))


def _conflict(found: Found) -> Conflict:
    return Conflict(
        remote=found.remote, version=version_of(found), fields=found.fields, links=found.links, at_us=found.at_us
    )
