"""Decisions about scores and the way through a process."""

from __future__ import annotations

from typing import ClassVar

from attrs import frozen

from leadflow.model.decisions.base import Decision
from leadflow.model.making import quick, replaced


@quick
@frozen(kw_only=True, weakref_slot=False)
class Scored(Decision):
    """The subject got its first score by a model."""

    type: ClassVar[str] = "scored"
    model: str
    points: int


@quick
@frozen(kw_only=True, weakref_slot=False)
class GradeChanged(Decision):
    """The score moved into another grade: from where it stood before the command to where it stands after it."""

    type: ClassVar[str] = "grade_changed"
    nets: ClassVar[bool] = True
    model: str
    before: str | None
    after: str | None
    points: int

    def net_of(self, earlier: Decision) -> Decision | None:
        """A command that tells what somebody is and what he did crosses grades once."""
        if not isinstance(earlier, GradeChanged) or (earlier.subject, earlier.model) != (self.subject, self.model):
            return None
        return None if earlier.before == self.after else replaced(self, before=earlier.before)


@quick
@frozen(kw_only=True, weakref_slot=False)
class ThresholdReached(Decision):
    """The score reached the model's sales-ready threshold (>=)."""

    type: ClassVar[str] = "threshold_reached"
    model: str
    points: int
    threshold: int


@quick
@frozen(kw_only=True, weakref_slot=False)
class ThresholdLeft(Decision):
    """The score fell below the bound at which readiness ends."""

    type: ClassVar[str] = "threshold_left"
    model: str
    points: int
    bound: int


@quick
@frozen(kw_only=True, weakref_slot=False)
class LeadFlagged(Decision):
    """A flag of the lead was set or cleared; `because` is a model, a step or "by hand"."""

    type: ClassVar[str] = "lead_flagged"
    flag: str
    value: bool
    because: str = ""


@quick
@frozen(kw_only=True, weakref_slot=False)
class LeadStateChanged(Decision):
    """The lead became open, qualified, disqualified or recycled."""

    type: ClassVar[str] = "lead_state_changed"
    before: str
    after: str
    reason: str | None = None


@quick
@frozen(kw_only=True, weakref_slot=False)
class ProcessStarted(Decision):
    """The lead entered a process at its first stage."""

    type: ClassVar[str] = "process_started"
    process: str
    stage: str


@quick
@frozen(kw_only=True, weakref_slot=False)
class StageChanged(Decision):
    """The lead moved to another stage.

    `how` is "completed", "automatic", "skipped", "back" or "set"; `skipped` are stages passed over, which count as
    skipped, not as completed.
    """

    type: ClassVar[str] = "stage_changed"
    process: str
    before: str
    after: str
    how: str
    skipped: tuple[str, ...] = ()
    reason: str = ""


@quick
@frozen(kw_only=True, weakref_slot=False)
class StepAnswered(Decision):
    """A step of a stage got a value; the value is in the input."""

    type: ClassVar[str] = "step_answered"
    process: str
    step: str
    input: str


@quick
@frozen(kw_only=True, weakref_slot=False)
class ProcessEnded(Decision):
    """The process was finished, abandoned, put to the background by a switch, or made active again."""

    type: ClassVar[str] = "process_ended"
    process: str
    stage: str
    how: str
    reason: str = ""
