"""What scoring will read, told ahead so that a batch is loaded at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from leadflow.model.commands import Rescore, Wake
from leadflow.model.contact import Contact
from leadflow.model.lead import Lead
from leadflow.room import Key
from leadflow.scoring.prepare import Compiled, Prepared
from leadflow.scoring.subject import score_id


def follow_matchkey(row: Any, prepared: Prepared) -> list[Key]:
    """Once a contact is known by a key: its scores; and itself, where models of accounts or leads need more."""
    keys: list[Key] = []
    if not row.id.startswith("contact|"):
        return keys
    for _, contact in row.records:
        keys.extend(_score_keys(contact, prepared.by_target["contact"]))
        if prepared.by_target["account"] or prepared.by_target["lead"]:
            keys.append(("contact", contact))
    return keys


def follow_contact(row: Contact, prepared: Prepared) -> list[Key]:
    """Once a contact's row is known: its account, its leads, its scores."""
    keys = _score_keys(row.id, prepared.by_target["contact"])
    keys.append(("lead.contact_id", row.id))
    if row.account_id is not None:
        keys.append(("account", row.account_id))
        keys.extend(_score_keys(row.account_id, prepared.by_target["account"]))
    return keys


def follow_lead(row: Lead, prepared: Prepared) -> list[Key]:
    """Once a lead is known: its own scores, its contact and account."""
    keys = _score_keys(row.id, prepared.by_target["lead"])
    if row.contact_id is not None:
        keys.append(("contact", row.contact_id))
    if row.account_id is not None:
        keys.append(("account", row.account_id))
    return keys


def _score_keys(subject: str, models: Iterable[Compiled]) -> list[Key]:
    return [("score", score_id(subject, model.name)) for model in models]


def wake_keys(wake: Wake, prepared: Prepared) -> list[Key]:
    """What a wake's plan will read."""
    return [(wake.table, wake.id)]


def rescore_keys(command: Rescore, prepared: Prepared) -> list[Key]:
    """What scoring many subjects anew reads: their rows, scores and inputs."""
    compiled = prepared.models.get(command.model)
    if compiled is None:
        return []
    keys: list[Key] = []
    for subject in command.subjects:
        keys += [(compiled.model.target, subject), ("score", score_id(subject, command.model))]
        if compiled.model.target == "contact":
            keys += [("input.subject", subject), ("alias.root", subject)]
    return keys
