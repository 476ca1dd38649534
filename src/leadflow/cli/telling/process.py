"""One lead's process, ready to be drawn or told: its stages, and the active stage's steps with their answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from attrs import frozen

from leadflow.cli.shell.session import Session
from leadflow.cli.telling.columns import text_of
from leadflow.engine.flow import Flow
from leadflow.model.coding import plain_value
from leadflow.model.lead import Lead
from leadflow.model.time import parse_duration, to_datetime
from leadflow.process.moves import answer_of
from leadflow.process.rules import Process, Stage
from leadflow.process.state import Instance, instance_id
from leadflow.reporting import Line, StageView, Step, draw_bar, view_stages
from leadflow.reporting.pieces import span_text


@frozen
class LeadProcess:
    """A lead in its active process."""

    name: str
    label: str
    status: str
    stages: tuple[StageView, ...]
    steps: tuple[Step, ...]
    note: str

    @classmethod
    def of(cls, flow: Flow, lead: Lead, contact: Any, account: Any, now_us: int) -> LeadProcess | None:
        """Read it from the store; None when the lead is in no process that the playbook has."""
        process = None if lead.process is None else flow.playbook.process.processes.get(lead.process)
        if process is None or lead.process is None:
            return None
        key = ("process", instance_id(lead.id, lead.process))
        instance = flow.store.load([key]).rows[key]
        if instance is None:
            return None
        stages = view_stages(labels(process), instance.visits, instance.status, now_us)
        stage = next((each for each in process.stages if each.name == instance.stage), None)
        steps: tuple[Step, ...] = ()
        if stage is not None and instance.status == "active":
            asked = SimpleNamespace(lead=lead, contact=contact, account=account)
            steps = tuple(_step(step, instance, lead, asked) for step in stage.steps)
        return cls(lead.process, process.label, instance.status, stages, steps, _note(stage, instance, now_us))

    def drawn(self, session: Session) -> list[Line]:
        """The horizontal bar with the active stage open."""
        output = session.output
        return draw_bar(self.stages, self.steps, note=self.note, width=output.width, is_ascii=output.is_ascii)

    def to_plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "name": self.name,
            "label": self.label,
            "status": self.status,
            "stages": [stage.to_plain() for stage in self.stages],
            "steps": [{"label": step.label, "value": step.value, "is_needed": step.is_needed} for step in self.steps],
        }


def labels(process: Process) -> dict[str, str]:
    """Stage labels by name, in order."""
    return {stage.name: stage.label or stage.name for stage in process.stages}


def _step(step: Any, instance: Instance, lead: Lead, asked: Any) -> Step:
    answer = answer_of(step.name, step.field, instance, lead, asked)
    value = None if answer is None or answer == "" else text_of(plain_value(answer))
    return Step(label=step.label or step.name, value=value, is_needed=step.required or step.must_be_yes)


def _note(stage: Stage | None, instance: Instance, now_us: int) -> str:
    if stage is None or instance.status != "active":
        return ""
    since = f"since {to_datetime(instance.entered_us):%Y-%m-%d}"
    if stage.sla is None:
        return since
    sla_us = parse_duration(stage.sla)
    over_us = now_us - instance.entered_us - sla_us
    return (
        f"{since}, {span_text(over_us)} over its {span_text(sla_us)}"
        if over_us > 0
        else f"{since}, {span_text(-over_us)} left"
    )
