"""Clocks that jump and times that cannot be. reliability.md D35, D36, D39 to D42."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadflow.errors import InvalidValueError
from leadflow.model.time import HOUR_US, parse_instant, to_datetime
from leadflow.testing import VirtualClock, contents, invariants

START = "2026-01-15T12:00:00Z"
READY = {"email": "ana@kos.example", "company": "Kos d.o.o.", "job_level": "manager", "employees": "120"}


def clicked(key: str, at: Any = None) -> dict[str, Any]:
    return {"type": "interaction", "id": key, "kind": "email.clicked", "contact": {"email": READY["email"]}, "at": at}


def test_clock_back_two_hours(opened: Any) -> None:
    """D35: nothing is repeated, nothing goes negative, and what comes in meanwhile counts."""
    clock = VirtualClock(START)
    with opened(now=clock) as flow:
        flow.submit("demo-request", READY, key="s-1")
        clock.back("2h")
        before = contents(flow)
        assert flow.tick() == 0
        assert flow.submit("demo-request", READY, key="s-1").status == "repeated"
        assert contents(flow) == before
        assert flow.ingest([clicked("i-1")])["accepted"] == 1
        assert invariants(flow) == []
        lead = flow.leads()[0].lead
        assert lead.updated_at >= lead.created_at
        clock.advance("2h")
        flow.tick()
        assert invariants(flow) == []


def test_clock_forward_ten_years(opened: Any) -> None:
    """D36: windows end and service levels are missed, each once; one tick, no burst, and the next finds nothing."""
    clock = VirtualClock(START)
    with opened(now=clock) as flow:
        for n in range(10):
            flow.submit("demo-request", {**READY, "email": f"p{n}@x{n}.example"}, key=f"s-{n}")
        told = Counter(row["recipient"] for row in contents(flow)["outbox"].values())
        clock.advance("10y")
        assert flow.tick() > 0
        held = contents(flow)
        messages = Counter((row["subject"], row["template"]) for row in held["outbox"].values())
        assert set(messages.values()) == {1}
        assert sum(messages.values()) <= 2 * sum(told.values())
        assert flow.tick() == 0
        assert invariants(flow) == []
        # Each thing is judged at the moment it became due, not ten years later.
        missed = [row["at_us"] for row in held["decision"].values() if row["type"] == "deadline_missed"]
        assert set(missed) == {parse_instant(START) + 2 * 86_400_000_000}


@pytest.mark.parametrize("naive", [datetime(2026, 1, 15, 12), "2026-01-15T12:00:00", "2026-01-15"])  # noqa: DTZ001
def test_a_naive_time_is_refused_not_guessed(opened: Any, naive: Any) -> None:
    """D39: at every door, with the field's name."""
    with opened() as flow:
        before = contents(flow)
        doors = [
            lambda: flow.do(clicked("i-1", naive)),
            lambda: flow.submit("newsletter", {"email": READY["email"]}, key="s-1", at=naive),
            lambda: flow.tick(naive),
            lambda: flow.leads(since=naive),
        ]
        for door in doors:
            with pytest.raises(InvalidValueError) as caught:
                door()
            assert caught.value.code == "naive_datetime"
            assert "time zone" in str(caught.value)
        assert contents(flow) == before


