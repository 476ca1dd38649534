"""Leads in a CRM: scores go there, and what sales does there comes back."""

from __future__ import annotations

import csv
from pathlib import Path

from .scene import Scene


def leads_there(folder: Path) -> list[dict[str, str]]:
    with (folder / "leads.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_s004_10_the_score_of_a_lead_is_kept_in_step_with_the_crm(scene: Scene, tmp_path: Path) -> None:
    """Points and grade go out with the lead, and again whenever they move."""
    flow, folder = scene.flow, tmp_path / "crm"
    lead = flow.submit("demo-request", {"email": "ana@kos.example"}, key="s-1").one().lead
    flow.sync(folder)
    (row,) = leads_there(folder)
    assert (row["leadflow_id"], row["score.interest"], row["grade.interest"]) == (lead, "35", "warm")
    scene.clock.advance("1h")
    for number in range(3):
        click = {
            "type": "interaction",
            "id": f"i-{number}",
            "kind": "email.clicked",
            "contact": {"email": "ana@kos.example"},
        }
        assert flow.do(click).is_ok
    flow.sync(folder)
    (row,) = leads_there(folder)
    assert int(row["score.interest"]) > 35
    assert flow.sync(folder).sent == 0


def test_s004_10_what_sales_does_in_the_crm_comes_back(scene: Scene, tmp_path: Path) -> None:
    """S003-23 too: a deal that is won there qualifies the lead here."""
    flow, folder = scene.flow, tmp_path / "crm"
    lead = flow.submit("demo-request", {"email": "ana@kos.example"}, key="s-1").one().lead
    flow.sync(folder)
    (row,) = leads_there(folder)
    (folder / "opportunities.csv").write_text(f"id,lead,status,amount,currency\n,{row['id']},won,1200,EUR\n")
    flow.sync(folder)
    assert lead is not None
    assert flow.store.load([("lead", lead)]).rows["lead", lead].reason == "won"
