"""Pools: the fairness laws, then golden examples and the complaints that shaped them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.assignment.pools.rotation import (
    Pick,
    PoolState,
    Situation,
    Turns,
    credit,
    pick,
)
from leadflow.assignment.rules import Leave, Member, Pool, Schedule
from leadflow.errors import InvalidInputError, NotFoundError
from leadflow.model.time import DAY_US, HOUR_US, MINUTE_US, instant_us

NOW = instant_us(datetime(2026, 11, 23, 9, tzinfo=UTC))  # a Monday
USERS = ("a", "b", "c", "d", "e", "f")
BUILT_IN = ("round_robin", "weighted", "least_loaded", "capacity")


def pool(weights: dict[str, int] | str = "ab", strategy: str = "round_robin", **more: Any) -> Pool:
    shares = weights if isinstance(weights, dict) else dict.fromkeys(weights, 1)
    cap = 1_000 if strategy == "capacity" else None
    members = tuple(Member(user=user, weight=weight, cap=cap) for user, weight in shares.items())
    return Pool(name="p", members=members, strategy=strategy, **more)


class Rota:
    """Picks one lead after another, carrying the state through its plain form, as a store does."""

    def __init__(self, pool: Pool, schedules: Iterable[Schedule] = ()) -> None:
        self.pool = pool
        self.state = PoolState()
        self.schedules = {schedule.name: schedule for schedule in schedules}
        self.given: Counter[str] = Counter()
        self.last: Pick | None = None

    def lead(self, away: Iterable[str] = (), now_us: int = NOW, **more: Any) -> str | None:
        situation = Situation(
            now_us=now_us,
            inactive=frozenset(away),
            open_counts=dict(self.given),
            schedules=self.schedules,
            **more,
        )
        self.last = pick(self.pool, self.state, situation)
        self.state = PoolState.from_plain(json.loads(json.dumps(self.last.state.to_plain())))
        if self.last.user is not None:
            self.given[self.last.user] += 1
        return self.last.user

    def leads(self, count: int, **more: Any) -> str:
        return "".join(self.lead(**more) or "-" for _ in range(count))


absences = st.lists(st.sets(st.sampled_from(USERS[3:])), min_size=1, max_size=60)
weightings = st.lists(st.integers(1, 12), min_size=1, max_size=6).map(
    lambda weights: dict(zip(USERS, weights, strict=False))
)


# -- laws -------------------------------------------------------------------------------------------------


@given(absences)
def test_round_robin_differs_by_one_in_any_run_whatever_the_others_do(absent: list[set[str]]) -> None:
    rota = Rota(pool("".join(USERS)))
    picks = [rota.lead(away) for away in absent]
    for start, stop in combinations(range(len(picks) + 1), 2):
        counts = Counter(picks[start:stop])
        assert max(counts[user] for user in "abc") - min(counts[user] for user in "abc") <= 1


@given(st.integers(1, 6), st.integers(1, 60), st.sampled_from(BUILT_IN))
def test_equal_members_differ_by_one_in_any_run(members: int, leads: int, strategy: str) -> None:
    rota = Rota(pool("".join(USERS[:members]), strategy))
    picks = rota.leads(leads)
    for start, stop in combinations(range(leads + 1), 2):
        counts = Counter(picks[start:stop])
        assert max(counts[u] for u in USERS[:members]) - min(counts[u] for u in USERS[:members]) <= 1


@given(weightings)
def test_smooth_weights_stay_within_the_bound_and_are_exact_after_every_cycle(
    weights: dict[str, int],
) -> None:
    """S004: at most 1 - 1/n ahead, at most 1/2 + ... + 1/n behind, exact after every W picks."""
    rota, total, n = Rota(pool(weights, "weighted")), sum(weights.values()), len(weights)
    behind = sum((Fraction(1, k) for k in range(2, n + 1)), Fraction(0))
    for number in range(1, 2 * total + 1):
        rota.lead()
        for user, weight in weights.items():
            ahead = rota.given[user] - Fraction(number * weight, total)
            assert -behind <= ahead <= 1 - Fraction(1, n)
        if number % total == 0:
            assert all(rota.given[user] == weight * number // total for user, weight in weights.items())


@given(absences, st.integers(1, 5), st.tuples(*[st.integers(1, 9)] * 3))
def test_whoever_comes_and_goes_equal_weights_get_equal_shares(
    absent: list[set[str]], weight: int, others: tuple[int, int, int]
) -> None:
    """C2: members out of the rotation neither give their share to one backup nor skew the rest."""
    weights = dict.fromkeys("abc", weight) | dict(zip("def", others, strict=True))
    rota = Rota(pool(weights, "weighted"))
    for away in absent:
        rota.lead(away)
        assert max(rota.given[user] for user in "abc") - min(rota.given[user] for user in "abc") <= 1
        assert sum(turns.current for turns in rota.state.members.values()) == 0


@given(absences, st.tuples(*[st.integers(1, 9)] * 6))
def test_whoever_comes_and_goes_unequal_weights_keep_their_proportion(
    absent: list[set[str]], weights: tuple[int, ...]
) -> None:
    shares = dict(zip(USERS, weights, strict=True))
    rota = Rota(pool(shares, "weighted"))
    for away in absent:
        rota.lead(away)
        for one, other in combinations("abc", 2):
            apart = abs(Fraction(rota.given[one], shares[one]) - Fraction(rota.given[other], shares[other]))
            assert apart <= Fraction(2, min(shares[one], shares[other]))


@given(weightings, st.integers(1, 60))
def test_least_loaded_turns_per_weight_differ_by_at_most_one_turn(weights: dict[str, int], leads: int) -> None:
    rota = Rota(pool(weights, "least_loaded"))
    for _ in range(leads):
        rota.lead()
        for one in weights:
            for other in weights:
                ahead = Fraction(rota.given[one], weights[one]) - Fraction(rota.given[other], weights[other])
                assert ahead <= Fraction(1, weights[one])


@given(
    st.sampled_from(("round_robin", "weighted", "least_loaded")),
    st.sampled_from(("day", "week", "month")),
    st.lists(st.integers(0, 40 * 24), min_size=1, max_size=60),
    st.integers(2, 4),
)
def test_the_end_of_a_period_changes_nothing_about_fairness(
    strategy: str, period: str, waits: list[int], members: int
) -> None:
    """User ask 12: one lead a period must not go to the same member every time."""
    rota, now = Rota(pool("".join(USERS[:members]), strategy, period=period)), NOW
    for hours in waits:
        now += hours * HOUR_US
        rota.lead(now_us=now)
        counts = [rota.given[user] for user in USERS[:members]]
        assert max(counts) - min(counts) <= 1


@given(
    st.sampled_from(BUILT_IN),
    st.lists(st.tuples(st.integers(0, 36), st.sets(st.sampled_from(USERS))), min_size=1, max_size=40),
)
def test_nobody_gets_a_lead_who_cannot_take_it(strategy: str, steps: list[tuple[int, set[str]]]) -> None:
    """C2: inactive, absent and full members are never picked; everybody who is not is told why not."""
    members = tuple(
        Member(user=user, cap=8, cap_per_day=2, cap_per_period=5, leave=(Leave("2026-11-25", "2026-11-26"),))
        if user in "ab"
        else Member(user=user, cap=30, schedule="office")
        for user in USERS
    )
    office = Schedule(name="office", week={"mon-fri": ("09:00-17:00",)})
    rota = Rota(Pool(name="p", members=members, strategy=strategy, period="week"), [office])
    per_day: Counter[tuple[str, str]] = Counter()
    moment = datetime(2026, 11, 23, 8, tzinfo=UTC)
    for hours, away in steps:
        moment += timedelta(hours=hours)
        user = rota.lead(away, now_us=instant_us(moment))
        assert rota.last is not None
        skipped = [item.user for item in rota.last.skipped]
        assert sorted([*skipped, *filter(None, [user])]) == list(USERS)
        if user is None:
            continue
        assert user not in away
        if user in "ab":
            day = moment.date().isoformat()
            per_day[user, day] += 1
            assert per_day[user, day] <= 2
            assert day not in ("2026-11-25", "2026-11-26")
            assert rota.given[user] <= 8
        else:
            assert moment.weekday() < 5
            assert 9 <= moment.hour < 17


@given(
    st.integers(0, 20 * 24 * 60),
    st.lists(
        st.builds(
            lambda user, schedule, cap, leave: (schedule, cap, leave),
            st.just(""),
            st.sampled_from((None, "day", "night", "never")),
            st.sampled_from((None, 1, 2)),
            st.sampled_from(((), (Leave("2026-11-24", "2026-12-03"),), (Leave("2026-12-01", "2026-12-01"),))),
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 6),
)
def test_nobody_now_says_exactly_when_somebody(
    minutes: int, kinds: list[tuple[str | None, int | None, tuple[Leave, ...]]], leads: int
) -> None:
    """The pick succeeds at `opens_us` and not before (user ask 12: a daily cap strands no lead)."""
    schedules = {
        "day": Schedule(name="day", time_zone="Europe/Ljubljana", week={"mon-fri": ("09:00-17:00",)}),
        "night": Schedule(name="night", time_zone="Europe/Ljubljana", week={"fri": ("22:00-30:00",)}),
        "never": Schedule(name="never"),
    }
    members = tuple(
        Member(user=user, schedule=schedule, cap_per_day=cap, leave=leave)
        for user, (schedule, cap, leave) in zip(USERS, kinds, strict=False)
    )
    team = Pool(name="p", members=members, time_zone="Europe/Ljubljana")
    state, now = PoolState(), NOW + minutes * MINUTE_US
    chosen = pick(team, state, Situation(now_us=now, schedules=schedules))
    for _ in range(leads):
        chosen = pick(team, state, Situation(now_us=now, schedules=schedules))
        state = chosen.state
    if chosen.user is not None:
        assert chosen.opens_us is None
        return
    assert chosen.state == state
    if chosen.opens_us is None:
        assert all(schedule == "never" for schedule, _, _ in kinds)
        return
    assert pick(team, state, Situation(now_us=chosen.opens_us, schedules=schedules)).user is not None
    assert pick(team, state, Situation(now_us=chosen.opens_us - 1, schedules=schedules)).user is None


@given(st.sampled_from(BUILT_IN), st.lists(st.booleans(), min_size=1, max_size=60), st.integers(2, 4))
def test_rejected_leads_are_made_up_for(strategy: str, rejected: list[bool], members: int) -> None:
    """Rule 102: counting only leads that were kept, equal members still differ by at most one."""
    rota = Rota(pool("".join(USERS[:members]), strategy))
    for is_bad in rejected:
        user = rota.lead()
        assert user is not None
        if is_bad:
            rota.state = credit(rota.state, user, NOW)
            rota.given[user] -= 1
        counts = [rota.given[u] for u in USERS[:members]]
        assert max(counts) - min(counts) <= 1


@given(st.sampled_from(BUILT_IN), st.lists(st.sets(st.sampled_from(USERS)), max_size=20))
def test_the_same_question_has_the_same_answer(strategy: str, absent: list[set[str]]) -> None:
    """Rule 103, test run: picking writes nothing; who drops the result has changed nothing."""
    rota = Rota(pool("".join(USERS), strategy))
    for away in absent:
        situation = Situation(now_us=NOW, inactive=frozenset(away), open_counts=dict(rota.given))
        before = rota.state.to_plain()
        first, second = (pick(rota.pool, rota.state, situation) for _ in range(2))
        assert first == second
        assert rota.state.to_plain() == before
        rota.lead(away)


turn_counts = st.builds(
    Turns,
    turns=st.integers(0, 99),
    calibration=st.integers(-9, 99),
    credits=st.integers(0, 9),
    current=st.integers(-(2**40), 2**40),
    leads=st.integers(0, 99),
    leads_today=st.integers(0, 99),
    is_away=st.booleans(),
)


@given(
    st.builds(
        PoolState,
        members=st.dictionaries(st.text(min_size=1, max_size=8), turn_counts, max_size=4),
        pointer=st.none() | st.tuples(st.integers(-9, 9), st.text(max_size=8)),
        scale=st.integers(0, 2**40),
        period_us=st.none() | st.integers(0, NOW),
        day_us=st.none() | st.integers(0, NOW),
    )
)
def test_a_state_survives_its_plain_form(state: PoolState) -> None:
    assert PoolState.from_plain(json.loads(json.dumps(state.to_plain()))) == state


# -- golden examples --------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", BUILT_IN)
def test_thirty_leads_two_equal_members(strategy: str) -> None:
    rota = Rota(pool("ab", strategy))
    rota.leads(30)
    assert rota.given == {"a": 15, "b": 15}


def test_rule_115_smooth_weights() -> None:
    assert Rota(pool({"a": 3, "b": 1, "c": 1}, "weighted")).leads(10) == "abacaabaca"


def test_rule_115_a_member_who_is_out_comes_back_at_zero() -> None:
    rota = Rota(pool({"a": 3, "b": 1, "c": 1}, "weighted"))
    assert rota.leads(10) == "abacaabaca"
    assert rota.leads(4, away="a") == "bcbc"
    assert rota.state.members["a"].current == 0
    assert rota.leads(5) == "abaca"


def test_rule_115_leaving_in_mid_cycle_forfeits_the_rest_of_it() -> None:
    rota = Rota(pool({"a": 3, "b": 1, "c": 1}, "weighted"))
    assert rota.leads(1) == "a"
    assert rota.leads(4, away="a") == "bcbc"
    assert rota.leads(10) == "abacaabaca"


def test_rule_115_hours_and_caps_take_a_member_out_like_an_absence() -> None:
    early = Schedule(name="early", week={"mon": ("08:00-10:00",)})
    members = (Member(user="a", weight=3, schedule="early"), Member(user="b"), Member(user="c"))
    rota = Rota(Pool(name="p", members=members, strategy="weighted"), [early])
    assert rota.leads(1) == "a"
    assert rota.leads(4, now_us=NOW + 2 * HOUR_US) == "bcbc"
    assert rota.state.members["a"].current == 0
    assert rota.leads(10) == "abacaabaca"


def test_a_lead_somebody_lacks_the_skill_for_leaves_him_his_place() -> None:
    """The obstacle lies in the lead: what it gives the others is not taken from him, nor made up for."""
    members = (Member(user="a"), Member(user="b", skills=("de",)))
    rota = Rota(Pool(name="p", members=members, strategy="weighted"))
    assert rota.leads(1) == "a"
    assert rota.leads(3, skills=frozenset({"de"})) == "bbb"
    assert rota.leads(3) == "bab"


def test_a_member_who_keeps_leaving_starves_nobody_and_never_bursts() -> None:
    """The debt of those who leave right after their turn must not pile up against them, nor for them."""
    rota = Rota(pool({"a": 3, "b": 1, "c": 1}, "weighted"))
    for _ in range(50):
        rota.leads(1)
        rota.leads(1, away="a")
    before = Counter(rota.given)
    rota.leads(10)
    assert rota.given - before == {"a": 6, "b": 2, "c": 2}


def test_the_pointer_keeps_its_place_when_the_member_it_names_is_gone() -> None:
    """Rule 101."""
    rota = Rota(pool("abcd"))
    assert rota.leads(2) == "ab"
    rota.pool = pool("acd")
    assert rota.leads(4) == "cdac"


def test_a_skipped_member_costs_nobody_a_turn() -> None:
    rota = Rota(pool("abcd"))
    assert rota.leads(1) == "a"
    assert rota.leads(3, away="b") == "cda"
    assert rota.leads(4) == "bcda"


def test_order_comes_before_names() -> None:
    members = (Member(user="a", order=2), Member(user="b", order=1), Member(user="c", order=1))
    assert Rota(Pool(name="p", members=members)).leads(4) == "bcab"


# -- new and returning members ----------------------------------------------------------------------------


def test_a_new_member_does_not_get_everything() -> None:
    """User ask 12, rule 101: he starts at the average of the others."""
    rota = Rota(pool("ab", "least_loaded"))
    rota.leads(30)
    rota.pool = pool("abc", "least_loaded")
    rota.given.clear()
    rota.leads(30)
    assert rota.given == {"a": 10, "b": 10, "c": 10}


def test_an_old_member_does_not_get_everything_either() -> None:
    """User ask 12: a newcomer who joins while the old one is away is not left behind him."""
    rota = Rota(pool("a", "least_loaded"))
    rota.leads(20)
    rota.pool = pool("ab", "least_loaded")
    rota.leads(5, away="a")
    rota.given.clear()
    rota.leads(30)
    assert rota.given == {"a": 15, "b": 15}


@pytest.mark.parametrize("away", ["paused", "leave", "inactive"])
def test_after_an_absence_leads_are_shared_not_made_up_for(away: str) -> None:
    rota = Rota(pool("abc", "least_loaded"))
    rota.leads(30)
    kinds: dict[str, dict[str, Any]] = {
        "paused": {"paused": True},
        "leave": {"leave": (Leave("2026-11-20", "2026-11-24"),)},
        "inactive": {},
    }
    absent = Member(user="c", **kinds[away])
    rota.pool = Pool(name="p", strategy="least_loaded", members=(Member(user="a"), Member(user="b"), absent))
    assert "c" not in rota.leads(40, away="c" if away == "inactive" else "")
    rota.pool = pool("abc", "least_loaded")
    rota.given.clear()
    rota.leads(30, now_us=NOW + 2 * DAY_US)
    assert rota.given == {"a": 10, "b": 10, "c": 10}


def test_a_newcomer_with_more_weight_starts_at_the_level_of_his_weight() -> None:
    rota = Rota(pool({"a": 1, "b": 1}, "least_loaded"))
    rota.leads(20)
    rota.pool = pool({"a": 1, "b": 1, "c": 2}, "least_loaded")
    rota.lead()
    assert rota.state.members["c"].calibration == 20


def test_the_gap_of_a_holiday_does_not_come_back_every_month() -> None:
    """User ask 12: two weeks off in December leave no trace in January or February."""
    members = (Member(user="a"), Member(user="b", leave=(Leave("2026-12-10", "2026-12-24"),)))
    rota = Rota(Pool(name="p", members=members, strategy="least_loaded"))
    start = instant_us(datetime(2026, 12, 1, 10, tzinfo=UTC))
    per_month: dict[int, Counter[str]] = {12: Counter(), 1: Counter(), 2: Counter()}
    for day in range(90):
        user = rota.lead(now_us=start + day * DAY_US)
        assert user is not None
        month = (datetime(2026, 12, 1, tzinfo=UTC) + timedelta(days=day)).month
        if month in per_month:
            per_month[month][user] += 1
    assert per_month[12]["a"] - per_month[12]["b"] in (15, 16, 17)
    assert abs(per_month[1]["a"] - per_month[1]["b"]) <= 1
    assert abs(per_month[2]["a"] - per_month[2]["b"]) <= 1


def test_a_day_at_the_limit_is_not_made_up_for_by_more_than_two_rounds_next_month() -> None:
    """User ask 12: at the cap all month, he does not get the whole difference in the next one."""
    members = (Member(user="a"), Member(user="b", cap_per_period=3))
    rota = Rota(Pool(name="p", members=members, strategy="least_loaded"))
    rota.leads(40)
    assert rota.given == {"a": 37, "b": 3}
    assert rota.leads(8, now_us=NOW + 10 * DAY_US).count("b") == 3
    rota.pool = pool("ab", "least_loaded")
    rota.leads(40)
    assert rota.leads(6, now_us=NOW + 40 * DAY_US)[4:] in ("ab", "ba")


# -- credit, caps, skills ---------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["round_robin", "weighted", "least_loaded"])
def test_a_returned_turn_comes_next_and_moves_no_pointer(strategy: str) -> None:
    rota = Rota(pool("abc", strategy))
    assert rota.leads(2) == "ab"
    rota.state = credit(rota.state, "a")
    assert rota.leads(4) == "acab" if strategy != "least_loaded" else rota.leads(4).startswith("a")


def test_a_returned_turn_survives_the_end_of_the_month() -> None:
    rota = Rota(pool("ab", "least_loaded"))
    rota.leads(30)
    rota.state = credit(rota.state, "b", NOW)
    assert rota.leads(3, now_us=NOW + 20 * DAY_US) == "bab"


def test_a_returned_turn_waits_for_a_member_who_is_away() -> None:
    rota = Rota(pool("abc"))
    assert rota.leads(3) == "abc"
    rota.state = credit(rota.state, "b")
    assert rota.leads(3, away="b") == "aca"
    assert rota.leads(3) == "bbc"


def test_a_returned_lead_frees_the_daily_cap_only_on_its_day() -> None:
    members = (Member(user="a", cap_per_day=1),)
    rota = Rota(Pool(name="p", members=members))
    assert rota.leads(2) == "a-"
    again = credit(rota.state, "a", NOW)
    rota.state = credit(rota.state, "a", NOW - DAY_US)
    assert rota.leads(1) == "-"
    rota.state = again
    assert rota.leads(1) == "a"


@pytest.mark.parametrize(("before_us", "frees"), [(0, True), (1, False)])
def test_a_returned_lead_frees_the_cap_of_its_period(before_us: int, frees: bool) -> None:
    month = instant_us(datetime(2026, 11, 1, tzinfo=UTC))
    rota = Rota(Pool(name="p", members=(Member(user="a", cap_per_period=1),)))
    assert rota.leads(2) == "a-"
    rota.state = credit(rota.state, "a", month - before_us)
    assert rota.leads(2) == ("a-" if frees else "--")


def test_credit_without_a_moment_frees_no_cap_and_never_goes_below_nothing() -> None:
    state = PoolState(members={"a": Turns(turns=1, leads=1, leads_today=1)})
    assert credit(state, "a", NOW).members["a"] == Turns(turns=1, credits=1, leads=1, leads_today=1)
    begun = evolve(state, period_us=0, day_us=NOW, members={"a": Turns()})
    assert credit(begun, "a", NOW).members["a"] == Turns(credits=1)
    assert credit(begun, "a").members["a"] == Turns(credits=1)


def test_credit_for_a_stranger_changes_nothing() -> None:
    state = PoolState(members={"a": Turns(turns=1)})
    assert credit(state, "z") == state


def test_caps_say_what_they_are() -> None:
    members = (
        Member(user="a", cap=1),
        Member(user="b", cap_per_day=1),
        Member(user="c", cap_per_period=1),
    )
    rota = Rota(Pool(name="p", members=members))
    assert rota.leads(4) == "abc-"
    assert rota.last is not None
    assert [(item.user, item.reason, dict(item.params)) for item in rota.last.skipped] == [
        ("a", "cap_reached", {"open": 1, "cap": 1}),
        ("b", "day_cap_reached", {"cap": 1}),
        ("c", "period_cap_reached", {"cap": 1, "period": "month"}),
    ]
    assert rota.last.opens_us == instant_us(datetime(2026, 11, 24, tzinfo=UTC))


def test_open_leads_that_nobody_counted_are_none() -> None:
    never = Schedule(name="later", week={"tue": ("09:00-17:00",)})
    team = Pool(name="p", members=(Member(user="a", cap=1),), schedule="later")
    chosen = pick(team, PoolState(), Situation(now_us=NOW, schedules={"later": never}))
    assert chosen.opens_us == NOW + DAY_US


def test_a_day_is_a_day_of_the_pools_zone() -> None:
    late = instant_us(datetime(2026, 11, 23, 22, 30, tzinfo=UTC))
    rota = Rota(Pool(name="p", members=(Member(user="a", cap_per_day=1),), time_zone="Europe/Ljubljana"))
    assert rota.leads(2, now_us=late) == "a-"
    assert rota.leads(1, now_us=late + 31 * MINUTE_US) == "a"


def test_a_late_clock_does_not_open_a_new_period() -> None:
    rota = Rota(Pool(name="p", members=(Member(user="a", cap_per_day=1),)))
    assert rota.leads(1) == "a"
    assert rota.leads(1, now_us=NOW - 3 * DAY_US) == "-"


def test_required_skills_filter_and_fairness_decides_among_the_rest() -> None:
    """Rule 102, C4."""
    members = (Member(user="a"), Member(user="b", skills=("de", "eu")), Member(user="c", skills=("de",)))
    rota = Rota(Pool(name="p", members=members))
    assert rota.leads(4, skills=frozenset({"de"})) == "bcbc"
    assert rota.last is not None
    assert rota.last.skipped[0].reason == "missing_skill"
    assert dict(rota.last.skipped[0].params) == {"skill": "de"}


@settings(max_examples=50)
@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_leads_only_some_can_take_keep_the_smooth_weights_together(german: list[bool]) -> None:
    members = (Member(user="a"), Member(user="b", skills=("de",)), Member(user="c", skills=("de",)))
    rota = Rota(Pool(name="p", members=members, strategy="weighted"))
    for needs in german:
        rota.lead(skills=frozenset({"de"} if needs else ()))
        assert abs(rota.given["b"] - rota.given["c"]) <= 1
        assert sum(turns.current for turns in rota.state.members.values()) == 0


def test_former_owners_do_not_get_it_again() -> None:
    rota = Rota(pool("ab"))
    assert rota.leads(2, former=frozenset({"a"})) == "bb"
    assert rota.leads(1, former=frozenset({"a", "b"})) == "-"
    assert rota.last is not None
    assert rota.last.opens_us is None


def test_ignoring_hours_ignores_only_hours() -> None:
    never = Schedule(name="never")
    members = (Member(user="a", schedule="never"), Member(user="b", paused=True))
    rota = Rota(Pool(name="p", members=members), [never])
    assert rota.leads(1) == "-"
    assert rota.leads(2, ignore_hours=True) == "aa"


def test_capacity_fills_the_emptiest_first() -> None:
    members = (Member(user="a", cap=2), Member(user="b", cap=4))
    rota = Rota(Pool(name="p", members=members, strategy="capacity"))
    assert rota.leads(7) == "abbabb-"


def test_an_empty_pool_has_nobody() -> None:
    chosen = pick(Pool(name="p", members=()), PoolState(), Situation(now_us=NOW))
    assert (chosen.user, chosen.skipped, chosen.opens_us) == (None, (), None)


# -- the host's own strategies ----------------------------------------------------------------------------


def test_a_strategy_of_the_host() -> None:
    """S004-16."""

    def last(eligible: Sequence[Member], state: PoolState, situation: Situation) -> tuple[str, PoolState]:
        return eligible[-1].user, state

    team = pool("abc", "acme.last")
    chosen = pick(team, PoolState(), Situation(now_us=NOW, inactive=frozenset("c")), {"acme.last": last})
    assert chosen.user == "b"
    assert chosen.state.members["b"].turns == 1


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: pick(pool("ab", "acme.gone"), PoolState(), Situation(now_us=NOW)), "acme.gone"),
        (lambda: pick(pool("ab", schedule="gone"), PoolState(), Situation(now_us=NOW)), "gone"),
    ],
)
def test_a_name_that_is_not_defined_is_an_error(build: Callable[[], object], words: str) -> None:
    with pytest.raises(NotFoundError, match=words):
        build()


def test_a_state_of_another_version_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        PoolState.from_plain({"members": {"a": {"turns": 1, "karma": 3}}})
