"""Assignment as the engine sees it."""

from __future__ import annotations

from typing import Any

from leadflow.assignment import apply, decide, knowing, stages, waking
from leadflow.assignment.alerts import digest, engagement, preferences
from leadflow.assignment.alerts.state import TABLES as ALERT_TABLES
from leadflow.assignment.prepare import Prepared, prepare
from leadflow.assignment.state import TABLES
from leadflow.assignment.users import leaving, pausing
from leadflow.assignment.views import looking
from leadflow.model import commands, decisions, facts
from leadflow.model.lead import Lead
from leadflow.room import Key, Room, Step, View


def follow_lead(row: Lead, prepared: Prepared) -> list[Key]:
    """Once a lead is known: how it came to its owner."""
    return [("handover", row.id)]


def _keys(command: Any, prepared: Prepared) -> list[Key]:
    return [("lead", command.lead), ("handover", command.lead)]


def on_wake(view: View, wake: commands.Wake, prepared: Prepared, now_us: int) -> Step | None:
    """A hand-over, a digest, or the rest of a leaving user's leads is due."""
    by_table = {"handover": waking.on_wake, "digest": digest.on_wake, "leaving": leaving.on_wake}
    react = by_table.get(wake.table)
    return None if react is None else react(view, wake, prepared, now_us)


ROOM = Room(
    name="assignment",
    prepare=prepare,
    tables=(*TABLES, *ALERT_TABLES, *leaving.TABLES, *knowing.TABLES, *looking.TABLES),
    keys={
        commands.DeactivateUser: leaving.keys,
        commands.SetAlerts: lambda command, prepared: [("preference", command.user)],
        commands.SeeView: looking.keys,
        commands.PauseUser: lambda command, prepared: [("pause", command.user)],
        commands.Assign: _keys,
        commands.Claim: _keys,
        commands.Credit: _keys,
        commands.RemoveRecords: lambda command, prepared: [("handover", id_) for id_, _ in command.records],
    },
    terms=knowing.TERMS,
    follow={"lead": follow_lead},
    reacts={
        decisions.LeadFlagged: decide.on_flagged,
        decisions.LeadStateChanged: decide.on_state,
        decisions.LinesAssigned: decide.on_lines,
        commands.Assign: decide.on_assign,
        commands.Claim: decide.on_claim,
        commands.Credit: decide.on_credit,
        commands.Wake: on_wake,
        commands.DeactivateUser: leaving.on_deactivate,
        commands.PauseUser: pausing.on_pause,
        commands.SetAlerts: preferences.on_set_alerts,
        commands.SeeView: looking.on_see,
        facts.InteractionReceived: engagement.on_interaction,
        decisions.StageChanged: stages.on_stage_changed,
        decisions.ProcessStarted: stages.on_started,
        decisions.ProcessEnded: stages.on_ended,
    },
    quiet={facts.InteractionReceived: engagement.quiet_interaction},
    applies={
        decisions.OwnerAssigned: apply.apply_assigned,
        decisions.LeadQueued: apply.apply_queued,
        decisions.LeadStateChanged: apply.apply_state,
        decisions.LinesAssigned: apply.apply_lines,
        decisions.PoolTurned: apply.apply_turned,
        decisions.DeadlineSet: apply.apply_deadline,
        decisions.DeadlineMissed: apply.apply_missed,
        decisions.RecordMatched: knowing.apply_matched,
        decisions.RecordsMerged: knowing.apply_merged,
        decisions.RecordRemoved: apply.apply_removed,
        decisions.AlertsChosen: preferences.apply_chosen,
        decisions.ViewSeen: looking.apply_seen,
        decisions.UserPaused: pausing.apply_paused,
        decisions.UserLeft: leaving.apply_left,
    },
)
