"""The process's reactions: leads start, move by themselves where the process says so, and by people's commands. Pure."""

from __future__ import annotations

from typing import Any

from leadflow.model.commands import (
    Advance,
    EndProcess,
    Reactivate,
    Relocate,
    SetFlag,
    SetLeadState,
    SetStep,
    SwitchProcess,
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
    RecordUpdated,
    Refusal,
    StageChanged,
    StepAnswered,
)
from leadflow.model.lead import Lead
from leadflow.model.records import Input
from leadflow.model.values import FLAGS, LeadState
from leadflow.process.deals import on_deal
from leadflow.process.moves import CompiledProcess, Prepared, automatic_move, held_back, next_stage
from leadflow.process.rules import Action
from leadflow.process.state import Instance, instance_id
from leadflow.room import Step, View


def on_created(view: View, decision: RecordCreated, prepared: Prepared, now_us: int) -> Step | None:
    """A new lead starts the first process that applies to it; a deal moves its lead."""
    if decision.record == "opportunity":
        return on_deal(view, decision.subject, prepared, now_us)
    if decision.record != "lead" or not prepared.processes:
        return None
    asked = view.asked(lead=view.get(Lead, decision.subject), signals=prepared.signals)
    for process in prepared.processes.values():
        if process.applies is None or process.applies.value(asked, now_us):
            return Step((_started(decision.subject, process),))
    return None


def on_updated(view: View, decision: RecordUpdated, prepared: Prepared, now_us: int) -> Step | None:
    """A deal moved on, or a record that conditions read changed."""
    if decision.record == "opportunity":
        return on_deal(view, decision.subject, prepared, now_us)
    if not any(name.startswith(f"{decision.record}.") for name in prepared.reads):
        return None
    return on_changed(view, decision, prepared, now_us)


def _started(lead_id: str, process: CompiledProcess) -> ProcessStarted:
    return ProcessStarted(subject=lead_id, process=process.name, stage=process.order[0])


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
        if instance is not None and instance.status == "active":
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


# -- commands ---------------------------------------------------------------------------------------------


def _active(view: View, lead_id: str, prepared: Prepared) -> tuple[Lead, Instance, CompiledProcess] | Refusal:
    lead = view.get(Lead, lead_id)
    if lead is None:
        return Refusal("unknown_id", {"record": "lead", "id": lead_id})
    if lead.process is None or lead.process not in prepared.processes:
        return Refusal("no_process", {"lead": lead_id})
    instance = view.get(Instance, instance_id(lead_id, lead.process))
    if instance is None or instance.status != "active":
        return Refusal("process_not_active", {"lead": lead_id, "process": lead.process})
    return lead, instance, prepared.processes[lead.process]


def on_advance(view: View, command: Advance, prepared: Prepared, now_us: int) -> Step | None:
    """Complete the stage and let the branches pick the next, or skip, go back, set a stage."""
    active = _active(view, command.lead, prepared)
    if isinstance(active, Refusal):
        return Step(refusal=active)
    lead, instance, process = active
    if command.to is not None and command.to not in process.stages:
        return Step(refusal=Refusal("unknown_stage", {"stage": command.to, "stages": ", ".join(process.order)}))
    asked = view.asked(lead=lead, signals=prepared.signals)
    target = _target(command, instance, process, lead, asked, now_us)
    if isinstance(target, Refusal):
        return Step(refusal=target)
    here, there = process.stages[instance.stage].position, process.stages[target].position
    how = {"complete": "completed", "skip": "skipped", "back": "back", "set": "set"}[command.how]
    changed = StageChanged(
        subject=lead.id,
        process=process.name,
        before=instance.stage,
        after=target,
        how=how,
        skipped=process.between(instance.stage, target) if there > here else (),
        reason=command.reason,
    )
    return Step((changed,))


def _target(
    command: Advance, instance: Instance, process: CompiledProcess, lead: Lead, asked: Any, now_us: int
) -> str | Refusal:
    here = process.stages[instance.stage].position
    if command.how not in ("complete", "skip", "back", "set"):
        return Refusal("unknown_move", {"how": command.how})
    if command.how == "complete":
        refusal = held_back(process, instance, lead, asked, now_us)
        if refusal is not None:
            return refusal
    if command.how == "back":
        to = command.to or (process.order[here - 1] if here else None)
        if to is None or process.stages[to].position >= here:
            return Refusal("no_way_back", {"stage": instance.stage})
        return to
    to = command.to or next_stage(process, instance.stage, asked, now_us)
    if to is None:
        return Refusal("last_stage", {"stage": instance.stage})
    if to == instance.stage:
        return Refusal("already_there", {"stage": to})
    if command.how != "set" and process.stages[to].position < here:
        return Refusal("backwards", {"stage": to})
    if command.how == "complete" and command.to is not None:
        natural = next_stage(process, instance.stage, asked, now_us)
        if to != natural:
            return Refusal("not_next", {"stage": to, "next": natural or ""})
    return to


def on_relocate(view: View, command: Relocate, prepared: Prepared, now_us: int) -> Step | None:
    """The stage that a lead stood in is gone: it moves where the playbook says."""
    instance = view.get(Instance, instance_id(command.lead, command.process))
    process = prepared.processes.get(command.process)
    if instance is None or process is None or command.to not in process.stages:
        return Step(refusal=Refusal("unknown_stage", {"process": command.process, "stage": command.to}))
    if instance.stage == command.to:
        return None
    changed = StageChanged(
        subject=command.lead,
        process=command.process,
        before=instance.stage,
        after=command.to,
        how="set",
        reason="moved",
    )
    return Step((changed,))


