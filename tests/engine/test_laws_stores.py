"""The memory store is the oracle: whatever happens, SQLite holds and answers the same."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from leadflow.errors import InvalidInputError
from leadflow.testing import (
    VirtualClock,
    commands,
    contents,
    deals,
    entries,
    interactions,
    invariants,
    orders,
    submissions,
)


class SameOnBothStores(RuleBasedStateMachine):
    """One history on two flows. `stores` is set by the test."""

    stores: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock("2026-01-15T12:00:00Z")
        self.stack = ExitStack()
        self.oracle = self.stack.enter_context(self.stores["memory"](now=self.clock))
        self.tested = self.stack.enter_context(self.stores["sqlite"](now=self.clock))
        self.records: list[Any] = []

    def teardown(self) -> None:
        try:
            assert invariants(self.oracle) == []
            assert invariants(self.tested) == []
        finally:
            self.stack.close()

    def both(self, ask: Any) -> Any:
        """Ask both flows; the answers, or the refusals, are the same."""
        answers = []
        for flow in (self.oracle, self.tested):
            try:
                answers.append(ask(flow))
            except InvalidInputError as error:
                answers.append((type(error), error.code, str(error)))
        assert answers[0] == answers[1]
        return answers[0]

    def take(self, record: Any) -> None:
        self.records.append(record)
        self.both(lambda flow: _plain(flow.do(record)))

    @initialize(record=submissions(forms=["demo-request"]))
    def begin(self, record: Any) -> None:
        self.take(record)

    @rule(record=submissions())
    def submit(self, record: Any) -> None:
        self.take(record)

    @rule(record=interactions())
    def interact(self, record: Any) -> None:
        self.take(record)

    @rule(record=entries())
    def enter(self, record: Any) -> None:
        self.take(record)

    @rule(record=st.one_of(orders(), deals()))
    def buy(self, record: Any) -> None:
        self.take(record)

    @rule(record=commands())
    def say(self, record: Any) -> None:
        self.take(record)

    @precondition(lambda self: self.records)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        record = data.draw(st.sampled_from(self.records))
        self.both(lambda flow: _plain(flow.do(record)))

    @rule(records=st.lists(st.one_of(submissions(), interactions(), commands()), max_size=5))
    def ingest(self, records: list[Any]) -> None:
        self.both(lambda flow: flow.ingest(records))

    @rule(hours=st.sampled_from([1, 24, 72, 24 * 30, 24 * 91]))
    def tick(self, hours: int) -> None:
        self.clock.advance(hours * 3_600_000_000)
        self.both(lambda flow: flow.tick())

    @rule(
        order=st.sampled_from(["-updated_at", "-score", "created_at", "stage", "owner", "id"]), limit=st.integers(0, 5)
    )
    def look(self, order: str, limit: int) -> None:
        found = self.both(lambda flow: [row.lead.id for row in flow.leads(order_by=order, limit=limit)])
        assert len(found) <= limit

    @precondition(lambda self: self.records)
    @rule(data=st.data())
    def explain(self, data: st.DataObject) -> None:
        leads = sorted(contents(self.oracle)["lead"])
        if leads:
            lead = data.draw(st.sampled_from(leads))
            self.both(lambda flow: flow.explain(lead).to_plain())

    @invariant()
    def both_hold_the_same(self) -> None:
        assert contents(self.oracle) == contents(self.tested)


def _plain(outcome: Any) -> Any:
    return [
        (r.key, r.status, r.contact, r.account, r.lead, str(r.refusal), r.reasons, len(r.decisions)) for r in outcome
    ]


def _machine(stores: Any, **bounds: Any) -> None:
    SameOnBothStores.stores = stores
    run_state_machine_as_test(SameOnBothStores, settings=settings(deadline=None, **bounds))


def test_sqlite_does_what_memory_does(stores: Any) -> None:
    """House: the memory store judges every other one."""
    _machine(stores, max_examples=15, stateful_step_count=20)


@pytest.mark.slow
def test_sqlite_does_what_memory_does_for_long(stores: Any) -> None:
    """reliability.md section 1: hundreds of sequences of 50 steps."""
    _machine(stores, max_examples=400, stateful_step_count=50)
