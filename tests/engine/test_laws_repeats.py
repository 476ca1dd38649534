"""The same input again changes nothing, the same key with another body is a conflict, a preview decides what doing does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leadflow.errors import InvalidInputError
from leadflow.testing import (
    VirtualClock,
    contents,
    deals,
    entries,
    histories,
    interactions,
    orders,
    submissions,
)

LAW = settings(max_examples=30, deadline=None)
NEVER_KEPT = ("invalid", "refused", "conflict")


@LAW
@given(history=histories(max_size=10))
def test_the_same_history_again_changes_nothing(opened: Any, history: list[Any]) -> None:
    """House law, F59, G74: every record that was kept is "repeated", and the store stays as it is.

    What was not kept has left no trace, so that it is judged anew: a lead that did not exist may exist now.
    """
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        kept = {}
        for record in history:
            (status,) = flow.ingest([record]).counts
            if status not in NEVER_KEPT:
                kept.setdefault(
                    record.get("key") or f"{record['id']} {record.get('status')} {record.get('at')}", record
                )
        before = contents(flow)
        for record in kept.values():
            assert flow.ingest([record]).counts == {"repeated": 1}
        assert contents(flow) == before


PAIRS = {
    "submission": (submissions(), ("form", "fields")),
    "interaction": (interactions(), ("kind", "contact", "properties")),
    "order": (orders(), ("contact", "currency", "lines")),
    "opportunity": (deals(), ("lead", "contact", "status", "amount", "currency")),
    "contact": (entries(), ("contact", "account", "lead")),
}
"""Records of each kind, and what of them is their body."""


def _body(record: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
    return [record.get(name) or None for name in names]


@pytest.mark.parametrize("kind", sorted(PAIRS))
@LAW
@given(data=st.data())
def test_the_same_key_with_another_body_is_a_conflict(opened: Any, kind: str, data: st.DataObject) -> None:
    """Stripe's rule: nothing is done under a key that stands for something else, and the caller is told which key."""
    records, names = PAIRS[kind]
    record, other = ({**data.draw(records), "key": "k", "id": "d-1"} for _ in range(2))
    if kind != "opportunity":
        del record["id"], other["id"]
    with opened(now=VirtualClock("2026-01-15T12:00:00Z")) as flow:
        assume(flow.do(record).one().status not in NEVER_KEPT)
        before = contents(flow)
        result = flow.do(other).one()
        assert contents(flow) == before
        if _body(record, names) == _body(other, names):
            # A record that is there and says nothing is not quite one that is not there.
            is_same = all(record.get(name) == other.get(name) for name in names)
            assert result.status in (("repeated",) if is_same else ("repeated", "conflict"))
            return
        assert (result.key, result.status) == ("k", "conflict")
        with pytest.raises(InvalidInputError) as caught:
            result.unwrap()
        assert (caught.value.code, "'k'" in str(caught.value)) == ("key_conflict", True)


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
