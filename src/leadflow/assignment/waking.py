"""What time brings: a pool opens, a service level ends, product lines go on, a lead waits too long in its queue. Pure."""

from __future__ import annotations

from leadflow.assignment.decide import handed_over, lines_handed_over
from leadflow.assignment.lines import split_off
from leadflow.assignment.pools.returns import returned
from leadflow.assignment.prepare import Prepared
from leadflow.assignment.sla import next_step
from leadflow.assignment.state import Handover
from leadflow.assignment.telling import keepers, told
from leadflow.model.business import User
from leadflow.model.commands import Wake
from leadflow.model.decisions import DeadlineMissed, DeadlineSet, Decision, LeadQueued, LinesAssigned, UserPaused
from leadflow.model.lead import Lead
from leadflow.model.time import parse_duration
from leadflow.room import Step, View


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
    if decisions:
        return Step(tuple(decisions))
    if handover.lines_until_us is not None and handover.lines_until_us <= now_us:
        return Step(_lines_due(view, lead, handover, prepared, now_us))
    alarm = DeadlineMissed(subject=lead.id, sla=f"queue {handover.queue}", action="alert", due_us=handover.due_us)
    users = keepers(view, handover.queue, prepared)
    return Step(
        (alarm, *(message for user in users for message in told(view, lead.id, user, "queue-alarm", "queue.alarm")))
    )


def _lines_due(view: View, lead: Lead, handover: Handover, prepared: Prepared, now_us: int) -> tuple[Decision, ...]:
    """The leads of the other lines are made, or a pool that a line waited for has opened."""
    if prepared.rules.product_mode == "duplicate":
        return split_off(view, lead, handover, prepared)
    if lead.owner_id is not None:
        decided = lines_handed_over(view, lead, prepared, now_us)
        if any(isinstance(each, LinesAssigned) for each in decided):
            return decided
    return (LinesAssigned(subject=lead.id, lines=handover.lines),)


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
    if action.pauses_owner and lead.owner_id is not None:
        until_us = now_us + parse_duration(sla.pause_for)
        decisions.append(UserPaused(subject=lead.owner_id, until_us=until_us, because=f"sla {name}"))
    if action.kind == "reassign":
        target = None if handover.pool is None else f"pool:{handover.pool}"
        decisions.extend(
            handed_over(
                view, lead, prepared, now_us, target=target, former=tuple(action.former_owners), hops=action.hops
            )
        )
    elif action.kind == "queue":
        queue = action.queue or prepared.rules.default_owner.partition(":")[2]
        decisions += returned(view, handover, {})
        decisions.append(LeadQueued(subject=lead.id, queue=queue, rule=f"sla {name}"))
    if lead.owner_id is not None:
        decisions += told(view, lead.id, lead.owner_id, "sla-missed", "sla.missed")
        user = view.get(User, lead.owner_id)
        if user is not None and user.manager_id is not None:
            decisions += told(view, lead.id, user.manager_id, "sla-missed", "sla.missed")
    return decisions
