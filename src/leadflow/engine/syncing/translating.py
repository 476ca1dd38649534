"""A change of a record there as records and commands of ours. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from leadflow.engine.syncing.outgoing import Said
from leadflow.model.time import to_datetime
from leadflow.model.values import FLAGS
from leadflow.ports.crm import Change, Value

_ENTRIES: Final = ("contact", "account")


def records_for(
    change: Change,
    id_: str | None,
    take: Mapping[str, Value],
    ours: Said,
    crm: str,
    *,
    has_key: bool = True,
) -> list[dict[str, Any]]:
    """Records and commands that make our record take values over; `id_` is None for one that is not known yet.

    Each says in "about" which record there and which fields it is about.
    """
    if id_ is not None and not take and ours.id:
        return []
    made = {
        "contact": _entry,
        "account": _entry,
        "lead": _lead,
        "opportunity": _opportunity,
        "user": _user,
    }[change.kind](change, id_, take, ours, crm)
    if not has_key:
        made[0]["policy"] = "create"
    for record in made:
        names = record.pop("about")
        body = {name: value for name, value in record.items() if name != "key"}
        record["key"] = key_of(crm, change, body)
        record["about"] = (change.remote, names)
    return made


def key_of(crm: str, change: Change, body: object) -> str:
    """The key of a record that a change led to: the same change and body give the same.

    >>> change = Change(kind="contact", remote="7", version="2", at_us=0)
    >>> key_of("crm", change, {}) == key_of("crm", change, {}), key_of("crm", change, {"a": 1}) == key_of("crm", change, {})
    (True, False)
    """
    told = repr((change.kind, change.remote, change.version, body))
    return f"crm:{crm}:{change.kind}:{blake2b(told.encode('utf-8', 'surrogatepass'), digest_size=10).hexdigest()}"


def _common(change: Change, crm: str) -> dict[str, Any]:
    return {"at": to_datetime(change.at_us).isoformat(), "actor": f"crm:{crm}"}


def _entry(change: Change, id_: str | None, take: Mapping[str, Value], ours: Said, crm: str) -> list[dict[str, Any]]:
    own: dict[str, Any] = {**({} if id_ is None else {"id": id_}), **take}
    if "owner" in own:
        own["owner_id"] = own.pop("owner")
    policy = "skip" if id_ is None else "overwrite"  # of somebody who is found to be known, both are merged afterwards
    record = {"type": change.kind, **_common(change, crm), "policy": policy, change.kind: own, "about": [*take]}
    if change.kind == "contact" and ours.links.get("account") is not None:
        record["account"] = {"id": ours.links["account"]}
    return [record]


def _lead(change: Change, id_: str | None, take: Mapping[str, Value], ours: Said, crm: str) -> list[dict[str, Any]]:
    common = _common(change, crm)
    if id_ is None:
        record: dict[str, Any] = {"type": "lead", **common, "lead": dict(take), "about": [*take]}
        for role in ("contact", "account"):
            if ours.links.get(role) is not None:
                record[role] = {"id": ours.links[role]}
        return [record]
    made: list[dict[str, Any]] = []
    fields = {name: value for name, value in take.items() if name not in _BY_COMMAND}
    if fields:
        own = {"id": id_, **fields}
        made.append({"type": "lead", **common, "policy": "overwrite", "lead": own, "about": [*fields]})
    if take.get("owner") is not None:
        made.append({"type": "assign", **common, "lead": id_, "owner": take["owner"], "about": ["owner"]})
    made += [
        {"type": "set_flag", **common, "lead": id_, "flag": name, "value": bool(take[name]), "about": [name]}
        for name in FLAGS
        if name in take
    ]
    if take.get("stage") is not None:
        move = {"to": take["stage"], "how": "set", "reason": f"crm:{crm}"}
        made.append({"type": "advance", **common, "lead": id_, **move, "about": ["stage"]})
    if "state" in take or "reason" in take:
        state = take.get("state") or ours.fields.get("state")
        reason = take.get("reason", ours.fields.get("reason"))
        body = {"lead": id_, "state": state, "reason": reason}
        made.append(
            {"type": "set_lead_state", **common, **body, "about": [n for n in ("state", "reason") if n in take]}
        )
    return made


_BY_COMMAND: Final = frozenset({"owner", "state", "reason", "stage", *FLAGS})


def _opportunity(
    change: Change, id_: str | None, take: Mapping[str, Value], ours: Said, crm: str
) -> list[dict[str, Any]]:
    """A deal as it stands: what we take over them, the rest as we have it."""
    stands = {**ours.fields, **take}
    record = {
        "type": "opportunity",
        **_common(change, crm),
        "id": id_ or f"{crm}-{change.remote}",
        "status": stands.get("status") or "open",
        "amount": stands.get("amount"),
        "currency": stands.get("currency"),
        "campaign": stands.get("campaign"),
        "owner": take.get("owner", ours.links.get("owner")),
        "about": [*take],
    }
    known = {"status", "amount", "currency", "campaign", "owner", "closed_at"}
    record |= {name: value for name, value in take.items() if name not in known}
    if change.fields.get("closed_at") and record["status"] != "open":
        record["at"] = change.fields["closed_at"]
    for role in ("lead", "contact"):
        if ours.links.get(role) is not None:
            record[role] = {"id": ours.links[role]}
    return [record]


def _user(change: Change, id_: str | None, take: Mapping[str, Value], ours: Said, crm: str) -> list[dict[str, Any]]:
    common = _common(change, crm)
    fields = {name: value for name, value in take.items() if name != "is_active" or not ours.id}
    made: list[dict[str, Any]] = []
    if fields or not ours.id:
        made.append({"type": "user", **common, "id": id_ or f"{crm}-{change.remote}", **fields, "about": [*fields]})
    if ours.id and take.get("is_active") is False:
        made.append({"type": "deactivate_user", **common, "user": id_, "about": ["is_active"]})
    elif ours.id and "is_active" in take:
        made.append({"type": "user", **common, "id": id_, "is_active": True, "about": ["is_active"]})
    return made
