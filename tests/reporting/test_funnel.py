"""Figures of a funnel: laws over any ways, then examples with numbers reckoned by hand."""

from __future__ import annotations

import importlib.util
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.reporting import Funnel, Way, funnel, ratio
from leadflow.reporting.funnel import MAX_GROUPS, OTHER

calm = settings(deadline=None, max_examples=60)

_spec = importlib.util.spec_from_file_location("reporting_ways", Path(__file__).with_name("ways.py"))
assert _spec is not None
assert _spec.loader is not None
_ways = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_ways)
STAGES, ways = _ways.STAGES, _ways.ways

DAY = 86_400_000_000
many = st.lists(ways(), max_size=30)


def made(found: list[Way], **options: object) -> Funnel:
    return funnel("marketing", STAGES, found, **options)  # type: ignore[arg-type]


@calm
@given(many)
def test_every_lead_is_somewhere_and_no_stage_is_reached_by_more_than_the_one_before(found: list[Way]) -> None:
    figures = made(found, now_us=400 * DAY)
    reached = [stage.reached for stage in figures.stages]
    assert figures.started == len(found) == reached[0]
    assert reached == sorted(reached, reverse=True)
    active = sum(1 for way in found if way.status == "active")
    assert sum(stage.now_in for stage in figures.stages) == active
    for stage in figures.stages:
        assert stage.now_in <= stage.entered <= stage.reached
        assert stage.completed <= stage.entered
        assert stage.skipped + stage.completed <= stage.reached
        assert (stage.waiting_us is None) == (stage.now_in == 0)


@calm
@given(many)
def test_a_share_is_between_0_and_1_and_none_when_there_is_nothing_to_share(found: list[Way]) -> None:
    figures = made(found)
    for before, stage in zip((None, *figures.stages), figures.stages, strict=False):
        base = figures.started if before is None else before.reached
        assert stage.from_previous == (stage.reached / base if base else None)
        assert stage.from_start == (stage.reached / figures.started if found else None)


