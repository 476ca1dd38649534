"""What the laws found once, kept small: each of these broke, and must not again."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from leadflow.errors import ExpressionError
from leadflow.ports.store import Scan
from leadflow.testing import VirtualClock, invariants

START = "2026-01-15T12:00:00Z"
ANA = {"email": "ana@kos.example", "company": "Kos d.o.o.", "job_level": "manager", "employees": "120"}


def demo(key: str, email: str = "ana@kos.example", **more: Any) -> dict[str, Any]:
    return {"type": "submission", "key": key, "form": "demo-request", "fields": {**ANA, "email": email}, **more}


def seen(key: str, kind: str = "email.opened", **more: Any) -> dict[str, Any]:
    return {"type": "interaction", "id": key, "kind": kind, **more}


def test_anonymous_behaviour_counts_after_identification(opened: Any) -> None:
    """A visitor whose alias has just been made is not new: there are inputs under its id."""
    with opened(now=VirtualClock(START)) as flow:
        flow.ingest([seen("i-1", visitor="ck-1")])
        flow.ingest([demo("s-1", visitor="ck-1")])
        assert invariants(flow) == []


def test_the_losers_behaviour_counts_after_a_merge(opened: Any) -> None:
    """The same for the loser of a merge, who has an alias from then on."""
    with opened(now=VirtualClock(START)) as flow:
        winner, loser = flow.do(demo("s-1")).contact, flow.do(demo("s-2", "bo@kos.example")).contact
        flow.ingest([seen("i-1", "email.clicked", contact={"email": "bo@kos.example"})])
        assert flow.do({"type": "merge", "key": "m-1", "winner": winner, "loser": loser}).status == "accepted"
        assert invariants(flow) == []


def test_the_input_that_made_a_contact_is_found_again_in_its_batch(opened: Any) -> None:
    """An input is kept a moment before the contact that it makes."""
    history = [
        seen("i-1", "event.attended", contact={"email": "bo@kos.example"}),
        seen("i-2", "webinar.left", visitor="ck-3"),
        seen("i-3", "event.attended", contact={"email": "bo@kos.example"}, visitor="ck-3"),
    ]
    with opened(now=VirtualClock(START)) as flow:
        flow.ingest(history)
        assert invariants(flow) == []


def test_a_clock_that_went_back_does_not_stop_the_tick_for_ever(opened: Any) -> None:
    """D35: the same timer is set again, and what it decides then has ids of its own."""
    clock = VirtualClock(START)
    with opened(now=clock) as flow:
        flow.do(demo("s-1"))
        clock.advance("91d")
        assert flow.tick() > 0
        clock.back("2d")
        flow.ingest([seen("i-1", contact={"email": "ana@kos.example"})])
        clock.advance("3d")
        flow.tick()
        assert invariants(flow) == []


def test_history_out_of_order_goes_in(opened: Any) -> None:
    """The same in `clock="record"`: late records are not a reason to stop the import."""
    history = [
        {**demo("s-1"), "at": "2025-10-01T00:00:00Z"},
        seen("i-1", at="2026-01-14T00:00:00Z", contact={"email": "ana@kos.example"}),
        seen("i-2", at="2025-12-01T00:00:00Z", contact={"email": "ana@kos.example"}),
        seen("i-3", at="2026-01-14T00:00:00Z", contact={"email": "ana@kos.example"}),
    ]
    with opened(now=VirtualClock("2027-01-01T00:00:00Z")) as flow:
        for record in history:
            flow.ingest([record], clock="record")
        assert invariants(flow) == []


def test_planning_again_forgets_what_was_learnt_meanwhile(opened: Any) -> None:
    """F14: a batch that is planned again, in order, does not find rows of the first try."""
    with opened(now=VirtualClock(START)) as flow:
        contact = flow.do(demo("s-1")).contact
        done = flow.ingest(
            [{"type": "identify", "key": "p-1", "visitor": "ck-1", "contact": contact}, seen("i-1", visitor="ck-1")]
        )
        assert done.counts == {"accepted": 2}
        assert invariants(flow) == []


def test_a_step_is_answered_as_its_field_is_typed(opened: Any) -> None:
    """A yes/no step took 5: the stores then told different leads."""
    with opened(now=VirtualClock(START)) as flow:
        lead = flow.do(demo("s-1")).lead
        answer = {"type": "set_step", "lead": lead, "step": "sales_ready"}
        result = flow.do({**answer, "key": "p-1", "value": 5}).one()
        assert result.refusal is not None
        assert result.refusal.code == "invalid_boolean"
        assert flow.do({**answer, "key": "p-2", "value": "yes"}).is_ok
        assert flow.leads(where="lead.sales_ready")[0].lead.id == lead
        assert invariants(flow) == []


def test_an_unmerged_lead_is_in_the_state_it_had(opened: Any) -> None:
    """A qualified lead came back open."""
    with opened(now=VirtualClock(START)) as flow:
        flow.ingest(
            [
                demo("s-1"),
                {"type": "opportunity", "id": "d-1", "contact": {"email": ANA["email"]}, "status": "open"},
                demo("s-2"),
            ]
        )
        before = {listed.lead.id: listed.lead.state for listed in flow.leads()}
        assert sorted(before.values()) == ["open", "qualified"]
        for key, (winner, loser) in enumerate((tuple(before), tuple(reversed(before)))):
            assert flow.do({"type": "merge", "key": f"m-{key}", "winner": winner, "loser": loser}).is_ok
            assert flow.do({"type": "unmerge", "key": f"u-{key}", "loser": loser}).is_ok
            assert {listed.lead.id: listed.lead.state for listed in flow.leads()} == before


def test_positions_are_those_of_what_was_handed_over(opened: Any) -> None:
    """F7: an unreadable record counts as one, whatever comes after it."""
    records = [None, demo("s-1"), {"type": "advance", "key": "p-1", "lead": "l_nobody"}, "text", demo("s-2", "no")]
    with opened(now=VirtualClock(START)) as flow:
        assert [problem[0] for problem in flow.ingest(records).problems] == [0, 2, 3, 4]


def test_a_key_that_was_refused_first_is_received_when_it_is_taken(opened: Any) -> None:
    """The order of receipt is that of what was taken, in one batch as in three."""
    records = [
        {"type": "advance", "key": "k", "lead": "l_nobody"},
        seen("i-1", contact={"email": "ana@kos.example"}),
        seen("k", contact={"email": "bo@kos.example"}),
    ]
    for size in (1, 1000):
        with opened(now=VirtualClock(START)) as flow:
            flow.ingest(records, batch_size=size)
            assert [kept.id for kept in flow.store.scan(Scan(table="input", order="seq"))] == ["i-1", "k"]


ADDRESSES = [
    " Ana@KOS.example ",
    "ana@kos.example",
    "Ana@bücher.example",
    "ana@xn--bcher-kva.example",
    "a@kos.example\u200b",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_read_alike_wherever_it_comes_from(opened: Any, address: str) -> None:
    """An interaction's contact had its address as it was typed, an order's and a form's as it is sent to."""
    reference = {"email": address}
    kept = set()
    for record in (
        {"type": "submission", "key": "k", "form": "newsletter", "fields": reference},
        {"type": "contact", "key": "k", "contact": reference},
        {"type": "order", "id": "k", "contact": reference},
        {"type": "opportunity", "id": "k", "contact": reference},
        seen("k", contact=reference),
    ):
        with opened(now=VirtualClock(START)) as flow:
            assert flow.do(record).status == "accepted"
            kept |= {contact.email for contact in flow.store.scan(Scan(table="contact"))}
            assert invariants(flow) == []
    assert len(kept) == 1


