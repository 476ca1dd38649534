"""Whose record is this: the reactions of matching to what comes in. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from leadflow.expr.values import read_values
from leadflow.matching.find import Found, Prepared, Search, changed_fields, find_or_create
from leadflow.matching.state import MatchKey
from leadflow.model.commands import Identify
from leadflow.model.contact import Contact
from leadflow.model.decisions import (
    Decision,
    InputFailed,
    RecordCreated,
    RecordMatched,
    RecordUpdated,
    Refusal,
    VisitorIdentified,
)
from leadflow.model.facts import InteractionReceived, RecordsGiven
from leadflow.model.identity import Alias, standing_for
from leadflow.model.ids import derive_id
from leadflow.model.lead import Lead
from leadflow.model.making import replaced
from leadflow.model.records import Entry, Input, Interaction, Submission
from leadflow.model.rows import RECORDS
from leadflow.model.values import NOTHING
from leadflow.normalise import normaliser
from leadflow.room import Key, Step, View


def interaction_keys(command: Interaction, prepared: Prepared) -> list[Key]:
    """What an interaction's plan will read: the match keys of its reference, the alias of its visitor."""
    keys: list[Key] = []
    reference = command.contact
    if reference:
        if "id" in reference:
            keys.append(("contact", str(reference["id"])))
        else:
            for spec in prepared.ring.by_strategy[prepared.rules.contact]:
                id_ = spec.id_of(reference)
                if id_ is not None:
                    keys.append(("matchkey", id_))
    if command.visitor is not None:
        keys.append(("alias", derive_id("visitor", command.visitor)))
    return keys


def submission_keys(command: Submission, prepared: Prepared) -> list[Key]:
    """What a submission's plan will probably read: the keys that its fields, as they were typed, lead to."""
    values: dict[str, dict[str, Any]] = {}
    for name, target in prepared.forms.get(command.form, {}).items():
        record, _, field = target.partition(".")
        if name in command.fields:
            values.setdefault(record, {})[field] = command.fields[name]
    return _probable_keys(values, command.visitor, prepared)


def entry_keys(command: Entry, prepared: Prepared) -> list[Key]:
    """What an entry's plan will probably read."""
    named = [
        (record, str(content["id"])) for record, content in command.values.items() if content.get("id") is not None
    ]
    return [*named, *_probable_keys(command.values, None, prepared)]


def _probable_keys(values: Mapping[str, Mapping[str, Any]], visitor: str | None, prepared: Prepared) -> list[Key]:
    contact, account = values.get("contact", {}), values.get("account", {})
    if account.get("domain") is None and isinstance(contact.get("email"), str):
        account = {**account, "domain": _domain(contact["email"])}
    keys: list[Key] = [("matchkey", id_) for id_ in prepared.ring.ids("contact", contact)]
    keys += [("matchkey", id_) for id_ in prepared.ring.ids("account", account)]
    if visitor is not None:
        keys.append(("alias", derive_id("visitor", visitor)))
    return keys


@lru_cache(maxsize=8192)
def _domain(email: str) -> str | None:
    return normaliser("domain").function(email)


def on_interaction(view: View, command: Interaction, prepared: Prepared, now_us: int) -> Step | None:
    """An interaction is attributed: to the contact it names, else to the visitor, known by name or not yet."""
    at_us = min(command.at_us, now_us)
    origin, contact, decisions, values = _who(view, command, prepared, at_us)
    visitor_id = None
    if command.visitor is not None:
        visitor_id = derive_id("visitor", command.visitor)
        alias = view.get(Alias, visitor_id)
        if contact is None:
            origin, contact = visitor_id, None if alias is None else alias.root
        else:
            decisions = (*decisions, *_identified(alias, contact, visitor_id, command.key, at_us))
    if origin is None:
        return _failed(command, now_us, Refusal("no_subject", {"field": "contact"}))
    record = Input(
        command.key, "interaction", at_us, now_us, command.kind, origin, None, command.lead, visitor_id,
        command.actor, command.batch, reference_text(command.contact), command.properties, values,
        NOTHING if command.visitor is None else {"visitor": command.visitor},
    )  # fmt: skip
    fact = InteractionReceived(command.key, command.kind, at_us, contact, command.lead, command.properties)
    return Step(decisions, (), (record,), (fact,))