@calm
@given(many, st.randoms())
def test_the_order_in_which_ways_come_makes_no_difference(found: list[Way], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert made(found, by="source").to_plain() == made(shuffled, by="source").to_plain()


@calm
@given(many)
def test_groups_add_up_to_the_whole(found: list[Way]) -> None:
    figures = made(found, by="source")
    assert sum(group.started for group in figures.groups) == figures.started
    for place, stage in enumerate(figures.stages):
        for name in ("reached", "entered", "completed", "skipped", "now_in"):
            assert sum(getattr(group.stages[place], name) for group in figures.groups) == getattr(stage, name)
    if figures.won is not None:
        assert sum(group.won or 0 for group in figures.groups) == figures.won
    alone = {group.name: group for group in figures.groups}
    for name in {way.group for way in found}:
        mine = made([way for way in found if way.group == name])
        assert alone[name or "(none)"].stages == mine.stages


@calm
@given(many)
def test_what_it_says_can_stand_in_json(found: list[Way]) -> None:
    plain = made(found, by="source", now_us=400 * DAY).to_plain()
    assert json.loads(json.dumps(plain)) == plain


def test_skipped_is_not_completed() -> None:
    """S003-20: sales-ready skips the teleprospecting stages; nobody was in them, nobody completed them."""
    visits = (
        ("new", 0, 0, "automatic"),
        ("nurture", 0, 3 * DAY, "automatic"),
        ("call", 3 * DAY, 3 * DAY, "skipped"),
        ("sales", 3 * DAY, None, None),
    )
    _, nurture, call, sales = made([Way(visits)]).stages
    assert (nurture.completed, nurture.skipped, nurture.median_us) == (1, 0, 3 * DAY)
    assert (call.reached, call.entered, call.completed, call.skipped, call.median_us) == (1, 0, 0, 1, None)
    assert (sales.reached, sales.now_in) == (1, 1)


def test_a_stage_left_by_hand_with_skip_was_entered_and_is_skipped() -> None:
    way = Way((("new", 0, DAY, "skipped"), ("nurture", DAY, None, None)))
    new = made([way]).stages[0]
    assert (new.entered, new.completed, new.skipped, new.median_us) == (1, 0, 1, DAY)


def test_time_in_a_stage_adds_up_over_all_visits() -> None:
    way = Way(
        (
            ("new", 0, DAY, "completed"),
            ("nurture", DAY, 3 * DAY, "back"),
            ("new", 3 * DAY, 7 * DAY, "completed"),
            ("nurture", 7 * DAY, None, None),
        )
    )
    new, nurture = made([way], now_us=10 * DAY).stages[:2]
    assert (new.entered, new.completed, new.median_us) == (1, 1, 5 * DAY)
    assert (nurture.now_in, nurture.waiting_us) == (1, 3 * DAY)


def test_conversion_time_and_won_of_a_small_funnel() -> None:
    found = [
        *[Way((("new", 0, days * DAY, "completed"), ("nurture", days * DAY, None, None))) for days in range(1, 11)],
        *[Way((("new", 0, None, None),)) for _ in range(6)],
        Way((("new", 0, 1, "completed"), ("nurture", 1, 2, "completed"), ("call", 2, 3, "completed"),
             ("sales", 3, 4, "completed")), "finished", "won"),
        Way((("new", 0, 5, "abandoned"),), "abandoned", "lost"),
    ]  # fmt: skip
    figures = made(found)
    new, nurture, call, sales = figures.stages
    assert (figures.started, figures.finished, figures.abandoned, figures.won, figures.lost) == (18, 1, 1, 1, 1)
    assert (new.reached, nurture.reached, call.reached, sales.reached) == (18, 11, 1, 1)
    assert nurture.from_previous == 11 / 18
    assert call.from_previous == 1 / 11
    assert sales.from_start == 1 / 18
    # Twelve have left: 1, 5 microseconds, 1..10 days; nearest ranks 6 and 11.
    assert (new.median_us, new.p90_us) == (4 * DAY, 9 * DAY)
    assert figures.won_ratio == 1 / 18


def test_without_leads_or_opportunities_nothing_is_claimed() -> None:
    """House: a ratio whose base is 0 is None."""
    figures = made([])
    assert ratio(0, 0) is None
    assert figures.won is None
    assert figures.won_ratio is None
    assert all(stage.from_previous is None and stage.median_us is None for stage in figures.stages)
    assert made([Way((("new", 0, None, None),))]).won is None


def test_stages_that_the_process_no_longer_has_are_passed_over() -> None:
    gone = Way((("old", 0, DAY, "completed"), ("new", DAY, None, None)))
    never = Way((("old", 0, None, None),))
    figures = made([gone, never])
    assert (figures.started, figures.stages[0].now_in) == (1, 1)


def test_more_groups_than_can_be_kept_apart_are_counted_together() -> None:
    figures = made([Way((("new", 0, None, None),), group=f"g{n}") for n in range(MAX_GROUPS + 30)], by="source")
    assert len(figures.groups) == MAX_GROUPS + 1
    assert (figures.groups[-1].name, figures.groups[-1].started) == (OTHER, 30)


def test_memory_depends_on_stages_and_not_on_leads() -> None:
    def stream(count: int) -> Iterator[Way]:
        for number in range(count):
            left_us = (number * 7919_000_003) % (90 * DAY)
            yield Way((("new", 0, left_us, "completed"), ("nurture", left_us, None, None)), group=f"g{number % 9}")

    def peak(count: int) -> int:
        tracemalloc.start()
        made(stream(count), by="source", now_us=400 * DAY)  # type: ignore[arg-type]
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(6_000) < 1.3 * peak(2_000)


@pytest.mark.parametrize("status", ["background", "finished", "abandoned"])
def test_only_an_active_process_has_a_lead_in_a_stage_now(status: str) -> None:
    assert made([Way((("new", 0, None, None),), status)]).stages[0].now_in == 0