@pytest.mark.parametrize(
    "odd",
    [
        "0001-01-01T00:00:00+00:00",
        "1969-07-20T20:17:00+00:00",
        "9999-12-31T23:59:59+00:00",
        "2016-12-31T23:59:60+00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        1_700_000_000,
        1_700_000_000_000,
        1.7e9,
        True,
        "1700000000",
        "",
        "24:00",
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
)
def test_odd_times_are_taken_or_refused_with_the_field_named(opened: Any, odd: Any) -> None:
    """D40: never a crash, never a guess between seconds and milliseconds."""
    clock = VirtualClock(START)
    with opened(now=clock) as flow:
        before = contents(flow)
        (status,) = (ingested := flow.ingest([clicked("i-1", odd)])).counts
        if status == "invalid":
            assert ": at: " in ingested.problems[0][3]
            assert contents(flow) == before
        else:
            assert status == "accepted"
            kept = to_datetime(contents(flow)["input"]["i-1"]["at_us"])
            assert datetime(1900, 1, 1, tzinfo=UTC) <= kept <= clock.at
        flow.tick()
        assert invariants(flow) == []


def test_a_time_in_the_future_is_kept_and_counts_from_now(opened: Any) -> None:
    """D42: a provider whose clock is ahead loses nothing and gains nothing; the order is that of receipt."""
    clock = VirtualClock(START)
    ahead = (clock.at + timedelta(days=400)).isoformat()
    with opened(now=clock) as flow:
        assert flow.do(clicked("i-1", ahead)).status == "accepted"
        kept = contents(flow)["input"]["i-1"]
        assert kept["at_us"] == kept["received_us"] == clock()
        points = flow.leads() or contents(flow)["score"]
        assert points
        clock.advance("61d")
        flow.tick()
        (score,) = contents(flow)["score"].values()
        # It has left its window of 60 days like any other click.
        assert score.get("points", 0) == 0
        assert invariants(flow) == []


def test_a_time_five_years_ago_is_kept_in_its_place(opened: Any) -> None:
    """D42: old news is history, not news."""
    clock = VirtualClock(START)
    with opened(now=clock) as flow:
        flow.do(clicked("i-1", "2021-01-15T12:00:00Z"))
        kept = contents(flow)["input"]["i-1"]
        assert (kept["at_us"], kept["received_us"]) == (parse_instant("2021-01-15T12:00:00Z"), clock())
        (score,) = contents(flow)["score"].values()
        assert score.get("points", 0) == -20
        assert invariants(flow) == []


def test_a_machine_asleep_for_three_days(opened: Any) -> None:
    """D41: what was missed is decided as if it had been awake, in the order in which it fell due."""
    found = []
    for stops in (["1d", "1d", "1d"], ["3d"]):
        clock = VirtualClock(START)
        with opened(now=clock) as flow:
            flow.submit("demo-request", READY, key="s-1")
            for stop in stops:
                clock.advance(stop)
                flow.tick()
            found.append(contents(flow))
    assert found[0] == found[1]


AHEAD = [
    {"type": "submission", "form": "newsletter", "fields": {"email": "ana@kos.example"}},
    {"type": "submission", "form": "newsletter", "fields": {}},
    {"type": "interaction", "kind": "page.visited", "contact": {"email": "ana@kos.example"}},
    {"type": "interaction", "kind": "page.visited", "visitor": "ck-1"},
    {"type": "order", "contact": {"email": "ana@kos.example"}, "currency": "EUR"},
    {"type": "opportunity", "id": "d-1", "contact": {"email": "ana@kos.example"}, "status": "open"},
    {"type": "contact", "email": "ana@kos.example"},
    {"type": "deactivate_user", "user": "ana"},
]


@pytest.mark.parametrize("clock", ["receipt", "record"])
@pytest.mark.parametrize("record", AHEAD, ids=lambda record: str(record["type"]))
def test_a_moment_still_to_come_is_judged_at_receipt_and_told(opened: Any, record: dict[str, Any], clock: str) -> None:
    """D42: stored, ordered by our receipt, flagged; what it said of itself is not lost."""
    now = VirtualClock("2026-01-15T12:00:00Z")
    record = {"id": "k", **record, "key": "k", "at": "2026-01-15T14:00:00Z"}
    with opened(now=now) as flow:
        assert flow.preview(record).one().ahead_us == 2 * HOUR_US
        assert flow.ingest([record], clock=clock).total == 1
        result = flow.do(record).one()
        assert (result.status, result.ahead_us) == ("repeated", 2 * HOUR_US)
        explained = flow.explain("k")
        assert (explained.fields["at_at"], explained.fields["told_at"]) == (
            "2026-01-15T12:00:00+00:00",
            "2026-01-15T14:00:00+00:00",
        )
        flow.replay(flow.playbook)
        assert invariants(flow) == []