def _who(
    view: View, command: Interaction, prepared: Prepared, at_us: int
) -> tuple[str | None, str | None, tuple[Decision, ...], Mapping[str, Any]]:
    """(contact as it was made, who stands for it now, decisions, values to keep) of an interaction's reference."""
    reference = command.contact
    if not reference:
        return None, None, (), NOTHING
    if "id" in reference:
        row = standing_for(view, Contact, str(reference["id"]))
        return (None, None, (), NOTHING) if row is None else (str(reference["id"]), row.id, (), NOTHING)
    for spec in prepared.ring.by_strategy[prepared.rules.contact]:
        id_ = spec.id_of(reference)
        holder = None if id_ is None else view.get(MatchKey, id_)
        if holder is not None and len(holder.records) == 1:
            made, now = holder.records[0]
            return made, now, (), NOTHING
    if prepared.rules.unknown_contact == "keep":
        return None, None, (), NOTHING
    # A reference names somebody; it sets nothing but the fields that it is looked up by.
    keyed = {name for spec in prepared.ring.by_strategy[prepared.rules.contact] for name in spec.fields}
    named = {name: value for name, value in reference.items() if name in keyed and isinstance(value, str)}
    reference, _ = read_values("contact", named, prepared.schema)
    given = RecordsGiven(input=command.key, at_us=at_us, values={"contact": reference}, wanted=("contact",))
    found = find_or_create(Search(view, given, "contact", reference, NOTHING, prepared))
    if found.refusal is not None:
        return None, None, (), NOTHING
    decisions = tuple(d for d in found.decisions if not isinstance(d, RecordMatched))
    return found.origin, found.id, decisions, {"contact": dict(reference)}


def reference_text(reference: Mapping[str, Any]) -> str | None:
    """How an input named its contact, as text that `read_reference` reads back.

    >>> reference_text({"email": "ana@example.si"})
    'email=ana@example.si'
    """
    if not reference:
        return None
    if len(reference) == 1:
        for name, value in reference.items():
            return f"{name}={value}"
    return "\x1f".join([f"{name}={value}" for name, value in reference.items()])


def read_reference(text: str | None) -> dict[str, str]:
    """The reference that `reference_text` wrote.

    >>> read_reference("email=ana@example.si")
    {'email': 'ana@example.si'}
    """
    if text is None:
        return {}
    parts = (part.partition("=") for part in text.split("\x1f"))
    return {name: value for name, _, value in parts}


def on_given(view: View, given: RecordsGiven, prepared: Prepared, now_us: int) -> Step | None:
    """An input's values find or make their account, contact and lead, in this order."""
    values = {record: dict(content) for record, content in given.values.items()}
    _derive_domain(values, given)
    _require_keys(view, given, values, prepared)
    found: dict[str, Found] = {}
    for record in ("account", "contact", "lead"):
        if record not in given.wanted or (record == "account" and not _tells_account(values, given)):
            continue
        found[record] = find_or_create(
            Search(
                view,
                given,
                record,
                values.get(record, {}),
                _links(view, record, found, values, given),
                prepared,
                record == "lead" and found["contact"].made if "contact" in found else False,
            )
        )
        if found[record].refusal is not None:
            return _failed(view.command, now_us, found[record].refusal, values)
    named = [_named(view, given, record, values, found, prepared) for record in NAMED if record in given.wanted]
    for each in named:
        if isinstance(each, Refusal):
            return _failed(view.command, now_us, each, values)
    more = tuple(decision for each in named if not isinstance(each, Refusal) for decision in each)
    return _found(view, given, values, found, more)


NAMED = ("opportunity", "user", "product")
"""Records that other systems name by an id of their own; nobody is looked for."""


