"""A tick ends, whatever is due: what cannot be done does not hold up the rest."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from leadflow.capture.rules import CaptureRules, Form
from leadflow.playbook.playbook import Playbook
from leadflow.process.rules import Branch, Process, ProcessRules, Stage
from leadflow.scoring.rules import Model, Rule, ScoringRules
from leadflow.testing import VirtualClock, contents, invariants

ANA = {"email": "ana@kos.example"}


def test_a_score_whose_consent_was_withdrawn_waits_for_nothing(opened: Any) -> None:
    """Found by generated playbooks: such a score stayed due, and `tick` went round for ever."""
    rule = Rule(name="is new", points=10, when='contact.created_at > ago("30d")')
    playbook = Playbook(scoring=ScoringRules(models={"fit": Model(consent="consent", rules=(rule,))}))
    clock = VirtualClock("2026-01-15T12:00:00Z")
    with opened(playbook=playbook, now=clock) as flow:
        flow.do({"type": "contact", "key": "e-1", **ANA, "consent": "consent"})
        flow.do({"type": "contact", "key": "e-2", **ANA, "consent": "none", "policy": "overwrite"})
        clock.advance("40d")
        assert flow.tick() > 0
        assert flow.tick() == 0
        assert [score["points"] for score in contents(flow)["score"].values()] == [10], "it stands still"
        flow.do({"type": "contact", "key": "e-3", **ANA, "consent": "consent", "policy": "overwrite"})
        assert [score.get("points", 0) for score in contents(flow)["score"].values()] == [0], "it is counted anew"
        assert invariants(flow) == []


def test_a_cascade_without_end_that_time_sets_off_holds_nothing_up(opened: Any, caplog: Any) -> None:
    """It is undone, told in the log, and tried again by the next tick; other due rows are done."""
    names = [f"s-{number}" for number in range(12)]
    falls = 'score("fit") == 0'
    stages = [Stage(name=name, automatic=(Branch(to=to, when=falls),)) for name, to in pairwise(names)]
    process = Process(
        stages=(Stage(name="start", automatic=(Branch(to="s-0", when=falls),)), *stages, Stage(name="end"))
    )
    rule = Rule(name="is new", points=10, when='contact.created_at > ago("30d")')
    playbook = Playbook(
        capture=CaptureRules(forms={"demo": Form(fields={"email": "contact.email"})}),
        scoring=ScoringRules(models={"fit": Model(rules=(rule,))}),
        process=ProcessRules(processes={"long": process}),
    )
    clock = VirtualClock("2026-01-15T12:00:00Z")
    with opened(playbook=playbook, now=clock) as flow:
        assert flow.submit("demo", ANA, key="s-1").status == "accepted"
        flow.do({"type": "contact", "key": "e-1", "email": "bo@kos.example"})
        clock.advance("40d")
        for _ in range(2):
            caplog.clear()
            flow.tick()
            assert [record.levelname for record in caplog.records] == ["ERROR"]
        assert sorted(score.get("points", 0) for score in contents(flow)["score"].values()) == [0, 10]
        assert flow.submit("demo", {"email": "cy@kos.example"}, key="s-2").status == "accepted"
