"""Automatic moves on what somebody does: as soon as the condition holds, whoever he was known as. Found by assert_lawful."""

from __future__ import annotations

from typing import Any

import pytest

from leadflow.capture.rules import CaptureRules, Form
from leadflow.playbook.playbook import Playbook
from leadflow.process.rules import Branch, Process, ProcessRules, Stage
from leadflow.testing import VirtualClock, does, invariants, submits

KEEN = 'count("page.visited", page="pricing") >= 2'
STAGES = (Stage(name="new", automatic=(Branch(to="keen", when=KEEN),)), Stage(name="keen"))
PLAYBOOK = Playbook(
    capture=CaptureRules(forms={"demo": Form(fields={"email": "contact.email"})}),
    process=ProcessRules(processes={"sales": Process(stages=STAGES)}),
)
ANA, BO = "ana@kos.example", "bo@kos.example"
FORM = submits("demo", email=ANA, visitor="ck-1")
HISTORIES: dict[str, list[Any]] = {
    "as a contact": [FORM, does("page.visited", ANA, page="pricing"), does("page.visited", ANA, page="pricing")],
    "before as a visitor": [
        does("page.visited", visitor="ck-1", page="pricing"),
        does("page.visited", visitor="ck-1", page="pricing"),
        FORM,
    ],
    "identified later": [
        submits("demo", email=ANA),
        does("page.visited", visitor="ck-1", page="pricing"),
        does("page.visited", ANA, page="pricing"),
        submits("demo", email=ANA, visitor="ck-1"),
    ],
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_a_lead_moves_as_soon_as_somebody_has_done_enough(opened: Any, history: list[Any]) -> None:
    with opened(playbook=PLAYBOOK, now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        for number, record in enumerate(history, 1):
            last = number == len(history)
            flow.do({"id" if record["type"] == "interaction" else "key": f"k-{number}", **record})
            assert [each.lead.stage == "keen" for each in flow.leads()] in ([], [last])
        assert len(flow.leads(KEEN)) == 1
        assert invariants(flow) == []


def test_what_a_merged_contact_did_counts_too(opened: Any) -> None:
    with opened(playbook=PLAYBOOK, now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        winner = flow.submit("demo", {"email": ANA}, key="s-1").contact
        loser = flow.submit("demo", {"email": BO}, key="s-2").contact
        for number, email in enumerate((ANA, BO)):
            flow.do({"id": f"i-{number}", **does("page.visited", email, page="pricing")})
        assert {each.lead.stage for each in flow.leads()} == {"new"}
        flow.do({"type": "merge", "key": "m-1", "winner": winner, "loser": loser})
        assert {each.lead.stage for each in flow.leads()} == {"keen"}
        assert invariants(flow) == []
