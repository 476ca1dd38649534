"""How the process's decisions change state: the lead's row and its instance of the process."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Any

from leadflow.model.decisions import (
    DeadlineMissed,
    LeadFlagged,
    LeadStateChanged,
    ProcessEnded,
    ProcessStarted,
    Recorded,
    StageChanged,
    StepAnswered,
)
from leadflow.model.lead import Lead
from leadflow.model.making import changing, replaced
from leadflow.model.rows import own_fields, with_values
from leadflow.process.moves import Prepared
from leadflow.process.state import Instance, instance_id
from leadflow.room import Dropped, View

_moved_instance = changing(Instance, "stage", "entered_us", "due_us", "visits", "version")
_moved_lead = changing(Lead, "stage", "stage_since_us", "updated_us", "version")


def _lead(view: View, id_: str, at_us: int, **changes: Any) -> Lead:
    lead = view.get(Lead, id_)
    assert lead is not None  # noqa: S101 - the decision is about it
    return replaced(lead, **changes, updated_us=max(at_us, lead.updated_us), version=lead.version + 1)


def _due(prepared: Prepared, process: str, stage: str, at_us: int) -> int | None:
    compiled = prepared.processes.get(process)
    if compiled is None or stage not in compiled.stages:
        return None
    sla = compiled.stages[stage].sla_us
    return None if sla is None else at_us + sla


def apply_started(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A new instance at its first stage."""
    decision, at_us = recorded.decision, recorded.at_us
    assert isinstance(decision, ProcessStarted)  # noqa: S101 - the plan dispatches by type
    instance = Instance(
        instance_id(decision.subject, decision.process),
        decision.subject,
        decision.process,
        decision.stage,
        entered_us=at_us,
        due_us=_due(prepared, decision.process, decision.stage, at_us),
        started_us=at_us,
        visits=((decision.stage, at_us, None, None),),
        version=1,
    )
    lead = _lead(view, decision.subject, at_us, process=decision.process, stage=decision.stage, stage_since_us=at_us)
    return [instance, lead]


def apply_stage_changed(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """The instance is in another stage; those passed over are kept as skipped."""
    decision, at_us = recorded.decision, recorded.at_us
    assert isinstance(decision, StageChanged)  # noqa: S101 - the plan dispatches by type
    instance = view.get(Instance, instance_id(decision.subject, decision.process))
    assert instance is not None  # noqa: S101 - it has moved
    *before, (stage, entered_us, _, _) = instance.visits
    visits = (
        *before,
        (stage, entered_us, at_us, decision.how),
        *((passed, at_us, at_us, "skipped") for passed in decision.skipped),
        (decision.after, at_us, None, None),
    )
    due_us = _due(prepared, decision.process, decision.after, at_us)
    moved = _moved_instance(instance, decision.after, at_us, due_us, visits, instance.version + 1)
    if instance.status != "active":
        return [moved]
    lead = view.get(Lead, decision.subject)
    assert lead is not None  # noqa: S101 - the decision is about it
    return [moved, _moved_lead(lead, decision.after, at_us, max(at_us, lead.updated_us), lead.version + 1)]


def apply_ended(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """The instance is finished, abandoned, in the background, or active again."""
    decision, at_us = recorded.decision, recorded.at_us
    assert isinstance(decision, ProcessEnded)  # noqa: S101 - the plan dispatches by type
    instance = view.get(Instance, instance_id(decision.subject, decision.process))
    assert instance is not None  # noqa: S101 - it has ended
    version = instance.version + 1
    visits = list(instance.visits)
    stage, entered_us, left_us, _ = visits[-1]
    if decision.how == "reactivate":
        if left_us is not None:
            visits.append((instance.stage, at_us, None, None))
        active = replaced(
            instance,
            status="active",
            ended_us=None,
            due_us=_due(prepared, decision.process, instance.stage, at_us),
            visits=tuple(visits),
            version=version,
        )
        lead = _lead(
            view,
            decision.subject,
            at_us,
            process=instance.process,
            stage=instance.stage,
            stage_since_us=at_us,
        )
        return [active, lead]
    status = {"finish": "finished", "abandon": "abandoned"}.get(decision.how, "background")
    if status != "background":
        visits[-1] = (stage, entered_us, at_us, "completed" if status == "finished" else status)
    ended = replaced(
        instance,
        status=status,
        ended_us=None if status == "background" else at_us,
        due_us=None,
        visits=tuple(visits),
        version=version,
    )
    return [ended]


def apply_flagged(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A flag on the lead."""
    decision, at_us = recorded.decision, recorded.at_us
    assert isinstance(decision, LeadFlagged)  # noqa: S101 - the plan dispatches by type
    changes: dict[str, Any] = {decision.flag: decision.value}
    if decision.flag == "sales_ready":
        changes["sales_ready_us"] = at_us if decision.value else None
        if decision.value:
            changes["marketing_qualified"] = True
    return [_lead(view, decision.subject, at_us, **changes)]


def apply_state(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """The lead's state; a recycled lead starts anew for marketing, its readiness is gone."""
    decision = recorded.decision
    assert isinstance(decision, LeadStateChanged)  # noqa: S101 - the plan dispatches by type
    changes: dict[str, Any] = {"state": decision.after, "reason": decision.reason}
    if decision.after == "recycled":
        changes |= {"sales_ready": False, "sales_ready_us": None, "sales_accepted": False}
        changes |= {"teleprospect_ready": False, "teleprospect_accepted": False}
    return [_lead(view, decision.subject, recorded.at_us, **changes)]


def apply_answered(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A step's answer, with the instance. The lead's field that the step names is updated by a decision of its own."""
    decision, at_us = recorded.decision, recorded.at_us
    assert isinstance(decision, StepAnswered)  # noqa: S101 - the plan dispatches by type
    instance = view.get(Instance, instance_id(decision.subject, decision.process))
    source = view.input(decision.input)
    assert instance is not None  # noqa: S101 - it was answered
    value = None if source is None else source.values.get("step", {}).get(decision.step)
    answers = MappingProxyType({**instance.answers, decision.step: value})
    rows: list[Any] = [replaced(instance, answers=answers, version=instance.version + 1)]
    # Of a log of earlier versions: there the answer alone set the field.
    has_own = source is not None and "lead" in source.values
    field = None if has_own else _field_of(prepared, decision.process, decision.step)
    if field is not None and not (field in own_fields("lead") and isinstance(value, bool)):
        lead = view.get(Lead, decision.subject)
        rows.append(with_values(lead, {field: value}, at_us))
    return rows


def _field_of(prepared: Prepared, process: str, step: str) -> str | None:
    compiled = prepared.processes.get(process)
    if compiled is None:
        return None
    for stage in compiled.process.stages:
        for each in stage.steps:
            if each.name == step and each.field is not None and each.field.startswith("lead."):
                return each.field.removeprefix("lead.")
    return None


def apply_missed(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A breach has been told: the deadline is over."""
    decision = recorded.decision
    assert isinstance(decision, DeadlineMissed)  # noqa: S101 - the plan dispatches by type
    lead = view.get(Lead, decision.subject)
    if lead is None or lead.process is None or not decision.sla.startswith("stage "):
        return []
    instance = view.get(Instance, instance_id(decision.subject, lead.process))
    if instance is None or instance.due_us is None:
        return []
    return [replaced(instance, due_us=None, version=instance.version + 1)]


def apply_removed(view: View, recorded: Recorded, prepared: Prepared) -> Iterable[Any]:
    """A removed lead leaves its processes."""
    return [Dropped(Instance, instance.id) for instance in view.find(Instance, "lead_id", recorded.subject)]
