"""Assignment as the engine sees it."""

from __future__ import annotations

from typing import Any

from leadflow.assignment import apply, decide
from leadflow.assignment.prepare import Prepared, prepare
from leadflow.assignment.state import TABLES
from leadflow.model import commands, decisions
from leadflow.model.lead import Lead
from leadflow.room import Key, Room


def follow_lead(row: Lead, prepared: Prepared) -> list[Key]:
    """Once a lead is known: how it came to its owner."""
    return [("handover", row.id)]


def _keys(command: Any, prepared: Prepared) -> list[Key]:
    return [("lead", command.lead), ("handover", command.lead)]


ROOM = Room(
    name="assignment",
    prepare=prepare,
    tables=TABLES,
    keys={cls: _keys for cls in (commands.Assign, commands.Claim, commands.Credit)}
    | {commands.RemoveRecords: lambda command, prepared: [("handover", id_) for id_, _ in command.records]},
    follow={"lead": follow_lead},
    reacts={
        decisions.LeadFlagged: decide.on_flagged,
        decisions.LeadStateChanged: decide.on_state,
        commands.Assign: decide.on_assign,
        commands.Claim: decide.on_claim,
        commands.Credit: decide.on_credit,
        commands.Wake: decide.on_wake,
    },
    applies={
        decisions.OwnerAssigned: apply.apply_assigned,
        decisions.LeadQueued: apply.apply_queued,
        decisions.LeadStateChanged: apply.apply_state,
        decisions.PoolTurned: apply.apply_turned,
        decisions.DeadlineSet: apply.apply_deadline,
        decisions.DeadlineMissed: apply.apply_missed,
        decisions.RecordRemoved: apply.apply_removed,
    },
)