def _named(
    view: View,
    given: RecordsGiven,
    record: str,
    values: Mapping[str, Mapping[str, Any]],
    found: Mapping[str, Found],
    prepared: Prepared,
) -> tuple[Decision, ...] | Refusal:
    id_ = given.known.get(record)
    if id_ is None:
        return Refusal("missing_id", {"field": f"{record}.id"})
    row = view.get(RECORDS[record], id_)
    links: dict[str, str] = {}
    if record == "opportunity":
        links = _deal_links(view, found)
    content = values.get(record, {})
    if row is None:
        fields = tuple(name for name, value in content.items() if value is not None)
        return (RecordCreated(subject=id_, record=record, input=given.input, fields=fields, links=links),)
    changed = changed_fields(row, content, "overwrite", "keep", ())
    relinked = {name: link for name, link in links.items() if getattr(row, name) != link}
    if not (changed or relinked):
        return ()
    return (RecordUpdated(subject=id_, record=record, input=given.input, fields=tuple(changed), links=relinked),)


def _deal_links(view: View, found: Mapping[str, Found]) -> dict[str, str]:
    """Whose deal it is: the lead that was named, else the newest open lead of the contact."""
    lead_row = found["lead"].row if "lead" in found else None
    contact = found["contact"].id if "contact" in found else None
    if lead_row is None and contact is not None:
        leads = [lead for lead in view.find(Lead, "contact_id", contact) if lead.is_open]
        lead_row = max(leads, key=lambda lead: (lead.created_us, lead.id)) if leads else None
    if lead_row is not None and contact is None:
        contact = lead_row.contact_id
    account = lead_row.account_id if lead_row is not None else None
    links = {"lead_id": lead_row.id if lead_row is not None else None, "contact_id": contact, "account_id": account}
    return {name: link for name, link in links.items() if link is not None}


def _known_holder(view: View, values: Mapping[str, Mapping[str, Any]], given: RecordsGiven) -> str | None:
    """Whose lead it is when nobody is looked for: the contact that was named, else the one the visitor is known as."""
    named = values.get("lead", {}).get("contact_id")
    if named is not None:
        contact = standing_for(view, Contact, named)
        return None if contact is None else str(contact.id)
    if given.visitor is None:
        return None
    alias = view.get(Alias, derive_id("visitor", given.visitor))
    return None if alias is None else alias.root


def _links(
    view: View,
    record: str,
    found: Mapping[str, Found],
    values: Mapping[str, Mapping[str, Any]],
    given: RecordsGiven,
) -> dict[str, str]:
    links: dict[str, str] = {}
    account = found["account"].id if "account" in found else None
    if record == "contact" and account is not None:
        links["account_id"] = account
    if record == "lead":
        contact = found.get("contact")
        if contact is not None and contact.id is not None:
            links["contact_id"] = contact.id
            # A contact that already belongs to an account takes its lead there.
            if contact.row is not None and contact.row.account_id is not None:
                account = contact.row.account_id
        elif contact is None and (holder := _known_holder(view, values, given)) is not None:
            links["contact_id"] = holder
        if account is not None:
            links["account_id"] = account
    return links


def _derive_domain(values: dict[str, dict[str, Any]], given: RecordsGiven) -> None:
    """A company address tells the account's domain, unless anybody can have an address there."""
    if "account" not in given.wanted or values.get("account", {}).get("domain") is not None:
        return
    email = values.get("contact", {}).get("email")
    domain = None if email is None else _domain(email)
    if domain is not None:
        values.setdefault("account", {})["domain"] = domain


def _tells_account(values: Mapping[str, Mapping[str, Any]], given: RecordsGiven) -> bool:
    if "account" in given.known:
        return True
    account = values.get("account", {})
    return account.get("domain") is not None or account.get("name") is not None


