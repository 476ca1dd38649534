"""Time does the same in one stride as in many."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.engine.flow import Flow
from leadflow.testing import VirtualClock, contents, histories, invariants

LAW = settings(max_examples=25, deadline=None)
START = "2026-01-15T12:00:00Z"


def _held(flow: Flow) -> Any:
    """Everything but the order of the log: one late tick writes in one go what many write one by one."""
    held = contents(flow)
    for row in held["decision"].values():
        row.pop("seq")
    return held


@LAW
@given(
    history=histories(max_size=8),
    days=st.lists(st.sampled_from([1, 2, 3, 29, 30, 31, 59, 89, 90, 91, 179]), min_size=1, max_size=4),
)
def test_many_ticks_do_what_one_does(opened: Any, history: list[Any], days: list[int]) -> None:
    """House law, D41: for the shipped rules `tick(t1); tick(t2) == tick(t2)`: the same state and the same decisions."""
    found = []
    for stops in (sorted(days), [max(days)]):
        clock = VirtualClock(START)
        with opened(now=clock) as flow:
            flow.ingest(history)
            for day in stops:
                clock.set(START)
                clock.advance(f"{day}d")
                flow.tick()
            assert invariants(flow) == []
            found.append(_held(flow))
            # C32: the same tick again, by whoever, does nothing.
            assert flow.tick() == 0
            assert _held(flow) == found[-1]
    assert found[0] == found[1]


@LAW
@given(history=histories(max_size=8, with_commands=False))
def test_nothing_is_due_before_its_time(opened: Any, history: list[Any]) -> None:
    """A tick at the moment of the last input finds nothing that is due later."""
    clock = VirtualClock(START)
    with opened(now=clock) as flow:
        flow.ingest(history)
        flow.tick()
        before = contents(flow)
        upcoming = [row["valid_until_us"] for row in before["score"].values() if row.get("valid_until_us") is not None]
        if upcoming:
            clock.set(min(upcoming) - 1)
            held = _held(flow)["score"]
            flow.tick()
            assert _held(flow)["score"] == held
