"""Assignment's reactions: a sales-ready lead gets an owner who is told; service levels are watched. Pure."""

from __future__ import annotations

from typing import Any

from leadflow.assignment.choosing.choice import Choice, Interest, Request
from leadflow.assignment.choosing.choose import choose
from leadflow.assignment.choosing.territory import Place
from leadflow.assignment.pools.turns import PoolState, credit
from leadflow.assignment.prepare import LookUp, Prepared, holds
from leadflow.assignment.sla import deadline, may_claim, next_step
from leadflow.assignment.state import Handover, PoolRow
from leadflow.model.business import User
from leadflow.model.commands import Assign, Claim, Credit, Wake
from leadflow.model.decisions import (
    DeadlineMissed,
    DeadlineSet,
    Decision,
    LeadFlagged,
    LeadQueued,
    LeadStateChanged,
    MessagePlanned,
    OwnerAssigned,
    PoolTurned,
    Refusal,
)
from leadflow.model.lead import Lead
from leadflow.room import Step, View


def on_flagged(view: View, decision: LeadFlagged, prepared: Prepared, now_us: int) -> Step | None:
    """A lead that became sales-ready is handed over by the rules."""
    if decision.flag == "sales_accepted" and decision.value:
        return _settled(view, decision.subject, prepared, now_us)
    if decision.flag not in prepared.rules.triggers or not decision.value:
        return None
    lead = view.get(Lead, decision.subject)
    return None if lead is None else Step(handed_over(view, lead, prepared, now_us))


def on_state(view: View, decision: LeadStateChanged, prepared: Prepared, now_us: int) -> Step | None:
    """A closed or qualified lead has no deadlines any more."""
    return _settled(view, decision.subject, prepared, now_us)


def _settled(view: View, lead_id: str, prepared: Prepared, now_us: int) -> Step | None:
    handover = view.get(Handover, lead_id)
    if handover is None or not handover.deadlines:
        return None
    return Step(
        tuple(DeadlineSet(subject=lead_id, sla=name, due_us=None, because="settled") for name, _ in handover.deadlines)
    )


def handed_over(
    view: View,
    lead: Lead,
    prepared: Prepared,
    now_us: int,
    *,
    target: str | None = None,
    former: tuple[str, ...] = (),
    hops: int = 0,
) -> tuple[Decision, ...]:
    """Who gets a lead by the rules, as decisions; `former` owners do not get it again."""
    view.require(prepared.reads)
    asked = view.asked(lead=lead, signals=prepared.signals)
    choice = choose(
        prepared.rules,
        _request(lead, asked, former),
        LookUp(view, lead, asked),
        now_us,
        holds=holds(prepared, asked, now_us),
        target=target,
    )
    return _decided(view, lead, choice, prepared, now_us, hops)


def _request(lead: Lead, asked: Any, former: tuple[str, ...]) -> Request:
    contact, account = asked.contact, asked.account
    source = contact if contact is not None and contact.country is not None else account
    place = (
        Place()
        if source is None
        else Place(postcode=source.postcode, city=source.city, region=source.region, country=source.country)
    )
    interests = () if lead.product is None else (Interest(product=lead.product),)
    return Request(
        owner=None if lead.owner_id in former else lead.owner_id,
        place=place,
        interests=interests,
        former_owners=frozenset(former),
    )


def _decided(
    view: View, lead: Lead, choice: Choice, prepared: Prepared, now_us: int, hops: int
) -> tuple[Decision, ...]:
    decisions: list[Decision] = [
        PoolTurned(subject=name, state=state.to_plain()) for name, state in choice.pools.items()
    ]
    candidates = tuple((each.user, each.reason) for each in choice.candidates)
    if choice.owner is not None:
        if choice.owner != lead.owner_id:
            decisions.append(
                OwnerAssigned(
                    subject=lead.id,
                    owner=choice.owner,
                    former=lead.owner_id,
                    rule=choice.rule,
                    strategy=choice.strategy,
                    pool=choice.pool,
                    candidates=candidates,
                    hops=hops,
                )
            )
    else:
        queue = choice.queue or choice.pool or "unassigned"
        decisions.append(
            LeadQueued(
                subject=lead.id, queue=queue, rule=choice.rule, until_us=choice.hold_until_us, candidates=candidates
            )
        )
    for name in choice.slas:
        sla = prepared.slas[name]
        due_us = deadline(sla, prepared.schedules.get(sla.schedule or ""), now_us)
        if due_us is not None:
            decisions.append(DeadlineSet(subject=lead.id, sla=name, due_us=due_us, because="assigned"))
    recipient = choice.owner
    if recipient is not None:
        templates = choice.notify or (("lead-ready",) if recipient == lead.owner_id else ())
        decisions.extend(_told(view, lead, recipient, template) for template in templates)
    return tuple(decisions)


def _told(view: View, lead: Lead, recipient: str, template: str) -> MessagePlanned:
    return MessagePlanned(
        subject=lead.id,
        key=f"{view.command.key}:{template}:{lead.id}:{recipient}",
        channel="mail",
        template=template,
        recipient=recipient,
        parameters={"lead": lead.id},
    )


# -- commands ---------------------------------------------------------------------------------------------


