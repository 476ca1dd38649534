"""What a deal does to its lead: sales works it, so it is accepted and qualified; won or lost ends its process. Pure."""

from __future__ import annotations

from leadflow.model.business import Opportunity
from leadflow.model.decisions import Decision, LeadFlagged, LeadStateChanged, ProcessEnded, StageChanged
from leadflow.model.identity import standing_for
from leadflow.model.lead import Lead
from leadflow.model.values import LeadState
from leadflow.process.moves import Prepared
from leadflow.process.state import Instance, instance_id
from leadflow.room import Step, View

_STATE = {"open": LeadState.QUALIFIED, "won": LeadState.QUALIFIED, "lost": LeadState.DISQUALIFIED}
_REASON = {"open": "converted", "won": "won", "lost": "lost"}


def on_deal(view: View, opportunity_id: str, prepared: Prepared, now_us: int) -> Step | None:
    """The lead of a deal is accepted by sales and qualified (S003-23); a lost deal disqualifies it."""
    opportunity = view.get(Opportunity, opportunity_id)
    if opportunity is None or opportunity.lead_id is None:
        return None
    lead = standing_for(view, Lead, opportunity.lead_id)
    if lead is None:
        return None
    decisions: list[Decision] = []
    if not lead.sales_accepted:
        decisions.append(
            LeadFlagged(subject=lead.id, flag="sales_accepted", value=True, because=f"opportunity {opportunity.id}")
        )
    decisions += _process(view, lead, opportunity.status, prepared)
    state, reason = _STATE[opportunity.status], _REASON[opportunity.status]
    if lead.state != state or lead.reason != reason:
        decisions.append(LeadStateChanged(subject=lead.id, before=lead.state, after=state.value, reason=reason))
    return Step(tuple(decisions)) if decisions else None


def _process(view: View, lead: Lead, status: str, prepared: Prepared) -> list[Decision]:
    """The process ends with the deal: at its last stage when it was won, where it stands when it was lost."""
    if lead.process is None or lead.process not in prepared.processes:
        return []
    instance = view.get(Instance, instance_id(lead.id, lead.process))
    if instance is None or instance.status != "active":
        return []
    process = prepared.processes[lead.process]
    decisions: list[Decision] = []
    stage = instance.stage
    if status != "lost" and stage != process.last:
        skipped = process.between(stage, process.last)
        decisions.append(
            StageChanged(
                subject=lead.id,
                process=process.name,
                before=stage,
                after=process.last,
                how="automatic",
                skipped=skipped,
                reason="deal",
            )
        )
        stage = process.last
    if status != "open":
        how = "finish" if status == "won" else "abandon"
        decisions.append(
            ProcessEnded(subject=lead.id, process=process.name, stage=stage, how=how, reason=f"deal {status}")
        )
    return decisions
