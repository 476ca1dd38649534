"""One story from beginning to end: a form, a lead in Tryton with score and owner, a sale, and what learning sees of it."""

from __future__ import annotations

from pathlib import Path

import pytest

import leadflow
from leadflow.engine.answers.fitting import examples
from leadflow.ports.store import Scan
from leadflow.testing import invariants

from .conftest import Line, Tryton

pytestmark = pytest.mark.tryton


def test_a_form_becomes_a_lead_that_sales_wins_and_fit_learns_from(tryton: Tryton, line: Line, tmp_path: Path) -> None:
    tryton.employee("Bo Novak", "bo@acme.example")
    with leadflow.open(f"sqlite:///{tmp_path / 'leads.db'}") as flow:
        # Bo is known to both sides; two people fill in a form.
        flow.ingest([{"type": "user", "key": "u-1", "id": "bo", "name": "Bo Novak", "email": "bo@acme.example"}])
        ana = flow.submit(
            "demo-request",
            {"email": "ana@kos.example", "first_name": "Ana", "last_name": "Kos", "company": "Kos d.o.o."},
            key="req-1",
            context={"campaign": "spring"},
        ).one()
        flow.submit("demo-request", {"email": "eva@x.example"}, key="req-2").one().unwrap()
        flow.do({"type": "assign", "key": "a-1", "lead": ana.lead, "owner": "bo"}).one().unwrap()
        assert flow.sync(line.url).refused == 0

        # Tryton has the lead, with score, stage and owner.
        (opportunity,) = tryton.model("sale.opportunity").find([("reference", "=", f"leadflow:{ana.lead}")])
        assert (opportunity.state, opportunity.party.name, opportunity.employee.party.name) == (
            "lead",
            "Ana Kos",
            "Bo Novak",
        )
        assert "score.interest: 35" in opportunity.comment
        assert "stage: automated-qualification" in opportunity.comment
        assert "spring" in opportunity.description
        assert len(tryton.ids("user")) == 1, "Bo is there once"

        # A salesperson notes a telephone number and an address, converts the lead and wins it.
        party = opportunity.party
        party.contact_mechanisms.new(type="phone", value="+38612345678")
        party.addresses.new(city="Kranj", postal_code="4000")
        party.save()
        tryton.win(opportunity, "1200.50")
        done = flow.sync(line.url)
        assert (done.refused, done.asked) == (0, 0), done.problems

        # The win is a deal here; the lead is qualified, and its owner and person are right.
        (deal,) = flow.store.scan(Scan(table="opportunity"))
        assert (deal.status, str(deal.amount), deal.currency, deal.lead_id) == ("won", "1200.5", "EUR", ana.lead)
        lead = flow.store.load([("lead", ana.lead or "")]).rows["lead", ana.lead or ""]
        contact = flow.store.load([("contact", ana.contact or "")]).rows["contact", ana.contact or ""]
        assert (lead.state, lead.reason, lead.owner_id) == ("qualified", "won", "bo")
        assert (contact.phone, contact.city) == ("+38612345678", "Kranj")
        assert any(each.actor == "crm:crm" for each in flow.explain(ana.lead or "").decisions)

        # Learning sees one that was won and one that was not.
        learnt = {each.id: each.won for each in examples(flow.store, flow.rulebook, flow.schema, ("lead.campaign",))}
        assert sorted(learnt.values()) == [False, True]
        assert learnt[ana.lead or ""]

        # And both sides rest.
        done = flow.sync(line.url)
        assert (done.sent, done.taken, done.refused) == (0, 0, 0), done
        assert invariants(flow) == []