def on_set_flag(view: View, command: SetFlag, prepared: Prepared, now_us: int) -> Step | None:
    """A person sets or clears a flag."""
    lead = view.get(Lead, command.lead)
    if lead is None:
        return Step(refusal=Refusal("unknown_id", {"record": "lead", "id": command.lead}))
    if command.flag not in FLAGS:
        return Step(refusal=Refusal("unknown_flag", {"flag": command.flag, "flags": ", ".join(FLAGS)}))
    if getattr(lead, command.flag) == command.value:
        return None
    return Step((LeadFlagged(subject=lead.id, flag=command.flag, value=command.value, because="by hand"),))


def on_set_step(view: View, command: SetStep, prepared: Prepared, now_us: int) -> Step | None:
    """A step of the active process is answered; a step that is a flag sets the flag."""
    active = _active(view, command.lead, prepared)
    if isinstance(active, Refusal):
        return Step(refusal=active)
    lead, _, process = active
    steps = {step.name: step for stage in process.process.stages for step in stage.steps}
    step = steps.get(command.step)
    if step is None:
        return Step(refusal=Refusal("unknown_step", {"step": command.step, "steps": ", ".join(steps)}))
    kept = Input(
        command.key, command.type, command.at_us, now_us, actor=command.actor,
        values={"step": {command.step: command.value}},
        data={"lead": command.lead, "step": command.step, "value": command.value},
    )  # fmt: skip
    decisions: list[Decision] = [
        StepAnswered(subject=lead.id, process=process.name, step=command.step, input=command.key)
    ]
    flag = (step.field or "").removeprefix("lead.")
    if flag in FLAGS and isinstance(command.value, bool) and getattr(lead, flag) != command.value:
        decisions.append(LeadFlagged(subject=lead.id, flag=flag, value=command.value, because=f"step {step.name}"))
    return Step(tuple(decisions), inputs=(kept,))


def on_switch(view: View, command: SwitchProcess, prepared: Prepared, now_us: int) -> Step | None:
    """Another process becomes the active one; the old one keeps its stage in the background (S003-18)."""
    lead = view.get(Lead, command.lead)
    if lead is None:
        return Step(refusal=Refusal("unknown_id", {"record": "lead", "id": command.lead}))
    process = prepared.processes.get(command.process)
    if process is None:
        names = ", ".join(prepared.processes)
        return Step(refusal=Refusal("unknown_process", {"process": command.process, "processes": names}))
    if lead.process == command.process:
        return Step(refusal=Refusal("already_there", {"process": command.process}))
    decisions: list[Decision] = []
    if lead.process is not None and lead.stage is not None:
        decisions.append(ProcessEnded(subject=lead.id, process=lead.process, stage=lead.stage, how="background"))
    waiting = view.get(Instance, instance_id(lead.id, command.process))
    if waiting is None:
        decisions.append(_started(lead.id, process))
    else:
        decisions.append(ProcessEnded(subject=lead.id, process=process.name, stage=waiting.stage, how="reactivate"))
    return Step(tuple(decisions))


def on_end(view: View, command: EndProcess, prepared: Prepared, now_us: int) -> Step | None:
    """Finish at the last stage (gates hold), or abandon anywhere."""
    active = _active(view, command.lead, prepared)
    if isinstance(active, Refusal):
        return Step(refusal=active)
    lead, instance, process = active
    if command.how not in ("finish", "abandon"):
        return Step(refusal=Refusal("unknown_move", {"how": command.how}))
    if command.how == "finish":
        if instance.stage != process.last:
            return Step(refusal=Refusal("not_last_stage", {"stage": instance.stage, "last": process.last}))
        asked = view.asked(lead=lead, signals=prepared.signals)
        refusal = held_back(process, instance, lead, asked, now_us)
        if refusal is not None:
            return Step(refusal=refusal)
    ended = ProcessEnded(
        subject=lead.id, process=process.name, stage=instance.stage, how=command.how, reason=command.reason
    )
    return Step((ended,))


def on_reactivate(view: View, command: Reactivate, prepared: Prepared, now_us: int) -> Step | None:
    """A finished or abandoned process goes on where it stood."""
    lead = view.get(Lead, command.lead)
    if lead is None:
        return Step(refusal=Refusal("unknown_id", {"record": "lead", "id": command.lead}))
    instance = None if lead.process is None else view.get(Instance, instance_id(lead.id, lead.process))
    if instance is None or instance.status == "active":
        return Step(refusal=Refusal("process_is_active", {"lead": lead.id}))
    ended = ProcessEnded(subject=lead.id, process=instance.process, stage=instance.stage, how="reactivate")
    return Step((ended,))


def on_set_state(view: View, command: SetLeadState, prepared: Prepared, now_us: int) -> Step | None:
    """A lead is qualified, disqualified (with a reason), recycled or opened again."""
    lead = view.get(Lead, command.lead)
    if lead is None:
        return Step(refusal=Refusal("unknown_id", {"record": "lead", "id": command.lead}))
    if command.state not in tuple(LeadState):
        return Step(refusal=Refusal("unknown_state", {"state": command.state, "states": ", ".join(LeadState)}))
    if command.state == LeadState.DISQUALIFIED and not command.reason:
        return Step(refusal=Refusal("reason_missing", {"state": command.state}))
    if lead.state == command.state:
        return None
    changed = LeadStateChanged(subject=lead.id, before=lead.state, after=command.state, reason=command.reason)
    return Step((changed,))


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
