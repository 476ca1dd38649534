"""What the store chooses by is what the engine would have chosen."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import leadflow
from leadflow.testing import VirtualClock, histories

LAW = settings(max_examples=40, deadline=None)
START = "2026-01-15T12:00:00Z"
PARTS = st.sampled_from(
    [
        'lead.owner == "ana"',
        'lead.owner in ["bo", "cy", "nobody"]',
        "lead.owner is None",
        'stage == "inquiry"',
        'stage in ["inquiry", "automated-qualification", "sales-acceptance"]',
        'lead.state == "open"',
        'lead.state != "open"',
        "lead.sales_ready",
        "lead.marketing_qualified",
        "not lead.sales_ready",
        'lead.page == "pricing"',
        'lead.source == "WEB"',
        'lead.queue == "unassigned"',
        'lead.created_at >= instant("2026-01-15T12:00:00Z")',
        'lead.stage_since_at < instant("2026-01-14T00:00:00Z")',
        'lead.updated_at > date("2026-01-10")',
        'score("interest") > 10',
        'contact.country == "DE"',
        "lead.owner == lead.queue",
    ]
)
ORDERS = st.sampled_from([None, "created_at", "-updated_at", "stage", '-score("interest")'])


@LAW
@given(
    history=histories(max_size=10),
    parts=st.lists(PARTS, min_size=1, max_size=3),
    joined=st.sampled_from([" and ", " or "]),
    order=ORDERS,
)
def test_what_the_store_chooses_the_engine_would_have(
    opened: Any, history: list[Any], parts: list[str], joined: str, order: str | None
) -> None:
    """A condition chooses as its double negation does, of which no store understands a thing."""
    text = joined.join(parts)
    doubled = f"not (not ({text}))"
    with opened(now=VirtualClock(START)) as flow:
        flow.ingest(history)
        own, other = (flow.explain_query(each, order_by=order) for each in (text, doubled))
        assert other.by_store == (), "the law compares nothing"
        assert len(own.by_store) + len(own.by_engine) >= 1
        listed = [[each.lead.id for each in flow.leads(each, order_by=order, limit=None)] for each in (text, doubled)]
        assert listed[0] == listed[1], own


def test_every_part_that_the_store_answers_tells_leads_apart(opened: Any) -> None:
    """Beside the law, which may meet few leads that differ: each such part lists some of these leads, not all."""
    parts = {
        'lead.owner == "ana"': {"a", "b"},
        'lead.owner in ["bo", "cy", "nobody"]': {"c"},
        "lead.sales_ready": {"a"},
        "lead.teleprospect_ready": {"b", "c"},
        'lead.page == "pricing"': {"a", "c"},
        'lead.created_at >= instant("2026-01-17T12:00:00Z")': {"c"},
        'lead.owner == "ana" and lead.teleprospect_ready': {"b"},
    }
    clock = VirtualClock(START)
    with opened(now=clock) as flow:
        names = {}
        for name, page, owner in (("a", "pricing", "ana"), ("b", "home", "ana"), ("c", "pricing", "bo")):
            lead = (
                flow.do(
                    {
                        "type": "lead",
                        "key": name,
                        "contact": {"email": f"{name}@x.example"},
                        "page": page,
                        "owner_id": owner,
                    }
                )
                .one()
                .unwrap()
                .lead
            )
            names[lead] = name
            clock.advance("1d")
        lead_of = {name: lead for lead, name in names.items()}
        for number, (name, flag) in enumerate(
            (("a", "sales_ready"), ("b", "teleprospect_ready"), ("c", "teleprospect_ready"))
        ):
            flag_set = {"type": "set_flag", "key": f"f{number}", "lead": lead_of[name], "flag": flag, "value": True}
            flow.do(flag_set).one().unwrap()
        moved = flow.do({"type": "advance", "key": "m", "lead": lead_of["c"], "how": "skip"}).one().unwrap()
        assert moved.is_ok
        stage = next(each.lead.stage for each in flow.leads() if names[each.lead.id] == "c")
        parts[f'stage == "{stage}"'] = {"c"}
        for text, expected in parts.items():
            assert flow.explain_query(text).by_engine == (), text
            assert {names[each.lead.id] for each in flow.leads(text)} == expected, text


def test_the_plan_of_a_list_says_who_answers_what() -> None:
    """`explain_query` names each part once, with who answers it."""
    where = 'lead.owner == "ana" and lead.sales_ready and score("interest") > 50'
    with leadflow.open("memory:") as flow:
        plan = flow.explain_query(where, order_by="-updated_at")
        assert plan.by_store == ('lead.owner == "ana"', "lead.sales_ready")
        assert plan.by_engine == ('score("interest") > 50',)
        assert str(plan).splitlines()[0] == "along -updated_at"
        assert "gives every lead" in str(flow.explain_query('score("interest") > 50'))
