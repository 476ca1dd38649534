"""Between our words and Tryton's. Pure.

A person or company is a `party.party`; whose it is stands in one of its identifiers, `leadflow:contact:c_1`. A salesperson
is a `company.employee`. A lead is a `sale.opportunity` with our id in `reference`; what Tryton has no field for stands in a
block of its comment, which people may read and edit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from leadflow.crm.merging import plain
from leadflow.ports.crm import FIELDS, Value

MARK: Final = "leadflow"
PARTY: Final = (
    "name",
    "active",
    "_timestamp",
    "last_modified_at",
    *(f"contact_mechanisms.{name}" for name in ("type", "value", "value_compact", "_timestamp", "last_modified_at")),
    *(f"addresses.{name}" for name in ("city", "postal_code", "_timestamp", "last_modified_at")),
    *(f"identifiers.{name}" for name in ("code",)),
)
"""What is read of a party."""

OPPORTUNITY: Final = (
    *("reference", "party", "employee", "state", "comment", "lost_reason", "amount", "currency.code", "end_date"),
    *("_timestamp", "last_modified_at"),
)
PHONES: Final = ("phone", "mobile")
STATES: Final[Mapping[str, str]] = {
    "lead": "open",
    "opportunity": "qualified",
    "converted": "qualified",
    "won": "qualified",
    "lost": "disqualified",
    "cancelled": "disqualified",
}
STATUSES: Final[Mapping[str, str]] = {
    "opportunity": "open",
    "converted": "open",
    "won": "won",
    "lost": "lost",
    "cancelled": "lost",
}
CLOSED: Final = frozenset({"converted", "won", "lost", "cancelled"})
"""States in which Tryton lets nobody change comment and employee."""

_BLOCK: Final = re.compile(r"\n*\[leadflow\]\n(.*?)\[/leadflow\]", re.DOTALL)
_OWN: Final = frozenset({"state", "reason"})
_FLAGS: Final = frozenset(name for name in FIELDS["lead"] if name.endswith(("_qualified", "_ready", "_accepted")))


def full_name(fields: Mapping[str, Value]) -> str:
    """A person's name as Tryton keeps it: a last name of several words is held together by blanks that do not break.

    >>> full_name({"first_name": "Jan", "last_name": "van Dam"})
    'Jan van\\xa0Dam'
    """
    first, last = str(fields.get("first_name") or ""), str(fields.get("last_name") or "")
    return " ".join(part for part in (first, last.replace(" ", "\xa0")) if part)


def parts_of_name(name: str | None) -> dict[str, Value]:
    """First and last name.

    >>> parts_of_name("Ana Maria Kos"), parts_of_name("Jan van\\xa0Dam")["last_name"]
    ({'first_name': 'Ana Maria', 'last_name': 'Kos'}, 'van Dam')
    """
    first, _, last = (name or "").rpartition(" ")
    return {"first_name": first.strip() or None, "last_name": last.replace("\xa0", " ").strip() or None}


def code_of(kind: str, id_: str) -> str:
    """The identifier by which a party is ours."""
    return f"{MARK}:{kind}:{id_}"


def whose(party: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """(kind, our id) of a party that is ours."""
    for each in party.get("identifiers.") or ():
        mark, _, rest = each["code"].partition(":")
        kind, _, id_ = rest.partition(":")
        if mark == MARK and id_:
            return kind, id_
    return None, None


def of_party(kind: str, party: Mapping[str, Any]) -> dict[str, Value]:
    """The fields of a contact, account or user."""
    found = mechanisms(party)
    email = {"email": found.get("email", {}).get("value") or None}
    if kind == "user":
        return {"name": party["name"], **email, "is_active": bool(party["active"])}
    phone = found.get("phone", {})
    address: Mapping[str, Any] = next(iter(party["addresses."] or ()), {})
    fields: dict[str, Value] = {
        "phone": phone.get("value_compact") or phone.get("value") or None,
        "city": address.get("city") or None,
        "postcode": address.get("postal_code") or None,
    }
    name = {"name": party["name"]} if kind == "account" else parts_of_name(party["name"])
    return {**name, **email, **fields}


def mechanisms(party: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The first mail address and the first telephone of a party."""
    found: dict[str, Mapping[str, Any]] = {}
    for each in party.get("contact_mechanisms.") or ():
        found.setdefault("phone" if each["type"] in PHONES else each["type"], each)
    return found


def party_values(kind: str, fields: Mapping[str, Value], party: Mapping[str, Any] | None) -> dict[str, Any]:
    """What to write so that a party says this; `party` is how it stands (None: it is made)."""
    values: dict[str, Any] = {}
    stands = {} if party is None else of_party(kind, party)
    if kind == "contact" and {"first_name", "last_name"} & fields.keys():
        values["name"] = full_name({**stands, **fields})
    elif "name" in fields:
        values["name"] = fields["name"]
    held = {} if party is None else mechanisms(party)
    commands: list[Any] = []
    for name in ("email", "phone"):
        if name in fields and fields[name] != stands.get(name):
            commands += _mechanism(name, fields[name], held.get(name))
    if commands:
        values["contact_mechanisms"] = commands
    place = {theirs: fields[ours] for ours, theirs in (("city", "city"), ("postcode", "postal_code")) if ours in fields}
    if place:
        first = next(iter((party or {}).get("addresses.") or ()), None)
        values["addresses"] = [["create", [place]] if first is None else ["write", [first["id"]], place]]
    return values


