"""What people say about a lead's way: advance, skip, back, set, answer, switch, end, reactivate, state. Pure."""

from __future__ import annotations

from typing import Any

from leadflow.errors import InvalidValueError
from leadflow.expr.types import Field, Type
from leadflow.expr.values import read_value
from leadflow.model.commands import (
    Advance,
    EndProcess,
    Reactivate,
    Relocate,
    SetFlag,
    SetLeadState,
    SetStep,
    SwitchProcess,
)
from leadflow.model.decisions import (
    Decision,
    LeadFlagged,
    LeadStateChanged,
    ProcessEnded,
    RecordUpdated,
    Refusal,
    StageChanged,
    StepAnswered,
)
from leadflow.model.lead import Lead
from leadflow.model.records import Input
from leadflow.model.rows import own_fields
from leadflow.model.values import FLAGS, LeadState
from leadflow.process.moves import CompiledProcess, Prepared, held_back, next_stage, started
from leadflow.process.rules import ProcessStep
from leadflow.process.state import Instance, instance_id
from leadflow.room import Step, View

_LEFT = {"complete": "completed", "skip": "skipped", "back": "back", "set": "set"}
"""How a stage was left, by the move that was asked for."""


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
    changed = StageChanged(
        subject=lead.id,
        process=process.name,
        before=instance.stage,
        after=target,
        how=_LEFT[command.how],
        skipped=process.between(instance.stage, target) if there > here + 1 else (),
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
    try:
        value = _answer(step, command.value, prepared)
    except InvalidValueError as error:
        return Step(refusal=Refusal(error.code, {"step": step.name, "field": step.field or ""}))
    field = _set_by(step, value)
    kept = Input(
        command.key, command.type, min(command.at_us, now_us), now_us, actor=command.actor,
        values={"step": {command.step: value}, **({"lead": {field: value}} if field else {})},
        data={"lead": command.lead, "step": command.step, "value": command.value},
    )  # fmt: skip
    decisions: list[Decision] = [
        StepAnswered(subject=lead.id, process=process.name, step=command.step, input=command.key)
    ]
    if field:
        decisions.append(RecordUpdated(subject=lead.id, record="lead", input=command.key, fields=(field,)))
    flag = (step.field or "").removeprefix("lead.")
    if flag in FLAGS and isinstance(value, bool) and getattr(lead, flag) != value:
        decisions.append(LeadFlagged(subject=lead.id, flag=flag, value=value, because=f"step {step.name}"))
    return Step(tuple(decisions), inputs=(kept,))


def _set_by(step: ProcessStep, value: Any) -> str | None:
    """The lead's field that an answer sets as a form would; flags are set as flags."""
    record, _, name = (step.field or "").partition(".")
    return name if record == "lead" and not (name in own_fields("lead") and isinstance(value, bool)) else None


def _answer(step: ProcessStep, value: Any, prepared: Prepared) -> Any:
    """An answer as the type of the step's field; a step without one takes yes/no, a number or text."""
    record, _, name = (step.field or "").partition(".")
    field = prepared.schema.records.get(record, {}).get(name)
    if field is not None:
        return read_value(record, field, value)
    if value is None or isinstance(value, bool):
        return value
    kind = Type.NUMBER if isinstance(value, (int, float)) else Type.TEXT
    return read_value("", Field("answer", kind), value)


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
        decisions.append(started(lead.id, process))
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
