"""Service levels: rule 105 as laws, rule 117 as examples."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.assignment.rules import Queue, Schedule, Sla
from leadflow.assignment.sla import Action, alarm_us, deadline, may_claim, next_step
from leadflow.errors import InvalidValueError
from leadflow.model.time import HOUR_US

breaches = st.sampled_from(("alert", "reassign", "queue"))
instants = st.integers(0, 10**6)
users = st.sets(st.sampled_from(("a", "b", "c")))


def sla(**more: object) -> Sla:
    return Sla(**{"name": "first call", "within": "60min", "queue": "managers", **more})  # type: ignore[arg-type]


def at(text: str) -> int:
    return instant_at(text)


def instant_at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Ljubljana")).timestamp()) * 10**6


# -- laws -------------------------------------------------------------------------------------------------


@given(breaches, instants, instants, st.integers(0, 5), users, st.booleans(), st.booleans())
def test_what_is_met_or_acted_on_stops_whenever_it_happens(
    breach: str, due: int, now: int, hops: int, former: set[str], is_met: bool, acted: bool
) -> None:
    """Rule 105: any criterion met after the breach stops later steps; an explicit owner action cancels."""
    action = next_step(
        sla(on_breach=breach),
        due_us=due,
        now_us=now,
        hops=hops,
        former_owners=former,
        is_met=is_met,
        has_owner_acted=acted,
    )
    assert (action.kind == "stop") == (is_met or acted)
    assert (action.kind == "wait") == (not is_met and not acted and now < due)


@given(st.integers(1, 5), users)
def test_reassigning_ends_in_the_managers_queue_after_max_hops(max_hops: int, former: set[str]) -> None:
    rule, hops, kinds = sla(on_breach="reassign", max_hops=max_hops), 0, []
    for _ in range(max_hops + 2):
        action = next_step(rule, due_us=0, now_us=0, hops=hops, former_owners=former)
        kinds.append(action.kind)
        assert action.former_owners == tuple(sorted(former))
        hops = action.hops
    assert kinds == ["reassign"] * max_hops + ["queue"] * 2
    assert hops == max_hops


@given(instants, st.sampled_from(("always", "working")))
def test_a_later_start_is_never_due_earlier(start: int, clock: str) -> None:
    office = Schedule(name="office", week={"mon-fri": ("09:00-18:00",)})
    rule = sla(clock=clock, schedule="office")
    first, later = deadline(rule, office, start * 10**6), deadline(rule, office, start * 10**6 + HOUR_US)
    assert first is not None
    assert later is not None
    assert start * 10**6 + HOUR_US <= first <= later


# -- examples ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "holidays", "due"),
    [
        ("working", (), "2026-11-23T09:30"),
        ("always", (), "2026-11-20T18:30"),
        ("working", ("2026-11-23",), "2026-11-24T09:30"),
    ],
)
def test_rule_117(clock: str, holidays: tuple[str, ...], due: str) -> None:
    office = Schedule(
        name="office", time_zone="Europe/Ljubljana", week={"mon-fri": ("09:00-18:00",)}, holidays=holidays
    )
    assert deadline(sla(clock=clock, schedule="office"), office, at("2026-11-20T17:30")) == at(due)


def test_what_follows_a_breach() -> None:
    alert = next_step(sla(on_breach="alert", pause_owner=True), due_us=5, now_us=5, former_owners=["b"])
    assert alert == Action(kind="alert", reason="missed", pauses_owner=True)
    queue = next_step(sla(on_breach="queue"), due_us=5, now_us=6, former_owners=["b", "a"])
    assert queue == Action(kind="queue", reason="missed", former_owners=("a", "b"), queue="managers")
    last = next_step(sla(on_breach="reassign", max_hops=2), due_us=5, now_us=6, hops=2)
    assert (last.kind, last.reason, last.queue) == ("queue", "max_hops", "managers")
    wait = next_step(sla(), due_us=7, now_us=6)
    assert wait == Action(kind="wait", reason="not_due", at_us=7)


def test_a_schedule_that_never_opens_is_never_due() -> None:
    due = deadline(sla(clock="working", schedule="never"), Schedule(name="never"), 0)
    assert due is None
    assert next_step(sla(), due_us=due, now_us=2**50).kind == "wait"


def test_a_working_clock_without_hours_is_an_error() -> None:
    with pytest.raises(InvalidValueError, match="office"):
        deadline(sla(clock="working", schedule="office"), None, 0)


def test_rule_104_queues() -> None:
    """Unclaimed age alarms; members may claim."""
    assert alarm_us(Queue(name="q", alarm_after="4h"), 7) == 7 + 4 * HOUR_US
    assert alarm_us(Queue(name="q"), 7) is None
    assert may_claim(Queue(name="q", members=("ana",)), "ana")
    assert not may_claim(Queue(name="q", members=("ana",)), "bo")
    assert may_claim(Queue(name="q"), "bo")
