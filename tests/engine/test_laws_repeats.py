"""The same input again changes nothing, the same key with another body is a conflict, a preview decides what doing does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings

from leadflow.errors import InvalidInputError
from leadflow.testing import VirtualClock, contents, entries, histories, interactions, orders, submissions

LAW = settings(max_examples=25, deadline=None)
NEVER_KEPT = ("invalid", "refused", "conflict")


@LAW
@given(history=histories(max_size=10, with_commands=False))
def test_the_same_history_again_changes_nothing(opened: Any, history: list[Any]) -> None:
    """House law, F59, G74: every record that was kept is "repeated", and the store stays as it is."""
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        first = {}
        for record in history:
            (status,) = flow.ingest([record]).counts
            first.setdefault(record.get("key") or record["id"], (record, status))
        before = contents(flow)
        for record, status in first.values():
            assume(status != "failed" or record["type"] != "interaction")
            assert flow.ingest([record]).counts == {("repeated" if status not in NEVER_KEPT else status): 1}
        assert contents(flow) == before


@LAW
@given(record=submissions(forms=["demo-request", "newsletter"]), other=submissions())
def test_the_same_key_with_another_body_is_a_conflict(opened: Any, record: Any, other: Any) -> None:
    """Stripe's rule: nothing is done under a key that stands for something else, and the caller is told which key."""
    other = {**other, "key": record["key"]}
    assume((other["form"], other["fields"]) != (record["form"], record["fields"]))
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        flow.do(record)
        before = contents(flow)
        result = flow.do(other).one()
        assert (result.key, result.status) == (record["key"], "conflict")
        assert contents(flow) == before
        with pytest.raises(InvalidInputError) as caught:
            result.unwrap()
        assert (caught.value.code, record["key"] in str(caught.value)) == ("key_conflict", True)


@LAW
@given(history=histories(min_size=1, max_size=9))
def test_a_preview_decides_what_doing_decides_and_writes_nothing(opened: Any, history: list[Any]) -> None:
    """House law: preview == do, decision by decision, with the ids that will be."""
    *before, last = history
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        flow.ingest(before)
        held = contents(flow)
        try:
            previewed = flow.preview(last)
        except InvalidInputError:
            assume(False)
        assert contents(flow) == held
        assert flow.do(last) == previewed


@LAW
@given(first=submissions(), second=interactions(), third=entries(), fourth=orders())
def test_one_call_with_many_commands_is_one_preview(
    opened: Any, first: Any, second: Any, third: Any, fourth: Any
) -> None:
    """Several commands in one transaction see each other, in a preview too."""
    commands = (first, second, third, fourth)
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        before = contents(flow)
        previewed = flow.preview(*commands)
        assert contents(flow) == before
        assert flow.do(*commands) == previewed
