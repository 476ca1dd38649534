"""Reading and writing Tryton's records as ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from attrs import frozen

from leadflow.ports.crm import CrmRecord, Value
from leadflow_adapters.tryton.door import Door
from leadflow_adapters.tryton.polling import us_of
from leadflow_adapters.tryton.translate import (
    OPPORTUNITY,
    PARTY,
    STATUSES,
    button_to,
    code_of,
    lead_of,
    lead_values,
    of_deal,
    of_lead,
    of_party,
    party_values,
    reference_of,
    whose,
)

_OPPORTUNITY: Final = "sale.opportunity"


@frozen(kw_only=True)
class Found:
    """A record there, in our words; `raw` as Tryton told it."""

    kind: str
    remote: str
    id: str | None
    fields: Mapping[str, Value]
    links: Mapping[str, str]
    raw: Mapping[str, Any]
    at_us: int


class Records:
    """The records of one Tryton."""

    def __init__(self, door: Door) -> None:
        self._door = door

    # -- finding ------------------------------------------------------------------------------------------

    def of(self, kind: str, records: Iterable[CrmRecord]) -> dict[str, Found]:
        """Those that are there, by our id: found by their id there, else by ours."""
        records = list(records)
        named = {record.id: record.remote for record in records if record.remote is not None}
        lost = [record.id for record in records if record.remote is None]
        found = self.read(kind, {remote for remote in named.values() if remote.isdigit()} | set(self._ours(kind, lost)))
        by_id = {each.id: each for each in found.values()}
        at = {id_: found.get(remote) for id_, remote in named.items()} | {id_: by_id.get(id_) for id_ in lost}
        return {id_: each for id_, each in at.items() if each is not None}

    def _ours(self, kind: str, ids: list[str]) -> list[str]:
        """The ids there of records that carry ours."""
        if not ids:
            return []
        if kind == "lead":
            known = [["reference", "in", [reference_of(id_) for id_ in ids]]]
            return [str(id_) for id_ in self._door.call(f"{_OPPORTUNITY}.search", known, 0, None, None)]
        parties = [*self._parties(kind, ids).values()]
        if kind != "user":
            return [str(party) for party in parties]
        theirs = [["party", "in", parties]]
        return [str(id_) for id_ in self._door.call("company.employee.search", theirs, 0, None, None, context=_ALL)]

    def _parties(self, kind: str, ids: Iterable[str]) -> dict[str, int]:
        codes = {code_of(kind, id_): id_ for id_ in ids}
        rows = self._door.call(
            "party.identifier.search_read", [["code", "in", [*codes]]], 0, None, None, ["code", "party"]
        )
        return {codes[row["code"]]: row["party"] for row in rows}

    def unknown_links(self, records: Iterable[CrmRecord]) -> dict[str, str]:
        """The role of a link to what is not there, by our id of the record."""
        wanted = [(record.id, role, remote) for record in records for role, remote in record.links.items()]
        there: dict[str, set[str]] = {}
        for role, model in (("contact", "party.party"), ("owner", "company.employee")):
            ids = sorted({int(remote) for _, each, remote in wanted if each == role and remote.isdigit()})
            found = self._door.call(f"{model}.search", [["id", "in", ids]], 0, None, None) if ids else []
            there[role] = {str(id_) for id_ in found}
        return {id_: role for id_, role, remote in wanted if remote not in there[role]}

    # -- reading ------------------------------------------------------------------------------------------

    def read(self, kind: str, remotes: Iterable[str]) -> dict[str, Found]:
        """Records by their id there; those that are not there are left out."""
        ids = sorted({int(remote) for remote in remotes})
        if not ids:
            return {}
        if kind == "lead":
            rows = self._rows(_OPPORTUNITY, ids, OPPORTUNITY)
            return {str(row["id"]): _lead(row) for row in rows}
        if kind == "user":
            return {each.remote: each for each in self._users(ids)}
        return {str(row["id"]): _party(kind, row) for row in self._rows("party.party", ids, PARTY)}

    def told(self, what: str, moments: Mapping[int, int]) -> Iterator[Found]:
        """Records that changed, each of its kind; whoever is no party of ours is somebody's contact."""
        ids = [*moments]
        if what == "user":
            yield from self._users(ids)
        elif what == "party":
            inside = self._insiders()
            for row in self._rows("party.party", ids, PARTY):
                kind, _ = whose(row)
                if row["id"] not in inside and kind != "user":
                    yield _party(kind or "contact", row)
        else:
            for row in self._rows(_OPPORTUNITY, ids, OPPORTUNITY):
                if what == "lead":
                    yield _lead(row)
                elif row["state"] in STATUSES:
                    yield _deal(row)

    def _insiders(self) -> set[int]:
        """Parties that are our own company or its employees."""
        found = set()
        for model in ("company.company", "company.employee"):
            rows = self._door.call(f"{model}.search_read", [], 0, None, None, ["party"], context=_ALL)
            found |= {row["party"] for row in rows}
        return found

    def _users(self, ids: list[int]) -> Iterator[Found]:
        employees = self._rows("company.employee", ids, ("party", "active", "_timestamp", "last_modified_at"), _ALL)
        parties = {row["id"]: row for row in self._rows("party.party", [e["party"] for e in employees], PARTY, _ALL)}
        for employee in employees:
            party = parties[employee["party"]]
            kind, id_ = whose(party)
            yield Found(
                kind="user",
                remote=str(employee["id"]),
                id=id_ if kind == "user" else None,
                fields={**of_party("user", party), "is_active": bool(employee["active"])},
                links={},
                raw={**party, "employee": employee},
                at_us=max(_moment_us(party), us_of(employee["last_modified_at"])),
            )

    def _rows(
        self, model: str, ids: list[int], fields: Iterable[str], context: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._door.call(
            f"{model}.search_read", [["id", "in", ids]], 0, None, None, [*fields], context=context
        )
        return rows

    # -- writing ------------------------------------------------------------------------------------------

    def create(self, kind: str, records: list[CrmRecord]) -> list[str]:
        """Make records, in one call, each with our id in it; returns their ids there. Errors: Refusal."""
        if kind == "lead":
            rows = [
                {**lead_values(record.fields, None), **_linked(record), "reference": reference_of(record.id)}
                for record in records
            ]
            return [str(id_) for id_ in self._door.call(f"{_OPPORTUNITY}.create", rows)]
        # A party that a cut left without its employee is taken up again.
        held = self._parties(kind, [record.id for record in records]) if kind == "user" else {}
        new = [record for record in records if record.id not in held]
        rows = [{"name": "", **party_values(kind, record.fields, None), **_identified(record)} for record in new]
        made = self._door.call("party.party.create", rows) if rows else []
        parties = {**held, **{record.id: id_ for record, id_ in zip(new, made, strict=True)}}
        if kind != "user":
            return [str(parties[record.id]) for record in records]
        employees = [{"party": parties[record.id], **_employed(record.fields)} for record in records]
        return [str(id_) for id_ in self._door.call("company.employee.create", employees)]

    def write(self, record: CrmRecord, found: Found) -> None:
        """Write what a record says. Errors: Stale when somebody was faster, Refusal."""
        if record.kind == "lead":
            values = {**lead_values(record.fields, found.raw), **_linked(record)}
            if found.id != record.id:
                values["reference"] = _with_reference(found, record.id)
            stamps = {f"{_OPPORTUNITY},{found.remote}": found.raw["_timestamp"]}
            self._door.call(f"{_OPPORTUNITY}.write", [int(found.remote)], values, context={"_timestamp": stamps})
            return
        values = party_values(record.kind, record.fields, found.raw)
        if found.id != record.id:
            values |= _identified(record)
        if values:
            stamps = dict(_stamps(found.raw))
            self._door.call("party.party.write", [found.raw["id"]], values, context={"_timestamp": stamps})
        if record.kind == "user" and "is_active" in record.fields:
            self._door.call("company.employee.write", [int(found.remote)], _employed(record.fields))

    def adopt(self, record: CrmRecord, found: Found) -> None:
        """Put our id into a record that somebody else made."""
        self.write(CrmRecord(kind=record.kind, id=record.id, remote=found.remote), found)

    def move(self, record: CrmRecord, found: Found) -> bool:
        """Press the button that takes a lead into the state that is told; whether one was. Errors: Refusal."""
        state = record.fields.get("state") if record.kind == "lead" else None
        button = None if state is None else button_to(str(state), found.raw["state"])
        if button is not None:
            self._door.call(f"{_OPPORTUNITY}.{button}", [int(found.remote)])
        return button is not None


_ALL: Final = {"active_test": False}


def _party(kind: str, row: Mapping[str, Any]) -> Found:
    owner, id_ = whose(row)
    return Found(
        kind=kind,
        remote=str(row["id"]),
        id=id_ if owner == kind else None,
        fields=of_party(kind, row),
        links={},
        raw=row,
        at_us=_moment_us(row),
    )


def _moment_us(row: Mapping[str, Any]) -> int:
    """When a party or one of its addresses changed last."""
    parts = [row, *(row.get("contact_mechanisms.") or ()), *(row.get("addresses.") or ())]
    return max(us_of(part["last_modified_at"]) for part in parts)


def _stamps(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What must not have changed meanwhile."""
    yield f"party.party,{row['id']}", row["_timestamp"]
    for model, name in (("party.contact_mechanism", "contact_mechanisms."), ("party.address", "addresses.")):
        for part in row.get(name) or ():
            yield f"{model},{part['id']}", part["_timestamp"]


def _lead(row: Mapping[str, Any]) -> Found:
    links = {role: str(row[name]) for role, name in (("contact", "party"), ("owner", "employee")) if row[name]}
    return Found(
        kind="lead",
        remote=str(row["id"]),
        id=lead_of(row),
        fields=of_lead(row),
        links=links,
        raw=row,
        at_us=us_of(row["last_modified_at"]),
    )


def _deal(row: Mapping[str, Any]) -> Found:
    lead = _lead(row)
    return Found(
        kind="opportunity",
        remote=lead.remote,
        id=None,
        fields=of_deal(row),
        links={**lead.links, "lead": lead.remote},
        raw=row,
        at_us=lead.at_us,
    )


def _linked(record: CrmRecord) -> dict[str, Any]:
    names = {"contact": "party", "owner": "employee"}
    return {names[role]: int(remote) for role, remote in record.links.items()}


def _identified(record: CrmRecord) -> dict[str, Any]:
    return {"identifiers": [["create", [{"type": None, "code": code_of(record.kind, record.id)}]]]}


def _with_reference(found: Found, id_: str) -> str:
    """Ours behind what somebody wrote there."""
    return " ".join(part for part in (found.raw["reference"], reference_of(id_)) if part)


def _employed(fields: Mapping[str, Value]) -> dict[str, Any]:
    """Who is not active any more has not worked there since yesterday."""
    if "is_active" not in fields:
        return {}
    return {"end_date": None if fields["is_active"] else datetime.now(UTC).date() - timedelta(days=1)}
