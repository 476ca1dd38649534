"""Laws of a rule set: its points are those of its rules, and hold until `until`."""

from __future__ import annotations

from math import floor
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadflow.errors import ExpressionError
from leadflow.expr import Schema, Signal, SignalTable
from leadflow.expr.points import (
    ScoreRule,
    at_least,
    compile_score,
    decayed_points,
    none_of,
    score_faults,
)
from leadflow.expr.points.decay import decay_table
from leadflow.model.time import DAY_US, NEVER_US, duration_text, parse_duration

LAWS = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
GROUPS = {"fit": (0, 20), "heat": (None, 15), "cold": (-10, None)}
points = st.integers(-30, 30)
limits = st.none() | st.integers(1, 3)


@pytest.fixture(scope="session")
def rule_sets(lab: Any) -> st.SearchStrategy[list[ScoreRule]]:
    conditions = lab.conditions | lab.leaves
    common = {"name": st.just(""), "points": points, "cap": st.none() | st.integers(1, 40)}
    groups = st.none() | st.sampled_from(sorted(GROUPS))
    each = st.tuples(
        st.sampled_from([*lab.KINDS, "email.*", "*"]),
        st.sampled_from([{}, {}, {"campaign": "SPRING"}, {"campaign": 1}]),
    )
    windows = st.sampled_from(lab.WINDOWS).map(duration_text)
    kinds = st.sampled_from(lab.KINDS)
    rule = st.one_of(
        st.builds(ScoreRule, **common, group=groups, when=conditions),
        st.builds(ScoreRule, **common, group=groups, each=each, limit=limits),
        st.builds(ScoreRule, **common, group=groups, each=each, limit=limits, within=windows),
        st.builds(ScoreRule, **common, group=groups, each=each, limit=limits, half_life_days=st.integers(1, 9)),
        st.builds(ScoreRule, **common, group=groups, each=each, limit=limits, when=conditions),
        st.builds(ScoreRule, **common, group=groups, each=each, within=windows, when=conditions),
        st.builds(at_least, st.just(""), points, kinds, st.integers(1, 3), within=windows),
        st.builds(none_of, st.just(""), points, kinds, within=st.none() | windows),
    )

    # Composite, because Hypothesis writes out the name of what a filter rejects, and this one would fill pages.
    @st.composite
    def sound_rule(draw: st.DrawFn) -> ScoreRule:
        return draw(rule)

    @st.composite
    def rule_set(draw: st.DrawFn) -> list[ScoreRule]:
        sound = sound_rule().filter(lambda each: not score_faults([each], GROUPS, lab.schema))
        return _named(draw(st.lists(sound, max_size=6)))

    return rule_set()


def _named(rules: list[ScoreRule]) -> list[ScoreRule]:
    return [evolve(rule, name=f"r{number}") for number, rule in enumerate(rules)]


bounds = st.sampled_from([(None, None), (0, None), (-5, 25), (None, 10)])


def expected(lab: Any, rules: list[ScoreRule], total_bounds: Any, world: Any, now_us: int) -> tuple[int, int]:
    """Points and mask from raw interactions."""
    oracle = lab.Oracle(world, now_us)
    sums = dict.fromkeys([None, *GROUPS], 0)
    fired = 0
    for number, rule in enumerate(rules):
        given_points, has_fired = _rule_points(rule, oracle, world, now_us)
        sums[rule.group] += given_points
        fired |= has_fired << number
    for name, (least, most) in GROUPS.items():
        sums[name] = _clamped(sums[name], least, most)
    return _clamped(sum(sums.values()), *total_bounds), fired


