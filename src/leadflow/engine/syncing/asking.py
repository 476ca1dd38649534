"""Conflicts that somebody must decide: both sides changed a field, and the playbook says to ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from leadflow.crm.merging import mark
from leadflow.engine.syncing.links import Link, Links
from leadflow.engine.syncing.outgoing import Outgoing
from leadflow.engine.syncing.translating import records_for
from leadflow.errors import InvalidInputError, NotFoundError
from leadflow.model.making import replaced
from leadflow.ports.crm import FIELDS, Change, Offer, Value
from leadflow.ports.store import Scan


@frozen(kw_only=True)
class CrmConflict:
    """A record whose fields stand otherwise there: by field (ours, theirs)."""

    id: str
    kind: str
    record: str
    fields: Mapping[str, tuple[Value, Value]]


_ANY = Offer(capabilities=frozenset({"custom_fields"}), fields={kind: frozenset(FIELDS[kind]) for kind in FIELDS})


def conflicts(flow: Any) -> list[CrmConflict]:
    """All conflicts that wait, of all CRMs."""
    found = []
    for link in flow.store.scan(Scan(table="crmlink")):
        if not link.asks:
            continue
        ours = _outgoing(flow, link).said([(link.kind, link.record)]).get((link.kind, link.record))
        if ours is not None:
            values = {**ours.fields, **ours.links}
            fields = {name: (values.get(name), theirs) for name, theirs in link.asks.items()}
            found.append(CrmConflict(id=link.id, kind=link.kind, record=link.record, fields=fields))
    return found


def settle(flow: Any, id_: str, choices: Mapping[str, str]) -> None:
    """Decide fields of a conflict: "ours" goes out with the next synchronisation, "theirs" is taken now.

    Errors: NotFoundError, InvalidInputError.
    """
    link = flow.store.load([("crmlink", id_)]).rows["crmlink", id_]
    if link is None or not link.asks:
        raise NotFoundError(f"no conflict {id_!r}", code="conflict_unknown", hint="see flow.conflicts()")
    for name, choice in choices.items():
        if name not in link.asks or choice not in ("ours", "theirs"):
            raise InvalidInputError(
                f"{name}: expected ours or theirs, for one of {', '.join(link.asks)}", code="invalid_choice"
            )
    outgoing = _outgoing(flow, link)
    take = {name: link.asks[name] for name, choice in choices.items() if choice == "theirs"}
    ours = outgoing.said([(link.kind, link.record)])[link.kind, link.record]
    version = f"{link.seen}/{link.version}"
    change = Change(kind=link.kind, remote=link.remote or "", version=version, at_us=flow.now(), fields=take)
    for record in records_for(change, link.record, take, ours, link.id.partition("|")[0]):
        del record["about"]
        flow.do(record).one().unwrap()
    decided = {name: mark(name, link.asks[name]) for name in choices}
    told = {**link.told, **flow.playbook.crm.outward(link.kind, decided)}
    asks = {name: value for name, value in link.asks.items() if name not in choices}
    Links(flow.store, link.id.partition("|")[0]).put([replaced(link, told=told, asks=asks, state="due")])


def _outgoing(flow: Any, link: Link) -> Outgoing:
    return Outgoing(flow.store, flow.rulebook, flow.playbook.crm, _ANY, Links(flow.store, link.id.partition("|")[0]))
