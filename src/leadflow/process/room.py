"""The process as the engine sees it."""

from __future__ import annotations

from typing import Any

from leadflow.expr import Term, Type
from leadflow.model import commands, decisions, facts
from leadflow.model.lead import Lead
from leadflow.model.time import NEVER_US
from leadflow.process import apply, by_hand, decide
from leadflow.process.moves import Prepared, prepare
from leadflow.process.state import TABLES, Instance
from leadflow.room import Key, Room, View


def _stage(view: View, asked: Any, args: tuple[Any, ...], prepared: Prepared) -> tuple[Any, int]:
    return (None if asked.lead is None else asked.lead.stage), NEVER_US


def follow_lead(row: Lead, prepared: Prepared) -> list[Key]:
    """Once a lead is known: its instance of the active process."""
    return [] if row.process is None else [("process", f"{row.id}|{row.process}")]


def follow_process(row: Instance, prepared: Prepared) -> list[Key]:
    """Once an instance is known: its lead."""
    return [("lead", row.lead_id)]


ROOM = Room(
    name="process",
    prepare=prepare,
    tables=TABLES,
    terms={"stage": (Term("stage", (), Type.CODE), _stage)},
    follow={"lead": follow_lead, "process": follow_process},
    keys={
        commands.RemoveRecords: lambda command, prepared: [("process.lead_id", id_) for id_, _ in command.records],
    }
    | {
        cls: (lambda command, prepared: [("lead", command.lead)])
        for cls in (
            commands.Advance,
            commands.Relocate,
            commands.SetFlag,
            commands.SetStep,
            commands.SwitchProcess,
            commands.EndProcess,
            commands.Reactivate,
            commands.SetLeadState,
        )
    },
    reacts={
        decisions.RecordCreated: decide.on_created,
        decisions.RecordUpdated: decide.on_updated,
        decisions.ProcessStarted: decide.on_started,
        decisions.StageChanged: decide.on_stage_changed,
        decisions.ProcessEnded: decide.on_ended,
        decisions.Scored: decide.on_changed,
        decisions.LeadFlagged: decide.on_changed,
        decisions.StepAnswered: decide.on_changed,
        decisions.OwnerAssigned: decide.on_changed,
        decisions.LeadStateChanged: decide.on_changed,
        decisions.RecordsMerged: decide.on_identified,
        decisions.VisitorIdentified: decide.on_identified,
        facts.InteractionReceived: decide.on_interaction,
        facts.ScoreChanged: decide.on_measured,
        decisions.GradeChanged: decide.on_measured,
        commands.Advance: by_hand.on_advance,
        commands.Relocate: by_hand.on_relocate,
        commands.SetFlag: by_hand.on_set_flag,
        commands.SetStep: by_hand.on_set_step,
        commands.SwitchProcess: by_hand.on_switch,
        commands.EndProcess: by_hand.on_end,
        commands.Reactivate: by_hand.on_reactivate,
        commands.SetLeadState: by_hand.on_set_state,
        commands.Wake: decide.on_wake,
    },
    quiet={
        facts.InteractionReceived: decide.quiet_interaction,
        facts.ScoreChanged: decide.quiet_measured,
    },
    applies={
        decisions.ProcessStarted: apply.apply_started,
        decisions.StageChanged: apply.apply_stage_changed,
        decisions.ProcessEnded: apply.apply_ended,
        decisions.LeadFlagged: apply.apply_flagged,
        decisions.LeadStateChanged: apply.apply_state,
        decisions.StepAnswered: apply.apply_answered,
        decisions.DeadlineMissed: apply.apply_missed,
        decisions.RecordRemoved: apply.apply_removed,
    },
)
