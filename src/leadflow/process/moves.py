"""Where a lead may go from a stage. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from leadflow.expr import Condition, Schema, SignalTable, compile_condition
from leadflow.model.decisions import ProcessStarted, Refusal
from leadflow.model.lead import Lead
from leadflow.model.rows import value_of
from leadflow.model.time import parse_duration
from leadflow.process.rules import Branch, Process, ProcessRules, Stage
from leadflow.process.state import Instance
from leadflow.room import Policies

CompiledBranch = tuple[str, Condition | None]


@frozen
class CompiledStage:
    """A stage with its conditions ready; `position` is its place in the process."""

    stage: Stage
    position: int
    gate: Condition | None
    next: tuple[CompiledBranch, ...]
    automatic: tuple[CompiledBranch, ...]
    sla_us: int | None


@frozen
class CompiledProcess:
    """A process with its conditions ready."""

    name: str
    process: Process
    applies: Condition | None
    stages: Mapping[str, CompiledStage]
    order: tuple[str, ...]

    @property
    def last(self) -> str:
        """The name of the last stage."""
        return self.order[-1]

    def between(self, before: str, after: str) -> tuple[str, ...]:
        """The stages passed over on the way forwards from one to another."""
        start, end = self.stages[before].position, self.stages[after].position
        return self.order[start + 1 : end]


@frozen
class Prepared:
    """All processes, compiled; `signals` are what their conditions ask of behaviour, `reads` what they read."""

    rules: ProcessRules
    processes: Mapping[str, CompiledProcess]
    signals: SignalTable
    reads: frozenset[str]
    reads_scores: bool
    schema: Schema


def prepare(playbook: Any, schema: Schema, policies: Policies) -> Prepared:
    """Compile every condition of every process."""
    signals = SignalTable()
    reads: set[str] = set()

    def condition(text: str | None) -> Condition | None:
        if text is None:
            return None
        compiled = compile_condition(text, schema, signals)
        reads.update(compiled.reads)
        return compiled

    def branches(given: tuple[Branch, ...]) -> tuple[CompiledBranch, ...]:
        return tuple((branch.to, condition(branch.when)) for branch in given)

    processes = {}
    for name, process in playbook.process.processes.items():
        stages = {
            stage.name: CompiledStage(
                stage,
                position,
                condition(stage.gate),
                branches(stage.next),
                branches(stage.automatic),
                None if stage.sla is None else parse_duration(stage.sla),
            )
            for position, stage in enumerate(process.stages)
        }
        processes[name] = CompiledProcess(name, process, condition(process.applies), stages, tuple(stages))
    reads_scores = any(name.startswith(("score", "grade")) for name in reads)
    return Prepared(playbook.process, processes, signals, frozenset(reads), reads_scores, schema)


def automatic_move(process: CompiledProcess, stage: str, asked: Any, now_us: int) -> str | None:
    """Where the engine moves a lead by itself, or None; never backwards."""
    here = process.stages[stage]
    for to, condition in here.automatic:
        if process.stages[to].position > here.position and (condition is None or condition.value(asked, now_us)):
            return to
    return None


def next_stage(process: CompiledProcess, stage: str, asked: Any, now_us: int) -> str | None:
    """The stage that follows when this one is completed: by the branches, else by order; None at the end."""
    here = process.stages[stage]
    for to, condition in here.next:
        if condition is None or condition.value(asked, now_us):
            return to
    following = here.position + 1
    return process.order[following] if following < len(process.order) else None


def held_back(process: CompiledProcess, instance: Instance, lead: Lead, asked: Any, now_us: int) -> Refusal | None:
    """Why the active stage cannot be completed: required steps without an answer, or a gate that does not hold."""
    here = process.stages[instance.stage]
    missing = []
    for step in here.stage.steps:
        if not (step.required or step.must_be_yes):
            continue
        answer = answer_of(step.name, step.field, instance, lead, asked)
        if answer is None or answer == "" or (step.must_be_yes and answer is not True):
            missing.append(step.name)
    if missing:
        return Refusal("step_missing", {"stage": instance.stage, "steps": ", ".join(missing)})
    if here.gate is not None and not here.gate.value(asked, now_us):
        return Refusal("gate_closed", {"stage": instance.stage, "gate": here.stage.gate or ""})
    return None


def answer_of(name: str, field: str | None, instance: Instance, lead: Lead, asked: Any) -> Any:
    """A step's value: in the record that it names, or with the process. A yes/no answered "no" is an answer."""
    if field is None:
        return instance.answers.get(name)
    record, _, attribute = field.partition(".")
    if name in instance.answers:
        return instance.answers[name]
    row = lead if record == "lead" else getattr(asked, record)
    value = None if row is None else value_of(row, attribute)
    # A flag that nobody has touched is not an answer; one that is set is.
    return None if value is False else value


def started(lead_id: str, process: CompiledProcess) -> ProcessStarted:
    return ProcessStarted(subject=lead_id, process=process.name, stage=process.order[0])
