"""Alerts: the owner of a lead hears when it is active, not too often, and reads the rest in a daily digest. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.assignment.prepare import Prepared
from leadflow.model.business import User
from leadflow.model.commands import Wake
from leadflow.model.decisions import MessagePlanned
from leadflow.model.facts import InteractionReceived
from leadflow.model.lead import Lead
from leadflow.model.time import DAY_US
from leadflow.room import SILENCE, Key, QuietStep, Step, Table, View

_MOST_LEADS = 200


@frozen
class Alert:
    """When an owner was last told of a kind of activity of a lead; `count` is what happened since without a word."""

    table: ClassVar[str] = "alert"

    id: str
    lead_id: str
    told_us: int = 0
    count: int = 0
    version: int = 0


@frozen
class Digest:
    """The leads of a user that were active since his last digest; `due_us` is when he gets the next."""

    table: ClassVar[str] = "digest"

    id: str
    leads: tuple[str, ...] = ()
    due_us: int | None = None
    version: int = 0


TABLES = (Table(Alert, indexes=("lead_id",)), Table(Digest, due="due_us"))


def on_interaction(view: View, fact: InteractionReceived, prepared: Prepared, now_us: int) -> Step | None:
    """A kind of activity that the playbook names is told to the owners of the contact's open leads (S004-5)."""
    rules = prepared.rules
    if fact.contact is None or fact.kind not in prepared.alert_kinds or fact.properties.get("is_machine"):
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
            puts.append(_noted(view, puts, lead, now_us))
    return Step(tuple(messages), tuple(puts)) if puts else None


def quiet_interaction(
    rows: Mapping[Key, Any], fact: InteractionReceived, prepared: Prepared, now_us: int, reads: list[Key]
) -> QuietStep | None:
    """The short form of `on_interaction`: activity that nobody wants to be told of."""
    return None if fact.kind in prepared.alert_kinds else SILENCE


def _noted(view: View, puts: list[Any], lead: Lead, now_us: int) -> Digest:
    owner = lead.owner_id or ""
    mine = [row for row in puts if isinstance(row, Digest) and row.id == owner]
    digest = mine[-1] if mine else view.get(Digest, owner) or Digest(owner)
    leads = digest.leads if lead.id in digest.leads else (*digest.leads, lead.id)[-_MOST_LEADS:]
    due_us = digest.due_us or (now_us // DAY_US + 1) * DAY_US
    return Digest(owner, leads, due_us, digest.version + (not mine))


def on_wake(view: View, wake: Wake, prepared: Prepared, now_us: int) -> Step | None:
    """The daily digest: which of his leads were active."""
    if wake.table != "digest":
        return None
    digest = view.get(Digest, wake.id)
    if digest is None or digest.due_us is None or digest.due_us > now_us:
        return None
    user = view.get(User, digest.id)
    sent = Digest(digest.id, (), None, digest.version + 1)
    if not digest.leads or (user is not None and not user.is_active):
        return Step(puts=(sent,))
    message = MessagePlanned(
        subject=digest.id,
        key=f"{wake.key}:digest",
        channel="mail",
        template="digest",
        recipient=digest.id,
        parameters={"list": ", ".join(digest.leads), "count": len(digest.leads)},
    )
    return Step((message,), (sent,))
