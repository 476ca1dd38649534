"""What leadflow decided. Past tense, append-only, ids and codes only: never a person's data.

A decision that changes a record's fields names the input they came from (`input`) and which (`fields`); the values stay
with the input, so that erasing the input erases them. State is the fold of decisions over inputs; every room says how
in its `applies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from attrs import frozen

from leadflow.model.values import NOTHING


@frozen(kw_only=True)
class Decision:
    """The common part. `subject` is the id of the record decided about, as it was called then."""

    type: ClassVar[str] = "decision"

    subject: str


# -- records ----------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class RecordCreated(Decision):
    """A contact, account, lead, opportunity, user or product was made from an input."""

    type: ClassVar[str] = "record_created"
    record: str
    input: str
    fields: tuple[str, ...] = ()
    links: Mapping[str, str] = NOTHING
    strategy: str | None = None


@frozen(kw_only=True)
class RecordMatched(Decision):
    """An input was found to be about a known record.

    `key` names the strategy's key that decided (field names, never values); `candidates` are all that matched;
    `outcome` is "same", "ask" (a person should look) or "given" (the input named the id).
    """

    type: ClassVar[str] = "record_matched"
    record: str
    input: str
    strategy: str | None = None
    key: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    outcome: str = "same"
    tie: str | None = None


@frozen(kw_only=True)
class RecordUpdated(Decision):
    """Fields took the values of an input; `links` are ids that were set (account_id, contact_id ...)."""

    type: ClassVar[str] = "record_updated"
    record: str
    input: str
    fields: tuple[str, ...] = ()
    links: Mapping[str, str | None] = NOTHING


@frozen(kw_only=True)
class RecordsMerged(Decision):
    """`subject` now stands for `loser` too; `fields` were taken from the loser."""

    type: ClassVar[str] = "records_merged"
    record: str
    loser: str
    input: str
    fields: tuple[str, ...] = ()
    children: tuple[str, ...] = ()


@frozen(kw_only=True)
class RecordsUnmerged(Decision):
    """`loser` stands for itself again; `ambiguous` lists what could not be told apart."""

    type: ClassVar[str] = "records_unmerged"
    record: str
    loser: str
    input: str
    children: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()


@frozen(kw_only=True)
class RecordRemoved(Decision):
    """An import was undone: the record it made, which nothing else used, is gone."""

    type: ClassVar[str] = "record_removed"
    record: str
    input: str


@frozen(kw_only=True)
class VisitorIdentified(Decision):
    """Interactions of the visitor count for the contact from now on, earlier ones too."""

    type: ClassVar[str] = "visitor_identified"
    visitor: str
    input: str


# -- capture ----------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class InputFailed(Decision):
    """An input could not be taken; `reasons` are (code, field) pairs. It waits to be mended and retried.

    The subject is the input's key, `record` its type; `form` is set for submissions.
    """

    type: ClassVar[str] = "input_failed"
    record: str
    form: str | None = None
    reasons: tuple[tuple[str, str], ...] = ()


@frozen(kw_only=True)
class InputSettled(Decision):
    """A failed input was retried successfully (`how` "retried") or given up ("dropped")."""

    type: ClassVar[str] = "input_settled"
    how: str
    input: str


# -- scoring ----------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class Scored(Decision):
    """The subject got its first score by a model."""

    type: ClassVar[str] = "scored"
    model: str
    points: int


@frozen(kw_only=True)
class GradeChanged(Decision):
    """The score moved into another grade."""

    type: ClassVar[str] = "grade_changed"
    model: str
    before: str | None
    after: str | None
    points: int


@frozen(kw_only=True)
class ThresholdReached(Decision):
    """The score reached the model's sales-ready threshold (>=)."""

    type: ClassVar[str] = "threshold_reached"
    model: str
    points: int
    threshold: int


@frozen(kw_only=True)
class ThresholdLeft(Decision):
    """The score fell below the bound at which readiness ends."""

    type: ClassVar[str] = "threshold_left"
    model: str
    points: int
    bound: int


# -- leads and process ------------------------------------------------------------------------------------


@frozen(kw_only=True)
class LeadFlagged(Decision):
    """A flag of the lead was set or cleared; `because` is a model, a step or "by hand"."""

    type: ClassVar[str] = "lead_flagged"
    flag: str
    value: bool
    because: str = ""


@frozen(kw_only=True)
class LeadStateChanged(Decision):
    """The lead became open, qualified, disqualified or recycled."""

    type: ClassVar[str] = "lead_state_changed"
    before: str
    after: str
    reason: str | None = None


