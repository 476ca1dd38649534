"""Alerts: who has a lead hears when it is active, not too often. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadflow.assignment.alerts.digest import noted
from leadflow.assignment.alerts.kinds import matches_any
from leadflow.assignment.alerts.preferences import way_of
from leadflow.assignment.alerts.state import Alert
from leadflow.assignment.lines import users_of
from leadflow.assignment.prepare import Prepared
from leadflow.assignment.state import Handover
from leadflow.assignment.telling import keepers
from leadflow.model.decisions import MessagePlanned
from leadflow.model.facts import InteractionReceived
from leadflow.model.lead import Lead
from leadflow.room import Hush, Key, Step, View


def on_interaction(view: View, fact: InteractionReceived, prepared: Prepared, now_us: int) -> Step | None:
    """A kind of activity that the playbook names is told to those who have the contact's leads, as they want it (S004-5)."""
    if fact.contact is None or not matches_any(prepared.rules.alerts, fact.kind) or fact.properties.get("is_machine"):
        return None
    puts: list[Any] = []
    messages: list[MessagePlanned] = []
    for lead in view.find(Lead, "contact_id", fact.contact):
        if lead.state in ("disqualified", "merged"):
            continue
        users, is_own = _recipients(view, lead, prepared)
        ways = {user: way_of(view, user, fact.kind) for user in users}
        at_once = [user for user, chosen in ways.items() if chosen == "now"]
        if at_once:
            id_ = f"{lead.id}|{fact.kind}"
            alert = view.get(Alert, id_) or Alert(id_, lead.id, -prepared.alert_every_us)
            if now_us - alert.told_us < prepared.alert_every_us:
                puts.append(Alert(id_, lead.id, alert.told_us, alert.count + 1, alert.version + 1))
            else:
                puts.append(Alert(id_, lead.id, now_us, 0, alert.version + 1))
                messages += [_engaged(fact, lead.id, user) for user in at_once]
        for user, chosen in ways.items():
            is_listed = chosen == "digest" or (chosen == "now" and prepared.rules.digest and is_own)
            if is_listed and way_of(view, user, "digest") != "off":
                puts.append(noted(view, puts, user, lead.id, now_us))
    return Step(tuple(messages), tuple(puts)) if puts else None


def quiet_interaction(
    rows: Mapping[Key, Any], fact: InteractionReceived, prepared: Prepared, now_us: int, hush: Hush
) -> bool:
    """The short form of `on_interaction`: activity that nobody wants to be told of."""
    return not matches_any(prepared.rules.alerts, fact.kind)


def _recipients(view: View, lead: Lead, prepared: Prepared) -> tuple[tuple[str, ...], bool]:
    """The lead's owner and those of its product lines; of a lead that nobody owns, who keeps its queue (False)."""
    if lead.owner_id is None:
        return (() if lead.queue is None else keepers(view, lead.queue, prepared)), False
    handover = view.get(Handover, lead.id)
    users = () if handover is None else users_of(handover.lines)
    return tuple(dict.fromkeys((lead.owner_id, *users))), True


def _engaged(fact: InteractionReceived, lead_id: str, user: str) -> MessagePlanned:
    return MessagePlanned(
        subject=lead_id,
        key=f"{fact.input}:engaged:{lead_id}:{user}",
        channel="mail",
        template="lead-engaged",
        recipient=user,
        parameters={"lead": lead_id, "kind": fact.kind},
    )
