"""What the tests of the kit write and read: records of each kind, whole walks through the changes, and what they expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from attrs import evolve

from leadflow.errors import UnsupportedCapabilityError
from leadflow.ports.crm import KINDS, LINKS, Change, Conflict, Crm, CrmRecord, Gone, Outcome, Refused, Value, Written

TEXTS: Final = ("Žiga Ωμέγα", "=1+1", "+386 1", "-5", "@home", 'a "quoted", text; more', "'tis", "Ана", "0012", "🙂")
"""Texts that must arrive as they are."""

_SAMPLES: Final[Mapping[str, Mapping[str, Value]]] = {
    "user": {"name": "Bo {0}", "email": "bo{0}@acme.example", "is_active": True},
    "account": {"name": "Acme {0}", "domain": "acme{0}.example", "country": "SI", "city": "Kranj"},
    "contact": {
        "first_name": "Ana {0}",
        "last_name": "Kos",
        "email": "ana{0}@acme.example",
        "phone": "+38612345678",
        "city": "Kranj",
        "country": "SI",
    },
    "lead": {"state": "open", "source": "web", "campaign": "spring", "sales_ready": True},
    "opportunity": {"status": "open", "amount": "1200.5", "currency": "EUR"},
}
Sort = TypeVar("Sort", Written, Conflict, Refused, Gone)


def row(number: int) -> dict[str, Value]:
    return {"first_name": f"Eva {number}", "last_name": "Zupan", "email": f"eva{number}@x.example"}


def named(id_: str, last_name: str) -> CrmRecord:
    return CrmRecord(kind="contact", id=id_, fields={"first_name": "Ana", "last_name": last_name})


def sample(crm: Crm, kind: str, number: int) -> CrmRecord:
    """A record of a kind, with those of its usual fields that the CRM keeps."""
    kept = crm.offer.fields[kind]
    fields = {name: value for name, value in _SAMPLES[kind].items() if name in kept}
    told = {name: value.format(number) if isinstance(value, str) else value for name, value in fields.items()}
    return CrmRecord(kind=kind, id=f"{kind[0]}_{number}", fields=told)


def contact(crm: Crm, number: int) -> tuple[CrmRecord, Written]:
    record = sample(crm, "contact", number)
    return record, one(crm.upsert([record]), Written)


def family(crm: Crm, number: int) -> list[tuple[CrmRecord, Written]]:
    """One record of each kind that is kept, each linked to those before it."""
    made: dict[str, tuple[CrmRecord, Written]] = {}
    for kind in KINDS:
        if crm.offer.takes(kind):
            roles = {role: other for role, other in LINKS[kind].items() if crm.offer.keeps_link(kind, role)}
            links = {role: made[other][1].remote for role, other in roles.items() if other in made}
            record = evolve(sample(crm, kind, number), links=links)
            made[kind] = (record, one(crm.upsert([record]), Written))
    return list(made.values())


def walk(crm: Crm, cursor: str | None, limit: int) -> tuple[list[Change], str]:
    """All changes since a cursor, and where to go on."""
    told: list[Change] = []
    for _ in range(2000):
        page = crm.changes(cursor, limit)
        assert len(page.changes) <= limit, "a page holds more than was asked for"
        told += page.changes
        cursor = page.cursor
        if page.is_last:
            return told, cursor
    raise AssertionError("no page is the last")


def content_of(crm: Crm) -> dict[tuple[str, str], Change]:
    """What is there by the CRM's own account."""
    return {(each.kind, each.remote): each for each in walk(crm, None, 50)[0] if not each.is_deleted}


def remotes(told: Sequence[Change]) -> set[str]:
    return {each.remote for each in told}


def agree(told: Mapping[str, Any], meant: Mapping[str, Any]) -> None:
    held = {name: told.get(name) for name in meant}
    assert held == dict(meant), f"told {held}, written {dict(meant)}"


def one(outcomes: Sequence[Outcome], sort: type[Sort]) -> Sort:
    (outcome,) = outcomes
    assert isinstance(outcome, sort), f"expected {sort.__name__}, got {outcome}"
    return outcome


def unsupported(call: Any) -> None:
    try:
        call()
    except UnsupportedCapabilityError:
        return
    raise AssertionError("expected UnsupportedCapabilityError, and it was done")