def _mechanism(name: str, value: Value, held: Mapping[str, Any] | None) -> list[Any]:
    if value is None:
        return [] if held is None else [["delete", [held["id"]]]]
    if held is None:
        return [["create", [{"type": name, "value": value}]]]
    return [["write", [held["id"]], {"value": value}]]


# -- leads ------------------------------------------------------------------------------------------------


def reference_of(id_: str) -> str:
    """The reference by which an opportunity is a lead of ours."""
    return f"{MARK}:{id_}"


def lead_of(opportunity: Mapping[str, Any]) -> str | None:
    """Our id of a lead."""
    mark, _, id_ = (opportunity["reference"] or "").partition(":")
    return id_ or None if mark == MARK else None


def of_lead(opportunity: Mapping[str, Any]) -> dict[str, Value]:
    """The fields of a lead: its state, and the block in its comment."""
    block, state = read_block(opportunity["comment"]), STATES.get(opportunity["state"], "open")
    if state == "open" and block.get("state") == "recycled":
        state = "recycled"  # a lead for Tryton
    fields: dict[str, Value] = {"state": state, "reason": opportunity["lost_reason"] or None}
    return {**dict.fromkeys(FIELDS["lead"]), **block, **fields}


def of_deal(opportunity: Mapping[str, Any]) -> dict[str, Value]:
    """The fields of the deal that a lead has become."""
    end = opportunity["end_date"]
    return {
        "status": STATUSES[opportunity["state"]],
        "amount": plain(opportunity["amount"]) if isinstance(opportunity["amount"], Decimal) else None,
        "currency": (opportunity.get("currency.") or {}).get("code"),
        "closed_at": f"{end}T00:00:00+00:00" if end and STATUSES[opportunity["state"]] != "open" else None,
    }


def read_block(comment: str | None) -> dict[str, Value]:
    """What the block in a comment says.

    >>> read_block(with_block("Call her.", {"stage": "inquiry", "score.interest": 35, "sales_ready": True}))
    {'stage': 'inquiry', 'score.interest': 35, 'sales_ready': True}
    """
    found = _BLOCK.search((comment or "").replace("\r\n", "\n"))
    fields: dict[str, Value] = {}
    for line in (found[1] if found else "").splitlines():
        name, _, text = line.partition(": ")
        if text.strip():
            fields[name.strip()] = _value(name.strip(), text.strip())
    return fields


def _value(name: str, text: str) -> Value:
    if name in _FLAGS:
        return text == "true"
    return int(text) if name.startswith("score.") and text.removeprefix("-").isdigit() else text


def with_block(comment: str | None, fields: Mapping[str, Value]) -> str:
    """A comment with a block that says this; what people wrote around it stays.

    >>> print(with_block("Call her.", {"stage": "inquiry"}))
    Call her.
    <BLANKLINE>
    [leadflow]
    stage: inquiry
    [/leadflow]
    """
    said = (comment or "").replace("\r\n", "\n")
    lines = [f"{name}: {_word(value)}\n" for name, value in fields.items() if value is not None]
    block = f"[leadflow]\n{''.join(lines)}[/leadflow]"
    around = _BLOCK.sub("", said, count=1).rstrip("\n")
    return f"{around}\n\n{block}" if around else block


def _word(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(str(value).split())


def lead_values(fields: Mapping[str, Value], opportunity: Mapping[str, Any] | None) -> dict[str, Any]:
    """What to write so that a lead says this, but for its state, which people at Tryton move by buttons."""
    values: dict[str, Any] = {}
    told = {name: value for name, value in fields.items() if name not in _OWN}
    if "state" in fields:
        told["state"] = "recycled" if fields["state"] == "recycled" else None
    if told:
        comment = None if opportunity is None else opportunity["comment"]
        said = {**read_block(comment), **told}
        values["comment"] = with_block(comment, said) if any(value is not None for value in said.values()) else comment
    if "reason" in fields:
        values["lost_reason"] = fields["reason"]
    if opportunity is None:
        values["description"] = title_of(fields)
    return values


def title_of(fields: Mapping[str, Value]) -> str:
    """What a lead is called in lists: what the interest is in.

    >>> title_of({"form": "demo-request", "campaign": "spring"})
    'demo-request, spring'
    """
    parts: Iterable[Value] = (fields.get(name) for name in ("product", "event", "form", "page", "campaign", "source"))
    return ", ".join(str(part) for part in parts if part) or "Lead"


def button_to(state: str, stands: str) -> str | None:
    """The button that takes an opportunity where our lead is; None when it is there, or sales has it in hand.

    >>> button_to("disqualified", "lead"), button_to("qualified", "won"), button_to("open", "lost")
    ('lost', None, 'lead')
    """
    if STATES.get(stands) == state or (state == "recycled" and stands == "lead"):
        return None
    if state == "qualified":
        return "opportunity" if stands == "lead" else None
    if state == "disqualified":
        return "lost" if stands in ("lead", "opportunity") else None
    return "lead" if state in ("open", "recycled") and stands in ("opportunity", "lost", "cancelled") else None