def test_an_earlier_identification_that_comes_late_stands(opened: Any) -> None:
    """What a shared cookie did goes to whom it belonged first, whatever was received first; by hand nothing moves."""
    with opened(now=VirtualClock(START)) as flow:
        flow.ingest([seen("i-1", "event.attended", at="2026-01-10T00:00:00Z", visitor="ck-1")])
        bo = flow.do(demo("s-1", "bo@kos.example", at="2026-01-12T00:00:00Z", visitor="ck-1")).contact
        with_it = flow.score_at(str(bo), START, model="interest")
        ana = flow.do(demo("s-2", "ana@nova.example", at="2026-01-11T00:00:00Z", visitor="ck-1")).contact
        without, now_hers = (flow.score_at(str(id_), START, model="interest") for id_ in (bo, ana))
        assert (now_hers, without is not None and without < (with_it or 0)) == (with_it, True)
        by_hand = {"type": "identify", "key": "p-1", "visitor": "ck-1", "contact": bo}
        assert flow.do(by_hand).one().refusal.code == "visitor_known"
        assert flow.do({**by_hand, "at": "2026-01-09T00:00:00Z"}).status == "accepted"
        assert flow.score_at(str(bo), START, model="interest") == with_it
        assert invariants(flow) == []


def test_one_command_leaves_one_grade_decision(opened: Any) -> None:
    """What somebody is and what he did with the same form crossed two grades, and the log told both."""
    with opened(now=VirtualClock(START)) as flow:
        for number, key in enumerate(("s-1", "s-2", "s-3")):
            flow.do(demo(key, f"p{number}@kos.example"))
        crossed = Counter(
            (recorded.command, recorded.decision.subject, recorded.decision.model)
            for recorded in flow.store.scan(Scan(table="decision", where=(("type", "=", "grade_changed"),)))
        )
        assert set(crossed.values()) == {1}
        for listed in flow.leads():
            (last,) = [
                recorded.decision
                for recorded in flow.explain(listed.lead.id).decisions
                if recorded.type == "grade_changed" and recorded.decision.model == "interest"
            ]
            assert (last.before, last.after) == (None, listed.grades["interest"])
        assert invariants(flow) == []


@pytest.mark.parametrize(
    ("where", "hint"),
    [
        ('score("interst") > 5', "interest"),
        ('lead.stage == "inqiry"', "inquiry"),
        ('lead.state == "opened"', "open"),
    ],
)
def test_asking_for_what_is_not_there_is_told(opened: Any, where: str, hint: str) -> None:
    """A slip in a model's name gave an empty list, as if nobody scored."""
    with opened(now=VirtualClock(START)) as flow:
        flow.ingest([demo("s-1")])
        with pytest.raises(ExpressionError, match=hint):
            flow.leads(where=where)