@frozen(kw_only=True)
class ProcessStarted(Decision):
    """The lead entered a process at its first stage."""

    type: ClassVar[str] = "process_started"
    process: str
    stage: str


@frozen(kw_only=True)
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


@frozen(kw_only=True)
class StepAnswered(Decision):
    """A step of a stage got a value; the value is in the input."""

    type: ClassVar[str] = "step_answered"
    process: str
    step: str
    input: str


@frozen(kw_only=True)
class ProcessEnded(Decision):
    """The process was finished, abandoned, put to the background by a switch, or made active again."""

    type: ClassVar[str] = "process_ended"
    process: str
    stage: str
    how: str
    reason: str = ""


# -- assignment -------------------------------------------------------------------------------------------


@frozen(kw_only=True)
class OwnerAssigned(Decision):
    """The lead has an owner; `candidates` are (user, code) pairs: why each was taken or skipped."""

    type: ClassVar[str] = "owner_assigned"
    owner: str
    former: str | None = None
    rule: str = ""
    strategy: str = ""
    pool: str | None = None
    candidates: tuple[tuple[str, str], ...] = ()
    hops: int = 0


@frozen(kw_only=True)
class LeadQueued(Decision):
    """The lead waits in a queue for somebody to claim it, or (`until_us`) for a pool to open."""

    type: ClassVar[str] = "lead_queued"
    queue: str
    rule: str = ""
    until_us: int | None = None
    candidates: tuple[tuple[str, str], ...] = ()


@frozen(kw_only=True)
class LinesAssigned(Decision):
    """Who has the lead's product lines: by line "user:hana", "queue:dach", "pool:soft" (until it opens), or "lead:l_2".

    The last is a lead of its own; that one names the lead it was divided from in `of`. At `until_us` it goes on.
    """

    type: ClassVar[str] = "lines_assigned"
    lines: Mapping[str, str] = NOTHING
    until_us: int | None = None
    of: str | None = None


@frozen(kw_only=True)
class PoolTurned(Decision):
    """A pool's rotation moved; `state` is its whole state, user ids and counters only. The subject is the pool.

    `returned` is the lead whose turn was given back.
    """

    type: ClassVar[str] = "pool_turned"
    state: Mapping[str, Any] = NOTHING
    returned: str | None = None


@frozen(kw_only=True)
class UserLeft(Decision):
    """The user (the subject) is inactive; `open` leads of his still need a new owner."""

    type: ClassVar[str] = "user_left"
    open: int = 0


@frozen(kw_only=True)
class UserPaused(Decision):
    """The user (the subject) is in no rotation until then; None: he takes part again."""

    type: ClassVar[str] = "user_paused"
    until_us: int | None
    because: str = ""


@frozen(kw_only=True)
class DeadlineMissed(Decision):
    """A service level was not met; `action` is what followed."""

    type: ClassVar[str] = "deadline_missed"
    sla: str
    action: str
    due_us: int


@frozen(kw_only=True)
class DeadlineSet(Decision):
    """A service level started, or (`due_us` None) ended because `because`."""

    type: ClassVar[str] = "deadline_set"
    sla: str
    due_us: int | None
    because: str = ""


@frozen(kw_only=True)
class MessagePlanned(Decision):
    """Something must leave the process: it is in the outbox under `key`."""

    type: ClassVar[str] = "message_planned"
    key: str
    channel: str
    template: str
    recipient: str
    parameters: Mapping[str, Any] = NOTHING


# -- the log ----------------------------------------------------------------------------------------------


@frozen
class Recorded:
    """A decision as kept: when it became true, when it was written, by whom, caused by which input, under which rules.

    `id` derives from the command's key and the decision's ordinal in it, so that planning twice records the same.
    """

    table: ClassVar[str] = "decision"

    id: str
    decision: Decision
    at_us: int
    recorded_us: int
    command: str
    actor: str | None
    digest: str
    seq: int = 0

    @property
    def type(self) -> str:
        """The decision's type."""
        return self.decision.type

    @property
    def subject(self) -> str:
        """The id of the record decided about."""
        return self.decision.subject


@frozen
class Refusal:
    """A business "no": a code and its parameters, so that a host can translate it."""

    code: str
    parameters: Mapping[str, Any] = NOTHING

    def __str__(self) -> str:
        inner = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"{self.code}({inner})" if inner else self.code
