"""What leadflow decided. Past tense, append-only, ids and codes only: never a person's data.

A decision that changes a record's fields names the input they came from (`input`) and which (`fields`); the values stay
with the input, so that erasing the input erases them. State is the fold of decisions over inputs; every room says how
in its `applies`.
"""

from __future__ import annotations

from leadflow.model.decisions.base import Decision, Recorded, Refusal
from leadflow.model.decisions.handover import (
    AlertsChosen,
    DeadlineMissed,
    DeadlineSet,
    LeadQueued,
    LinesAssigned,
    MessagePlanned,
    OwnerAssigned,
    PoolTurned,
    UserLeft,
    UserPaused,
    ViewSeen,
)
from leadflow.model.decisions.mail import AddressAllowed, MailReported
from leadflow.model.decisions.progress import (
    GradeChanged,
    LeadFlagged,
    LeadStateChanged,
    ProcessEnded,
    ProcessStarted,
    Scored,
    StageChanged,
    StepAnswered,
    ThresholdLeft,
    ThresholdReached,
)
from leadflow.model.decisions.records import (
    InputFailed,
    InputSettled,
    RecordCreated,
    RecordMatched,
    RecordRemoved,
    RecordsMerged,
    RecordsUnmerged,
    RecordUpdated,
    VisitorIdentified,
)

__all__ = [
    "AddressAllowed",
    "AlertsChosen",
    "DeadlineMissed",
    "DeadlineSet",
    "Decision",
    "GradeChanged",
    "InputFailed",
    "InputSettled",
    "LeadFlagged",
    "LeadQueued",
    "LeadStateChanged",
    "LinesAssigned",
    "MailReported",
    "MessagePlanned",
    "OwnerAssigned",
    "PoolTurned",
    "ProcessEnded",
    "ProcessStarted",
    "RecordCreated",
    "RecordMatched",
    "RecordRemoved",
    "RecordUpdated",
    "Recorded",
    "RecordsMerged",
    "RecordsUnmerged",
    "Refusal",
    "Scored",
    "StageChanged",
    "StepAnswered",
    "ThresholdLeft",
    "ThresholdReached",
    "UserLeft",
    "UserPaused",
    "ViewSeen",
    "VisitorIdentified",
]
