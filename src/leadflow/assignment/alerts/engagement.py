"""Alerts: the owner of a lead hears when it is active, not too often. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadflow.assignment.alerts.digest import noted
from leadflow.assignment.alerts.kinds import matches_any
from leadflow.assignment.alerts.state import Alert
from leadflow.assignment.prepare import Prepared
from leadflow.model.decisions import MessagePlanned
from leadflow.model.facts import InteractionReceived
from leadflow.model.lead import Lead
from leadflow.room import Hush, Key, Step, View


def on_interaction(view: View, fact: InteractionReceived, prepared: Prepared, now_us: int) -> Step | None:
    """A kind of activity that the playbook names is told to the owners of the contact's open leads (S004-5)."""
    rules = prepared.rules
    if fact.contact is None or not matches_any(prepared.rules.alerts, fact.kind) or fact.properties.get("is_machine"):
        return None
    puts: list[Any] = []
    messages: list[MessagePlanned] = []
    for lead in view.find(Lead, "contact_id", fact.contact):
        if lead.owner_id is None or lead.state in ("disqualified", "merged"):
            continue
        id_ = f"{lead.id}|{fact.kind}"
        alert = view.get(Alert, id_)
        if alert is not None and now_us - alert.told_us < prepared.alert_every_us:
            puts.append(Alert(id_, lead.id, alert.told_us, alert.count + 1, alert.version + 1))
        else:
            version = 1 if alert is None else alert.version + 1
            puts.append(Alert(id_, lead.id, now_us, 0, version))
            messages.append(
                MessagePlanned(
                    subject=lead.id,
                    key=f"{fact.input}:engaged:{lead.id}",
                    channel="mail",
                    template="lead-engaged",
                    recipient=lead.owner_id,
                    parameters={"lead": lead.id, "kind": fact.kind},
                )
            )
        if rules.digest:
            puts.append(noted(view, puts, lead, now_us))
    return Step(tuple(messages), tuple(puts)) if puts else None


def quiet_interaction(
    rows: Mapping[Key, Any], fact: InteractionReceived, prepared: Prepared, now_us: int, hush: Hush
) -> bool:
    """The short form of `on_interaction`: activity that nobody wants to be told of."""
    return fact.kind not in prepared.alert_kinds
