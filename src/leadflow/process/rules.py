"""What the user configures about business processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from leadflow.errors import InvalidValueError
from leadflow.model.time import parse_duration
from leadflow.model.values import FLAGS, LeadState

MAX_STAGES: Final = 30
MAX_STEPS: Final = 30
ACTIONS: Final = ("flag", "unflag", "state", "notify", "assign")


@frozen(kw_only=True)
class ProcessStep:
    """A field that supports a stage.

    `field` is where the value lives ("lead.sales_ready", "lead.budget"); without it the value stays with the process.
    A `required` step must be answered before the stage can be completed; "no" is an answer, unless `must_be_yes`.
    """

    name: str
    label: str = ""
    field: str | None = None
    required: bool = False
    must_be_yes: bool = False


@frozen(kw_only=True)
class Branch:
    """Where to go when a condition holds; the first that holds wins. Without `when` it always does."""

    to: str
    when: str | None = None


@frozen(kw_only=True)
class Action:
    """What happens when a stage is entered or left: "flag" or "unflag" (value: a flag), "state" (value: a lead state),
    "notify" (value: a template; the owner is told) or "assign" (by the rules)."""

    do: str
    value: str = ""

    def __attrs_post_init__(self) -> None:
        if self.do not in ACTIONS:
            raise InvalidValueError(f"do: {self.do!r} is not one of {', '.join(ACTIONS)}")
        if self.do in ("flag", "unflag") and self.value not in FLAGS:
            raise InvalidValueError(f"value: {self.value!r} is not a flag", hint=f"one of {', '.join(FLAGS)}")
        if self.do == "state" and self.value not in tuple(LeadState):
            raise InvalidValueError(f"value: {self.value!r} is not a lead state")


@frozen(kw_only=True)
class Stage:
    """One stage.

    `gate` is a condition that must hold before the stage can be completed. `next` are branches evaluated when it is
    completed by hand; without a match the following stage is next. `automatic` are moves that the engine makes by itself
    as soon as their condition holds, only forwards; stages passed over count as skipped. `sla` is how long a lead may
    stay (e.g. "2d"); `escalate` is the template sent to the owner when it is passed.
    """

    name: str
    label: str = ""
    steps: tuple[ProcessStep, ...] = ()
    gate: str | None = None
    next: tuple[Branch, ...] = ()
    automatic: tuple[Branch, ...] = ()
    sla: str | None = None
    escalate: str = "stage-overdue"
    on_entry: tuple[Action, ...] = ()
    on_exit: tuple[Action, ...] = ()

    def __attrs_post_init__(self) -> None:
        if self.sla is not None:
            parse_duration(self.sla, "sla")
        if len(self.steps) > MAX_STEPS:
            raise InvalidValueError(f"stage {self.name!r} has more than {MAX_STEPS} steps")


@frozen(kw_only=True)
class Process:
    """A business process: stages in order. A new lead starts the first process whose `applies` holds."""

    stages: tuple[Stage, ...]
    label: str = ""
    applies: str | None = None

    def __attrs_post_init__(self) -> None:
        if not 1 <= len(self.stages) <= MAX_STAGES:
            raise InvalidValueError(f"a process has 1 to {MAX_STAGES} stages")
        names = [stage.name for stage in self.stages]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidValueError(f"stage {twice[0]!r} is there twice")


@frozen(kw_only=True)
class ProcessRules:
    """All processes by name, in the order in which they are offered to a new lead."""

    processes: Mapping[str, Process] = field(factory=dict)


def moves_of(stage: Stage) -> tuple[Branch, ...]:
    """Every way out of a stage that names its target."""
    return (*stage.next, *stage.automatic)


def as_mapping(rules: ProcessRules) -> Mapping[str, Any]:
    """Stage names by process, for messages and drawings."""
    return {name: tuple(stage.name for stage in process.stages) for name, process in rules.processes.items()}
