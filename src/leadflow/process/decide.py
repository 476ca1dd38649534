"""The process's reactions: leads start, move by themselves where the process says so, and by people's commands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadflow.model.commands import (
    Wake,
)
from leadflow.model.decisions import (
    DeadlineMissed,
    Decision,
    LeadFlagged,
    LeadStateChanged,
    MessagePlanned,
    ProcessEnded,
    ProcessStarted,
    RecordCreated,
    RecordsMerged,
    RecordUpdated,
    StageChanged,
    VisitorIdentified,
)
from leadflow.model.facts import InteractionReceived
from leadflow.model.lead import Lead
from leadflow.process.deals import on_deal
from leadflow.process.moves import Prepared, automatic_move, started
from leadflow.process.rules import Action
from leadflow.process.state import Instance, instance_id
from leadflow.room import Hush, Key, Step, View


def on_created(view: View, decision: RecordCreated, prepared: Prepared, now_us: int) -> Step | None:
    """A new lead starts the first process that applies to it; a deal moves its lead."""
    if decision.record == "opportunity":
        return on_deal(view, decision.subject, prepared, now_us)
    if decision.record != "lead" or not prepared.processes:
        return None
    asked = view.asked(lead=view.get(Lead, decision.subject), signals=prepared.signals)
    for process in prepared.processes.values():
        if process.applies is None or process.applies.value(asked, now_us):
            return Step((started(decision.subject, process),))
    return None


def on_updated(view: View, decision: RecordUpdated, prepared: Prepared, now_us: int) -> Step | None:
    """A deal moved on, or a record that conditions read changed."""
    if decision.record == "opportunity":
        return on_deal(view, decision.subject, prepared, now_us)
    if not any(name.startswith(f"{decision.record}.") for name in prepared.reads):
        return None
    return on_changed(view, decision, prepared, now_us)


def on_started(view: View, decision: ProcessStarted, prepared: Prepared, now_us: int) -> Step | None:
    """Entering the first stage has its actions, and perhaps an automatic move right on."""
    process = prepared.processes[decision.process]
    actions = _actions(view, decision.subject, process.stages[decision.stage].stage.on_entry, "entry")
    return _with_move(view, decision.subject, prepared, now_us, actions)


def on_changed(view: View, decision: Any, prepared: Prepared, now_us: int) -> Step | None:
    """Something about a lead changed: perhaps the process moves it."""
    lead_ids = _leads_of(view, decision.subject)
    steps = [_with_move(view, lead_id, prepared, now_us, ()) for lead_id in lead_ids]
    decisions = tuple(made for step in steps if step is not None for made in step.decisions)
    return Step(decisions) if decisions else None


def on_measured(view: View, fact: Any, prepared: Prepared, now_us: int) -> Step | None:
    """A score moved: only a process that reads scores cares."""
    return on_changed(view, fact, prepared, now_us) if prepared.reads_scores else None


def on_interaction(view: View, fact: InteractionReceived, prepared: Prepared, now_us: int) -> Step | None:
    """Somebody did something that conditions ask about: perhaps the process moves his leads."""
    return None if _is_unasked(fact, prepared) else on_changed(view, fact, prepared, now_us)


def quiet_interaction(
    rows: Mapping[Key, Any], fact: InteractionReceived, prepared: Prepared, now_us: int, hush: Hush
) -> bool:
    """The short form of `on_interaction`: behaviour that no process asks about."""
    return _is_unasked(fact, prepared)


def _is_unasked(fact: InteractionReceived, prepared: Prepared) -> bool:
    signals = prepared.signals
    return fact.contact is None or not len(signals) or not signals.matching(fact.kind, fact.properties)


def on_identified(
    view: View, decision: VisitorIdentified | RecordsMerged, prepared: Prepared, now_us: int
) -> Step | None:
    """What a visitor or a merged contact did counts for the contact from now on."""
    return on_changed(view, decision, prepared, now_us) if len(prepared.signals) else None


def quiet_measured(rows: Mapping[Key, Any], fact: Any, prepared: Prepared, now_us: int, hush: Hush) -> bool:
    """The short form of `on_measured`."""
    return not prepared.reads_scores


def _leads_of(view: View, subject: str) -> list[str]:
    if subject.startswith("c_"):
        return [lead.id for lead in view.find(Lead, "contact_id", subject)]
    if subject.startswith("a_"):
        return [lead.id for lead in view.find(Lead, "account_id", subject)]
    return [subject]


def _with_move(view: View, lead_id: str, prepared: Prepared, now_us: int, before: tuple[Decision, ...]) -> Step | None:
    lead = view.get(Lead, lead_id)
    moved: tuple[Decision, ...] = ()
    if lead is not None and lead.process is not None and lead.is_open and lead.process in prepared.processes:
        process = prepared.processes[lead.process]
        instance = view.get(Instance, instance_id(lead_id, lead.process))
        if instance is not None and instance.status == "active" and process.stages[instance.stage].automatic:
            asked = view.asked(lead=lead, signals=prepared.signals)
            to = automatic_move(process, instance.stage, asked, now_us)
            if to is not None:
                moved = (
                    StageChanged(
                        subject=lead_id,
                        process=process.name,
                        before=instance.stage,
                        after=to,
                        how="automatic",
                        skipped=process.between(instance.stage, to),
                    ),
                )
    decisions = (*before, *moved)
    return Step(decisions) if decisions else None


def on_stage_changed(view: View, decision: StageChanged, prepared: Prepared, now_us: int) -> Step | None:
    """Leaving and entering have their actions; then perhaps the next automatic move."""
    process = prepared.processes.get(decision.process)
    if process is None:
        return None
    left = process.stages.get(decision.before)
    actions = (
        *(() if left is None else _actions(view, decision.subject, left.stage.on_exit, "exit")),
        *_actions(view, decision.subject, process.stages[decision.after].stage.on_entry, "entry"),
    )
    if decision.how in ("back", "set"):
        # Somebody put the lead here on purpose: it stays until something changes.
        return Step(actions) if actions else None
    return _with_move(view, decision.subject, prepared, now_us, actions)


def on_ended(view: View, decision: ProcessEnded, prepared: Prepared, now_us: int) -> Step | None:
    """Finishing leaves the last stage: its exit actions run too."""
    process = prepared.processes.get(decision.process)
    if process is None or decision.how != "finish":
        return None
    actions = _actions(view, decision.subject, process.stages[decision.stage].stage.on_exit, "exit")
    return Step(actions) if actions else None


def _actions(view: View, lead_id: str, actions: tuple[Action, ...], why: str) -> tuple[Decision, ...]:
    if not actions:
        return ()
    decisions: list[Decision] = []
    lead = view.get(Lead, lead_id)
    for action in actions:
        if action.do in ("flag", "unflag"):
            decisions.append(
                LeadFlagged(subject=lead_id, flag=action.value, value=action.do == "flag", because=f"stage {why}")
            )
        elif action.do == "state" and lead is not None and lead.state != action.value:
            decisions.append(
                LeadStateChanged(subject=lead_id, before=lead.state, after=action.value, reason=f"stage {why}")
            )
        elif action.do == "notify" and lead is not None and lead.owner_id is not None:
            decisions.append(_message(view, lead, action.value))
    return tuple(decisions)


def _message(view: View, lead: Lead, template: str) -> MessagePlanned:
    return MessagePlanned(
        subject=lead.id,
        key=f"{view.command.key}:{template}:{lead.id}",
        channel="mail",
        template=template,
        recipient=lead.owner_id or "",
        parameters={"lead": lead.id, "stage": lead.stage or ""},
    )


# -- time -------------------------------------------------------------------------------------------------


def on_wake(view: View, wake: Wake, prepared: Prepared, now_us: int) -> Step | None:
    """A stage has lasted longer than its service level allows: said once, the owner is told."""
    if wake.table != "process":
        return None
    instance = view.get(Instance, wake.id)
    if instance is None or instance.due_us is None or instance.due_us > now_us:
        return None
    lead = view.get(Lead, instance.lead_id)
    process = prepared.processes.get(instance.process)
    missed = DeadlineMissed(
        subject=instance.lead_id, sla=f"stage {instance.stage}", action="alert", due_us=instance.due_us
    )
    if lead is None or lead.owner_id is None or process is None or instance.stage not in process.stages:
        return Step((missed,))
    return Step((missed, _message(view, lead, process.stages[instance.stage].stage.escalate)))