def on_assign(view: View, command: Assign, prepared: Prepared, now_us: int) -> Step | None:
    """By hand to an owner, or by the rules."""
    lead = view.get(Lead, command.lead)
    if lead is None:
        return Step(refusal=Refusal("unknown_id", {"record": "lead", "id": command.lead}))
    if command.owner is None:
        return Step(handed_over(view, lead, prepared, now_us))
    user = view.get(User, command.owner)
    if user is not None and not user.is_active:
        return Step(refusal=Refusal("user_inactive", {"user": command.owner}))
    if lead.owner_id == command.owner:
        return None
    assigned = OwnerAssigned(
        subject=lead.id, owner=command.owner, former=lead.owner_id, rule="by hand", strategy="by hand"
    )
    return Step((assigned, _told(view, lead, command.owner, prepared.rules.notify or "lead-assigned")))


def on_claim(view: View, command: Claim, prepared: Prepared, now_us: int) -> Step | None:
    """The first claim takes a lead out of its queue."""
    lead = view.get(Lead, command.lead)
    handover = view.get(Handover, command.lead)
    if lead is None:
        return Step(refusal=Refusal("unknown_id", {"record": "lead", "id": command.lead}))
    if lead.queue is None or handover is None:
        return Step(refusal=Refusal("not_queued", {"lead": lead.id, "owner": lead.owner_id or ""}))
    queue = prepared.queues.get(lead.queue)
    if queue is not None and not may_claim(queue, command.user):
        return Step(refusal=Refusal("not_a_member", {"queue": lead.queue, "user": command.user}))
    return Step(
        (
            OwnerAssigned(
                subject=lead.id, owner=command.user, former=lead.owner_id, rule=f"queue {lead.queue}", strategy="claim"
            ),
        )
    )


def on_credit(view: View, command: Credit, prepared: Prepared, now_us: int) -> Step | None:
    """The owner of a rejected lead gets his turn in the pool back."""
    handover = view.get(Handover, command.lead)
    if handover is None or handover.pool is None or handover.owner is None:
        return Step(refusal=Refusal("no_turn", {"lead": command.lead}))
    row = view.get(PoolRow, handover.pool)
    state = PoolState() if row is None else PoolState.from_plain(row.state)
    turned = credit(state, handover.owner, handover.since_us)
    return Step((PoolTurned(subject=handover.pool, state=turned.to_plain()),))


# -- time -------------------------------------------------------------------------------------------------


def on_wake(view: View, wake: Wake, prepared: Prepared, now_us: int) -> Step | None:
    """A pool opened, a service level ended, or a lead waits too long in its queue."""
    if wake.table != "handover":
        return None
    handover = view.get(Handover, wake.id)
    lead = view.get(Lead, wake.id)
    if handover is None or lead is None or handover.due_us is None or handover.due_us > now_us:
        return None
    if handover.hold_until_us is not None and handover.hold_until_us <= now_us:
        target = None if handover.pool is None else f"pool:{handover.pool}"
        return Step(handed_over(view, lead, prepared, now_us, target=target))
    decisions: list[Decision] = []
    for name, due_us in handover.deadlines:
        if due_us <= now_us:
            decisions.extend(_missed(view, lead, handover, name, due_us, prepared, now_us))
    if not decisions:
        decisions.append(
            DeadlineMissed(subject=lead.id, sla=f"queue {handover.queue}", action="alert", due_us=handover.due_us)
        )
    return Step(tuple(decisions))


def _missed(
    view: View, lead: Lead, handover: Handover, name: str, due_us: int, prepared: Prepared, now_us: int
) -> list[Decision]:
    sla = prepared.slas.get(name)
    if sla is None:
        return [DeadlineSet(subject=lead.id, sla=name, due_us=None, because="rule gone")]
    asked = view.asked(lead=lead, signals=prepared.signals)
    criterion = prepared.criteria.get(name)
    is_met = criterion is not None and criterion.value(asked, now_us)
    owners = (*handover.former, *((lead.owner_id,) if lead.owner_id else ()))
    action = next_step(sla, due_us=due_us, now_us=now_us, hops=handover.hops, former_owners=owners, is_met=is_met)
    if action.kind == "stop":
        return [DeadlineSet(subject=lead.id, sla=name, due_us=None, because=action.reason)]
    decisions: list[Decision] = [DeadlineMissed(subject=lead.id, sla=name, action=action.kind, due_us=due_us)]
    if action.kind == "reassign":
        target = None if handover.pool is None else f"pool:{handover.pool}"
        decisions.extend(
            handed_over(
                view, lead, prepared, now_us, target=target, former=tuple(action.former_owners), hops=action.hops
            )
        )
    elif action.kind == "queue":
        queue = action.queue or prepared.rules.default_owner.partition(":")[2]
        decisions.append(LeadQueued(subject=lead.id, queue=queue, rule=f"sla {name}"))
    if lead.owner_id is not None:
        decisions.append(_told(view, lead, lead.owner_id, "sla-missed"))
        user = view.get(User, lead.owner_id)
        if user is not None and user.manager_id is not None:
            decisions.append(_told(view, lead, user.manager_id, "sla-missed"))
    return decisions
