"""State is the fold of decisions over inputs, scores are what the inputs amount to, nothing is lost: after any history."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.testing import VirtualClock, histories, invariants

QUICK = settings(max_examples=30, deadline=None)
HOURS = st.sampled_from([0, 0, 1, 24, 24 * 3, 24 * 31, 24 * 91, -2])


@QUICK
@given(
    history=histories(max_size=14), hours=st.lists(HOURS, min_size=14, max_size=14), ticks=st.sets(st.integers(0, 13))
)
def test_invariants_hold_after_every_step(
    opened: Any, playbook: Any, history: list[Any], hours: list[int], ticks: set[int]
) -> None:
    """House laws: fold == state, incremental == recomputed; every submission has its lead or its stored failure."""
    clock = VirtualClock("2026-01-15T12:00:00Z")
    with opened(playbook=playbook, now=clock) as flow:
        for step, (record, hour) in enumerate(zip(history, hours, strict=False)):
            clock.advance(hour * 3_600_000_000)
            flow.ingest([record])
            if step in ticks:
                flow.tick()
        assert invariants(flow) == []
        flow.tick()
        assert invariants(flow) == []


@settings(max_examples=20, deadline=None)
@given(history=histories(min_size=3, max_size=12))
def test_invariants_hold_after_history_at_its_own_time(opened: Any, playbook: Any, history: list[Any]) -> None:
    """`clock="record"`: each record is judged at its own time, what falls due in between is done."""
    with opened(playbook=playbook, now=VirtualClock("2027-01-01T00:00:00Z")) as flow:
        flow.ingest(history, clock="record")
        flow.tick()
        assert invariants(flow) == []
