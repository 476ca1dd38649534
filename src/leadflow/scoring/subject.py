"""Whose score it is: the records that rules read, the inputs that count, the leads that share it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from leadflow.model.account import Account
from leadflow.model.contact import Contact
from leadflow.model.identity import group_of
from leadflow.model.lead import Lead
from leadflow.model.records import Input
from leadflow.model.time import NEVER_US
from leadflow.room import View
from leadflow.scoring.prepare import Compiled
from leadflow.scoring.state import Signals


@frozen
class Subject:
    """Whose score is computed, with the records its static rules read. What a condition's view is made of."""

    id: str
    contact: Contact | None = None
    account: Account | None = None
    lead: Lead | None = None
    opportunity: None = None
    signals: Mapping[int, Any] = field(factory=dict)

    def term(self, name: str, args: tuple[Any, ...]) -> tuple[Any, int]:
        """Models read records and behaviour; terms of other rooms are refused by check."""
        return None, NEVER_US


def score_id(subject: str, model: str) -> str:
    """The id of a subject's score by a model."""
    return f"{subject}|{model}"


def subject_of(view: View, subject_id: str, compiled: Compiled) -> Subject | None:
    """A subject with the records that its model's rules read; None when it may not be scored."""
    target = compiled.model.target
    contact: Contact | None = None
    account: Account | None = None
    lead: Lead | None = None
    if target == "lead":
        lead = view.get(Lead, subject_id)
        if lead is None or lead.basis is None:
            return None
        contact = None if lead.contact_id is None else view.get(Contact, lead.contact_id)
        account_id = lead.account_id or (contact.account_id if contact is not None else None)
        account = None if account_id is None else view.get(Account, account_id)
    elif target == "contact":
        contact = view.get(Contact, subject_id)
        if contact is None:
            return None
        account = None if contact.account_id is None else view.get(Account, contact.account_id)
    else:
        account = view.get(Account, subject_id)
        if account is None:
            return None
    if contact is not None and contact.consent < compiled.consent:
        return None
    return Subject(subject_id, contact, account, lead)


def signals_of(view: View, subject_id: str, compiled: Compiled) -> Signals:
    """A subject's signals, counted from its inputs."""
    signals: Signals = {}
    current = getattr(view.command, "key", None)
    for record in inputs_of(view, subject_id, compiled):
        if record.kind is not None and record.id != current:
            signals.update(compiled.signals.observe(signals, record.kind, record.properties, record.at_us))
    return signals


def inputs_of(view: View, subject_id: str, compiled: Compiled) -> Iterable[Input]:
    """The inputs that count for a subject: its own, and those of visitors and records it stands for."""
    if compiled.model.target == "account":
        members = view.find(Contact, "account_id", subject_id)
        # Who was merged away is in the group of whoever stands for him now.
        contacts = [contact.id for contact in members if contact.merged_into is None]
    elif compiled.model.target == "lead":
        lead = view.get(Lead, subject_id)
        contacts = [] if lead is None or lead.contact_id is None else [lead.contact_id]
    else:
        contacts = [subject_id]
    for contact in contacts:
        for id_ in group_of(view, contact):
            yield from view.find(Input, "subject", id_)


def require_inputs(view: View, subjects: Iterable[tuple[Compiled, str]]) -> None:
    """Ask for everything that making these scores anew reads, a few rounds for all of them."""
    given = list(subjects)
    keys = [("score", score_id(id_, compiled.name)) for compiled, id_ in given]
    keys += [(compiled.model.target, id_) for compiled, id_ in given]
    keys += [("contact.account_id", id_) for compiled, id_ in given if compiled.model.target == "account"]
    view.require(keys)
    contacts: dict[str, None] = {}
    for compiled, id_ in given:
        if compiled.model.target == "contact":
            contacts[id_] = None
        elif compiled.model.target == "account":
            contacts.update((contact.id, None) for contact in view.find(Contact, "account_id", id_))
        elif (lead := view.get(Lead, id_)) is not None and lead.contact_id is not None:
            contacts[lead.contact_id] = None
    view.require([key for id_ in contacts for key in (("contact", id_), ("alias.root", id_))])
    rows = [view.get(Contact, id_) for id_ in contacts]
    accounts = [("account", row.account_id) for row in rows if row is not None and row.account_id is not None]
    groups = [("input.subject", member) for id_ in contacts for member in group_of(view, id_)]
    view.require([*accounts, *groups])


def leads_of(view: View, subject_id: str, compiled: Compiled) -> tuple[Lead, ...]:
    """The leads that a subject's score is about."""
    target = compiled.model.target
    if target == "lead":
        lead = view.get(Lead, subject_id)
        return () if lead is None else (lead,)
    if target == "contact":
        return view.find(Lead, "contact_id", subject_id)
    leads = view.find(Lead, "account_id", subject_id)
    return tuple(lead for lead in leads if lead.basis == "account")