def _require_keys(view: View, given: RecordsGiven, values: Mapping[str, Mapping[str, Any]], prepared: Prepared) -> None:
    """Ask for everything this input's keys lead to at once: one round instead of three."""
    keys: list[Key] = []
    for record in ("contact", "account"):
        if record in given.wanted:
            keys.extend(("matchkey", id_) for id_ in prepared.ring.ids(record, values.get(record, {})))
            if record in given.known:
                keys.append((record, given.known[record]))
    if given.visitor is not None:
        keys.append(("alias", derive_id("visitor", given.visitor)))
    view.require(keys)
    further: list[Key] = []
    for name, id_ in keys:
        holder = view.get(MatchKey, id_) if name == "matchkey" else None
        if holder is not None:
            record = id_.partition("|")[0]
            further.extend((record, held) for held in holder.holders)
    view.require(further)


def _found(
    view: View,
    given: RecordsGiven,
    values: Mapping[str, Any],
    found: Mapping[str, Found],
    more: tuple[Decision, ...],
) -> Step:
    decisions = (*(decision for search in found.values() for decision in search.decisions), *more)
    contact, lead = found.get("contact"), found.get("lead")
    contact_id = contact.id if contact is not None else None
    subject = contact.origin if contact is not None else contact_id
    visitor_id = None
    if given.visitor is not None:
        visitor_id = derive_id("visitor", given.visitor)
        alias = view.get(Alias, visitor_id)
        if contact_id is None:
            subject, contact_id = visitor_id, None if alias is None else alias.root
        else:
            decisions = (*decisions, *_identified(alias, contact_id, visitor_id, given.input, given.at_us))
    kept = view.input(given.input)
    assert kept is not None  # noqa: S101 - capture kept it in the step that gave us this
    record = replaced(
        kept,
        kind=given.kind,
        subject=subject,
        account=found["account"].id if "account" in found else None,
        lead=lead.id if lead is not None else None,
        visitor=visitor_id,
        properties=given.properties,
        values=values,
    )
    if given.kind is None:
        return Step(decisions, (), (record,))
    fact = InteractionReceived(given.input, given.kind, given.at_us, contact_id, record.lead, given.properties)
    return Step(decisions, (), (record,), (fact,))


def on_identify(view: View, command: Identify, prepared: Prepared, now_us: int) -> Step | None:
    """Somebody says who a visitor is. The earliest identification stands: a shared device does not make people one."""
    contact = standing_for(view, Contact, command.contact)
    if contact is None:
        return Step(refusal=Refusal("unknown_id", {"record": "contact", "id": command.contact}))
    visitor_id = derive_id("visitor", command.visitor)
    at_us = min(command.at_us, now_us)
    found = _identified(view.get(Alias, visitor_id), contact.id, visitor_id, command.key, at_us)
    return Step(found) if found else Step(refusal=Refusal("visitor_known", {"visitor": visitor_id}))


def _identified(
    alias: Alias | None, contact: str, visitor_id: str, key: str, at_us: int
) -> tuple[VisitorIdentified, ...]:
    """Who a visitor is follows from all that identify him, in whatever order they come: the earliest, by time and key."""
    if alias is not None and not is_earlier(at_us, key, alias):
        return ()
    former = None if alias is None else alias.root
    return (VisitorIdentified(subject=contact, visitor=visitor_id, input=key, since_us=at_us, former=former),)


def _failed(command: Any, now_us: int, refusal: Refusal | None, values: Mapping[str, Any] = NOTHING) -> Step:
    assert refusal is not None  # noqa: S101 - callers checked
    reason = (refusal.code, str(refusal.parameters.get("field", refusal.parameters.get("id", ""))))
    return Step(
        (InputFailed(subject=command.key, record=command.type, form=getattr(command, "form", None), reasons=(reason,)),)
    )


def is_earlier(at_us: int, key: str, alias: Alias) -> bool:
    """Whether an input tells of an earlier moment than the one that says who a visitor is; the lesser key on a tie."""
    return at_us < alias.since_us or (at_us == alias.since_us and key < alias.merge.rpartition("#")[0])
