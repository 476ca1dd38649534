"""Quiet forms only save time: a plan without them decides the same, to the last row."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.engine.flow import Flow
from leadflow.engine.intake.records import read_record
from leadflow.engine.planning.carrying import Carrier
from leadflow.model.records import Interaction
from leadflow.testing import VirtualClock, histories, interactions

START = "2026-01-15T12:00:00Z"
ANA = {"type": "submission", "key": "s-1", "form": "demo-request", "fields": {"email": "ana@kos.example"}}


def planned(flow: Flow, records: list[Any], *, quietly: bool) -> tuple[Any, ...]:
    """What a batch would write, and what became of each record."""
    rulebook = flow.rulebook if quietly else attrs.evolve(flow.rulebook, quiet={})
    now_us = flow.now()
    commands = [read_record(record, now_us) for record in records]
    plan = Carrier(flow.store, rulebook).plan(commands, lambda command: now_us)
    change = plan.change
    statuses = [(each.status, each.refusal) for each in plan.outcomes()]
    return change.put, change.drop, list(change.inputs), list(change.decisions), statuses


by_ana = interactions().map(lambda record: {**record, "contact": {"email": "Ana@kos.example"}, "visitor": None})
anything = histories(max_size=1).map(lambda each: each[0])


@settings(max_examples=60, deadline=None)
@given(
    before=histories(max_size=6),
    batch=st.lists(st.one_of(by_ana, by_ana, interactions(), anything), max_size=12),
    days=st.integers(0, 90),
)
def test_with_and_without_quiet_forms_everything_is_the_same(
    opened: Any, before: list[Any], batch: list[Any], days: int
) -> None:
    """Law: rows, inputs, decisions and answers, in their order; also among commands that go the long way."""
    clock = VirtualClock(START)
    with opened(now=clock) as flow:
        flow.ingest([ANA, *before])
        clock.advance(f"{days}d")
        assert planned(flow, batch, quietly=True) == planned(flow, batch, quietly=False)


def test_an_interaction_that_crosses_nothing_goes_quietly(opened: Any) -> None:
    """The law says something only because the short way is there: under every playbook it has a form for each reaction."""
    with opened(now=VirtualClock(START)) as flow:
        flow.ingest([ANA])
        seen = {"type": "interaction", "kind": "page.visited", "contact": {"email": " ANA@kos.example "}}
        flow.ingest([{**seen, "id": f"i-{number}"} for number in range(9)])
        put, _, inputs, decisions, statuses = planned(flow, [{**seen, "id": "i-9"}], quietly=True)
        assert (len(inputs), decisions, statuses) == (1, [], [("accepted", None)])
        assert {key[0] for key in put} <= {"score", "alert", "digest"}
        assert Interaction in flow.rulebook.quiet
