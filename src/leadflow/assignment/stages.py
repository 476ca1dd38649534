"""Stages whose entry or exit asks for an owner: the rules find one. Pure."""

from __future__ import annotations

from leadflow.assignment.decide import handed_over
from leadflow.assignment.prepare import Prepared
from leadflow.model.decisions import ProcessEnded, ProcessStarted, StageChanged
from leadflow.model.lead import Lead
from leadflow.room import Step, View


def on_stage_changed(view: View, decision: StageChanged, prepared: Prepared, now_us: int) -> Step | None:
    """A stage was left and another entered."""
    places = ((decision.process, decision.before, "exit"), (decision.process, decision.after, "entry"))
    return _assigned(view, decision.subject, prepared, now_us) if prepared.assigning.intersection(places) else None


def on_started(view: View, decision: ProcessStarted, prepared: Prepared, now_us: int) -> Step | None:
    """The first stage was entered."""
    is_asked = (decision.process, decision.stage, "entry") in prepared.assigning
    return _assigned(view, decision.subject, prepared, now_us) if is_asked else None


def on_ended(view: View, decision: ProcessEnded, prepared: Prepared, now_us: int) -> Step | None:
    """Finishing leaves the last stage."""
    is_asked = decision.how == "finish" and (decision.process, decision.stage, "exit") in prepared.assigning
    return _assigned(view, decision.subject, prepared, now_us) if is_asked else None


def _assigned(view: View, lead_id: str, prepared: Prepared, now_us: int) -> Step | None:
    lead = view.get(Lead, lead_id)
    if lead is None or lead.owner_id is not None:
        return None
    decisions = handed_over(view, lead, prepared, now_us)
    return Step(decisions) if decisions else None
