"""A step that names a lead's field sets it as a form would: its match keys and its score follow. Found by assert_lawful."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from leadflow.matching.rules import MatchingRules, Strategy
from leadflow.playbook.default import default_playbook
from leadflow.process.rules import ProcessRules, ProcessStep
from leadflow.scoring.rules import Model, Rule, ScoringRules
from leadflow.testing import VirtualClock, invariants

DEFAULT = default_playbook()
PROCESS = DEFAULT.process.processes["marketing"]
FIRST = attrs.evolve(
    PROCESS.stages[0],
    steps=(ProcessStep(name="campaign", field="lead.campaign"), ProcessStep(name="budget", field="lead.budget")),
)
STRATEGIES = {
    **DEFAULT.matching.strategies,
    "contact-and-context": Strategy(target="lead", keys=(("contact", "campaign"), ("contact",))),
}
RICH = Model(target="lead", rules=(Rule(name="has money", points=30, when="lead.budget >= 1000"),))
PLAYBOOK = attrs.evolve(
    DEFAULT,
    process=ProcessRules(processes={"marketing": attrs.evolve(PROCESS, stages=(FIRST, *PROCESS.stages[1:]))}),
    matching=MatchingRules(strategies=STRATEGIES),
    scoring=ScoringRules(models={"rich": RICH}),
)


@pytest.mark.parametrize(("step", "value"), [("campaign", "spring"), ("budget", 5000), ("budget", None)])
def test_what_is_answered_is_found_and_scored(opened: Any, step: str, value: Any) -> None:
    with opened(playbook=PLAYBOOK, now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        lead = flow.submit("demo-request", {"email": "ana@kos.example"}, key="s-1").lead
        flow.do({"type": "set_step", "key": "p-1", "lead": lead, "step": step, "value": value}).one().unwrap()
        assert invariants(flow) == []
        assert flow.score_at(lead, flow.now()) == (30 if value == 5000 else 0)
        if value == "spring":
            again = flow.submit("demo-request", {"email": "ana@kos.example"}, key="s-2", context={"campaign": "spring"})
            assert again.lead == lead
        assert invariants(flow) == []