def _rule_points(rule: ScoreRule, oracle: Any, world: Any, now_us: int) -> tuple[int, bool]:
    if rule.condition is not None and not oracle.holds(rule.condition):
        return 0, False
    if rule.each is None:
        return _capped(rule.points, rule.cap), True
    signal = Signal(rule.each[0], tuple(rule.each[1].items()))
    times = sorted((at for kind, props, at in world.events if signal.accepts(kind, props)), reverse=True)
    if rule.within is not None:
        times = [at for at in times if now_us - at < parse_duration(rule.within)]
    times = times[: rule.limit]
    if rule.half_life_days is None:
        found = rule.points * len(times)
    else:
        found = sum(_faded(rule.points, max(0, now_us - at) // DAY_US, rule.half_life_days) for at in times)
    return _capped(found, rule.cap), found != 0


def _faded(points: int, days: int, half_life: int) -> int:
    return (1 if points > 0 else -1) * floor(abs(points) * 2 ** (-days / half_life) + 0.5)


def _capped(points: int, cap: int | None) -> int:
    return points if cap is None else max(-cap, min(cap, points))


def _clamped(points: int, least: int | None, most: int | None) -> int:
    points = points if most is None else min(points, most)
    return points if least is None else max(points, least)


@LAWS
@given(data=st.data())
def test_points_and_mask_are_those_of_the_rules(lab: Any, rule_sets: Any, data: st.DataObject) -> None:
    """S003-12: a score adds up who somebody is and what they did; both halves together are the whole."""
    rules, total_bounds = data.draw(rule_sets), data.draw(bounds)
    world, now_us = data.draw(lab.worlds), data.draw(lab.moments)
    table = SignalTable()
    program = compile_score(rules, GROUPS, lab.schema, table, bounds=total_bounds)
    view = world.view(now_us, table)
    found, fired, until_us = program.score(view, now_us)
    assert (found, fired) == expected(lab, rules, total_bounds, world, now_us)
    bits, static_until_us = program.static(view, now_us)
    total = program.total(view.signals, bits, now_us)
    assert total[:2] == (found, fired)
    assert min(total[2], static_until_us) == until_us
    least, most = program.bounds()
    assert least is None or least <= found
    assert most is None or found <= most


@LAWS
@given(data=st.data())
def test_the_score_is_constant_until_until(lab: Any, rule_sets: Any, data: st.DataObject) -> None:
    rules, world, now_us = data.draw(rule_sets), data.draw(lab.worlds), data.draw(lab.moments)
    table = SignalTable()
    program = compile_score(rules, GROUPS, lab.schema, table)
    *found, until_us = program.score(world.view(now_us, table), now_us)
    assert now_us < until_us <= NEVER_US
    for probe_us in lab.probes(world, now_us, until_us):
        assert [*program.score(world.view(probe_us, table), probe_us)[:2]] == found


@LAWS
@given(data=st.data())
def test_contributions_add_up(lab: Any, rule_sets: Any, data: st.DataObject) -> None:
    """What is shown as the reasons of a score is the score, caps and bounds included."""
    rules, total_bounds = data.draw(rule_sets), data.draw(bounds)
    world, now_us = data.draw(lab.worlds), data.draw(lab.moments)
    table = SignalTable()
    program = compile_score(rules, GROUPS, lab.schema, table, bounds=total_bounds)
    view = world.view(now_us, table)
    bits, _ = program.static(view, now_us)
    found, fired, until_us = program.total(view.signals, bits, now_us)
    shares = program.contributions(view.signals, bits, now_us)
    assert sum(share.points for share in shares) == found
    assert [share.name for share in shares if share.by == "rule"] == [rule.name for rule in program.fired(fired)]
    assert all(share.until_us >= until_us for share in shares)
    known = {at for _, _, at in world.events}
    assert all(set(share.times) <= known for share in shares)


@LAWS
@given(data=st.data())
def test_a_behaviour_rule_flips_exactly_at_until(lab: Any, data: st.DataObject) -> None:
    """No timer is set for nothing: at the moment named, the points do change."""
    windows = st.sampled_from(lab.WINDOWS).map(duration_text)
    rule = data.draw(
        st.builds(at_least, st.just("a"), st.just(5), st.just("order"), st.integers(1, 3), within=windows)
        | st.builds(
            ScoreRule,
            name=st.just("a"),
            points=st.just(5),
            each=st.just(("order", {})),
            within=windows,
            cap=st.none() | st.integers(1, 20),
        )
    )
    ages_us = data.draw(st.lists(st.integers(0, 4 * DAY_US) | st.integers(0, 2_000_000), min_size=1, max_size=8))
    table = SignalTable()
    program = compile_score([rule], {}, lab.schema, table)
    signals = lab.states([("order", {}, lab.T0 - age_us) for age_us in ages_us], table)
    found, _, until_us = program.total(signals, 0, lab.T0)
    assert (until_us < NEVER_US) is (found != 0)
    if found:
        assert program.total(signals, 0, until_us)[0] != found
        assert program.total(signals, 0, until_us - 1)[0] == found


@settings(max_examples=200, deadline=None)
@given(st.integers(-60, 60).filter(bool), st.integers(1, 40), st.integers(0, 400))
def test_decay_is_exact_and_never_grows(given_points: int, half_life: int, days: int) -> None:
    assert decayed_points(given_points, days, half_life) == _faded(given_points, days, half_life)
    assert abs(decayed_points(given_points, days + 1, half_life)) <= abs(decayed_points(given_points, days, half_life))
    assert decayed_points(-given_points, days, half_life) == -decayed_points(given_points, days, half_life)


def test_the_largest_decay_table_is_made_quickly_and_ends() -> None:
    weights, later = decay_table(1_000_000, 3_650)
    assert weights[0] == 1_000_000
    assert weights[3_650] == 500_000
    assert weights[-1] == 1
    assert later[-1] == len(weights) < 3_650 * 22


def test_records_are_not_touched_by_an_interaction(lab: Any) -> None:
    """S003-12: what a contact is has become bits; `total` takes no view at all."""
    rules = [
        ScoreRule(name="german", points=10, when='contact.country == "DE"'),
        ScoreRule(name="keen", points=7, when='contact.country == "DE" and count("email.clicked") >= 2'),
        ScoreRule(name="clicks", points=3, each=("email.clicked", {}), when='contact.title == "cto"'),
    ]
    table = SignalTable()
    program = compile_score(rules, {}, lab.schema, table)
    contact = type("Someone", (), {"country": "DE", "title": "CTO"})()
    bits, until_us = program.static(lab.World(contact, None, [], {}).view(0, table), 0)
    assert until_us == NEVER_US
    assert program.total({}, bits, 0) == (10, 0b001, NEVER_US)
    assert program.total({0: (2,)}, bits, 0) == (10 + 7 + 6, 0b111, NEVER_US)
    assert program.static_reads == {"contact.country", "contact.title"}
    assert program.reads == {"contact.country", "contact.title", "signal:email.clicked"}
    assert program.uses == {0}


def test_contributions_name_their_evidence_and_their_end(lab: Any) -> None:
    rules = [
        ScoreRule(name="clicks", points=4, each=("email.clicked", {}), within="3d", group="heat"),
        at_least("forms", 9, "form.submitted", 2, within="10d", group="heat"),
        ScoreRule(name="orders", points=5, when='sum("order", "amount", within="10d") > 1'),
        none_of("no visits", -2, "visit"),
    ]
    t0 = lab.T0
    events = [("email.clicked", {}, t0 - day * DAY_US) for day in (1, 2, 5)]
    events += [("form.submitted", {}, t0 - day * DAY_US) for day in (4, 6, 8)]
    events += [("order", {"amount": 2}, t0 - DAY_US), ("order", {"amount": 2}, t0 - 20 * DAY_US)]
    table = SignalTable()
    program = compile_score(rules, {"heat": (None, 15)}, lab.schema, table)
    shares = program.contributions(lab.states(events, table), 0, t0)
    assert [(each.name, each.points, each.by, each.times, each.until_us) for each in shares] == [
        ("clicks", 8, "rule", (t0 - DAY_US, t0 - 2 * DAY_US), t0 + DAY_US),
        ("forms", 9, "rule", (t0 - 4 * DAY_US, t0 - 6 * DAY_US), t0 + 4 * DAY_US),
        ("orders", 5, "rule", (t0 - DAY_US,), t0 + 9 * DAY_US),
        ("no visits", -2, "rule", (), NEVER_US),
        ("heat", -2, "group", (), t0 + DAY_US),
    ]


def test_a_large_rule_set_compiles_and_adds_up(lab: Any) -> None:
    """Hundreds of steps on one count and on one age, on fields and on sums."""
    rules = [ScoreRule(name=f"n{i}", points=1, when=f'count("visit") >= {i}') for i in range(1, 301)]
    rules += [ScoreRule(name=f"d{i}", points=1, when=f'days_since("visit") >= {i}') for i in range(300)]
    rules += [ScoreRule(name=f"f{i}", points=1, when=f"contact.age == {i}") for i in range(300)]
    table = SignalTable()
    program = compile_score(rules, {}, lab.schema, table)
    contact = type("Someone", (), {"age": 7})()
    world = lab.World(contact, None, [("visit", {}, lab.T0)] * 120, {})
    now_us = lab.T0 + 50 * DAY_US
    found, fired, until_us = program.score(world.view(now_us, table), now_us)
    assert (found, fired.bit_count(), until_us) == (120 + 51 + 1, 172, now_us + DAY_US)


def test_a_group_whose_least_is_reached_by_no_rule_still_adds_up(lab: Any) -> None:
    program = compile_score([], {"base": (5, 9)}, lab.schema, SignalTable(), bounds=(8, None))
    assert program.total({}, 0, 0)[0] == 8
    assert [(share.by, share.points) for share in program.contributions({}, 0, 0)] == [("group", 5), ("floor", 3)]


def test_a_cap_lets_no_more_times_be_kept_than_it_can_count(lab: Any) -> None:
    rule = ScoreRule(name="clicks", points=3, each=("email.clicked", {}), within="30d", cap=10)
    table = SignalTable()
    program = compile_score([rule], {}, lab.schema, table)
    assert table.keep == [4]
    assert program.bounds() == (0, 10)


def test_bounds_show_what_can_be_reached(lab: Any) -> None:
    rules = [
        ScoreRule(name="all", points=5, when="True"),
        ScoreRule(name="country", points=10, when='contact.country == "DE"'),
        ScoreRule(name="student", points=-20, when='contact.title == "student"'),
        ScoreRule(name="visits", points=1, each=("visit", {})),
    ]
    assert compile_score(rules[:3], {}, lab.schema, SignalTable()).bounds() == (-15, 15)
    assert compile_score(rules, {}, lab.schema, SignalTable()).bounds() == (-15, None)
    assert compile_score(rules, {}, lab.schema, SignalTable(), bounds=(0, 100)).bounds() == (0, 100)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (ScoreRule(name="x", points=1), "neither when nor each"),
        (ScoreRule(name="x", points=2_000_000, when="True"), "points are whole numbers"),
        (ScoreRule(name="x", points=1, when="True", within="3d"), "within belong to each"),
        (ScoreRule(name="x", points=1, each=("a", {}), within="soon"), "not a duration"),
        (ScoreRule(name="x", points=1, each=("a", {}), limit=0), "limit is a number from 1 to 1000"),
        (ScoreRule(name="x", points=1, each=("a", {}), within="3d", half_life_days=3), "exclude each other"),
        (ScoreRule(name="x", points=1, each=("a", {"b": None})), "a filter compares"),
        (ScoreRule(name="x", points=1, each=("not a kind", {})), "not a kind of interaction"),
        (ScoreRule(name="x", points=1, each=("a", {}), cap=0), "a cap is a whole number above 0"),
        (ScoreRule(name="x", points=1, when="True", group="nope"), "there is no group nope"),
        (ScoreRule(name="x", points=1, when='count("a") > contact.age'), "cannot compare interactions with a field"),
        (ScoreRule(name="x", points=1, when="contact.contry == 1"), "did you mean country?"),
        (ScoreRule(name="x", points=1, when="(("), "never closed"),
    ],
)
def test_a_faulty_rule_is_named_with_what_is_wrong(lab: Any, rule: ScoreRule, message: str) -> None:
    found = score_faults([rule], {"fit": (0, 5)}, lab.schema)
    assert len(found) == 1
    assert found[0].source == "x"
    assert message in str(found[0])
    with pytest.raises(ExpressionError, match="fit model: x: "):
        compile_score([rule], {"fit": (0, 5)}, lab.schema, SignalTable(), source="fit model")


def test_all_faults_of_a_rule_set_come_at_once() -> None:
    rules = [ScoreRule(name="x", points=1, when="stage == 5"), ScoreRule(name="x", points=1, group="nope")]
    found = score_faults(rules, {"fit": (5, 0)}, Schema({}))
    assert len(found) == 5
