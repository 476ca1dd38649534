"""How records are cut into batches decides nothing: of 1, of 3, of 1,000; and one bad record harms no other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.engine.flow import Flow
from leadflow.testing import VirtualClock, contents, histories, invariants, submissions

LAW = settings(max_examples=40, deadline=None)


def told(flow: Flow, history: list[Any], **how: Any) -> tuple[Any, Any]:
    """What an ingest answered, and what is stored after it."""
    counts = flow.ingest(history, **how).counts
    return dict(sorted(counts.items())), contents(flow)


@LAW
@given(history=histories(max_size=12))
def test_batches_of_1_and_of_1000_decide_the_same(opened: Any, history: list[Any]) -> None:
    """House law: the same decisions under the same ids in the same order, and the same rows to the last version."""
    answers = []
    for size in (1, 3, 1000):
        with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
            answers.append(told(flow, history, batch_size=size))
    assert answers[0] == answers[1] == answers[2]


@LAW
@given(history=histories(max_size=12))
def test_repeats_within_a_batch_are_seen(opened: Any, history: list[Any]) -> None:
    """The same key twice in one batch is a repeat or a conflict, as it is in two."""
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        one_by_one, _ = told(flow, history, batch_size=1)
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        together, _ = told(flow, history)
        assert invariants(flow) == []
    assert together == one_by_one


@LAW
@given(history=histories(max_size=10))
def test_history_decides_the_same_in_any_batch_size(opened: Any, history: list[Any]) -> None:
    """`clock="record"`: timers that fall due in between fire at their moment in any batch size, late records or not."""
    history = [{"at": "2026-01-15T12:00:00+00:00", **record} for record in history]
    answers = []
    for size in (1, 4, 1000):
        with opened(now=VirtualClock("2027-01-01T00:00:00Z")) as flow:
            answers.append(told(flow, history, clock="record", batch_size=size))
    assert answers[0] == answers[1] == answers[2]


UNREADABLE = [
    None,
    "text",
    [],
    {},
    {"type": "no-such-type", "key": "x"},
    {"type": "interaction", "id": "x"},
    {"type": "interaction", "id": "", "kind": "page.visited"},
    {"type": "interaction", "id": "x" * 300, "kind": "page.visited"},
    {"type": "interaction", "id": "x", "kind": "page.visited", "at": "yesterday"},
    {"type": "interaction", "id": "x", "kind": "page.visited", "at": 1700000000},
    {"type": "submission", "key": "x", "form": "demo-request", "fields": ["email"]},
    {"type": "submission", "key": "x", "form": 7},
    {"type": "order", "id": "x", "lines": "two"},
    {"type": "set_flag", "key": "x", "no_such_field": 1},
    {"type": "set_flag", "key": "x"},
]
REFUSED = [
    {"type": "set_flag", "key": "r-1", "lead": "l_nobody", "flag": "sales_ready", "value": True},
    {"type": "advance", "key": "r-2", "lead": "l_nobody"},
    {"type": "merge", "key": "r-3", "winner": "c_a", "loser": "c_a"},
    {"type": "identify", "key": "r-4", "visitor": "ck-1", "contact": "c_nobody"},
]


@LAW
@given(
    history=st.lists(submissions(), min_size=1, max_size=6),
    bad=st.lists(st.tuples(st.sampled_from([*UNREADABLE, *REFUSED]), st.integers(0, 6)), min_size=1, max_size=4),
)
def test_a_refused_or_unreadable_record_changes_nothing_for_the_others(
    opened: Any, history: list[Any], bad: list[tuple[Any, int]]
) -> None:
    """F61, house: a poisoned record is refused alone, the rest of the batch commits."""
    mixed: list[Any] = list(history)
    for record, position in bad:
        mixed.insert(min(position, len(mixed)), record)
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        flow.ingest(history)
        alone = contents(flow)
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        ingested = flow.ingest(mixed)
        assert contents(flow) == alone
        assert ingested["invalid"] + ingested["refused"] == len(bad)
        assert len([problem for problem in ingested.problems if problem[2] in ("invalid", "refused")]) == len(bad)


@pytest.mark.parametrize("record", UNREADABLE)
def test_an_unreadable_record_is_told_with_its_place(opened: Any, record: Any) -> None:
    """Clear error: which record, and what is wrong with it."""
    good = {"type": "submission", "key": "ok", "form": "newsletter", "fields": {"email": "ana@kos.example"}}
    with opened() as flow:
        ingested = flow.ingest([good, record])
    assert ingested.counts == {"accepted": 1, "invalid": 1}
    position, _, status, why = ingested.problems[0]
    assert (position, status) == (1, "invalid")
    assert why
