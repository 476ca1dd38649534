"""What the user configures: every wrong value is named, with the way out; right ones survive their plain form."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadflow.assignment.pools.schedule import parse_blocks
from leadflow.assignment.rules import (
    CHAIN,
    STRATEGIES,
    AssignmentRules,
    Entry,
    Leave,
    Member,
    Pool,
    ProductLine,
    Queue,
    Schedule,
    Sla,
    Territory,
    faults,
    split_target,
)
from leadflow.errors import InvalidValueError
from leadflow.model.coding import to_plain
from leadflow.model.time import HOUR_US


def pool(**more: Any) -> Pool:
    return Pool(**{"name": "p", "members": (Member(user="a"),), **more})


def territory(**more: Any) -> Territory:
    return Territory(**{"name": "t", "target": "user:a", **more})


def sla(**more: Any) -> Sla:
    return Sla(**{"name": "s", "within": "4h", **more})


def rules(**more: Any) -> AssignmentRules:
    return AssignmentRules(**{"default_owner": "queue:q", "queues": (Queue(name="q"),), **more})


# -- laws -------------------------------------------------------------------------------------------------

minutes = st.integers(0, 2 * 1440)


def _block(start: int, end: int) -> str:
    return f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}"


@given(minutes, minutes)
def test_a_block_is_read_back_or_refused_for_its_reason(start: int, end: int) -> None:
    text = _block(start, end)
    if start < 1440 and start < end <= start + 1440:
        assert parse_blocks((text,)) == ((start, end),)
    else:
        with pytest.raises(InvalidValueError, match=r"starts after|ends before|longer than"):
            parse_blocks((text,))


@given(st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 600)), max_size=4))
def test_blocks_of_a_day_are_sorted_and_apart_or_refused(rows: list[tuple[int, int]]) -> None:
    wanted = sorted((start, start + length) for start, length in rows)
    apart = all(one[1] <= other[0] for one, other in pairwise(wanted))
    texts = tuple(_block(start, start + length) for start, length in rows)
    if apart:
        assert parse_blocks(texts) == tuple(wanted)
    else:
        with pytest.raises(InvalidValueError, match="overlap"):
            parse_blocks(texts)


@given(st.text(max_size=12))
def test_any_text_that_is_not_a_block_is_refused_not_misread(text: str) -> None:
    with pytest.raises(InvalidValueError):
        parse_blocks((text,))


@given(st.text(min_size=1, max_size=12))
def test_an_unknown_strategy_is_refused_unless_it_is_named_as_the_hosts(name: str) -> None:
    if name in STRATEGIES or "." in name.strip("."):
        assert pool(strategy=name).strategy == name
    else:
        with pytest.raises(InvalidValueError, match="strategy"):
            pool(strategy=name)


# -- single values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Member(user="a", weight=0), "Member 'a'.weight: expected a whole number 1..*paused = true"),
        (lambda: Member(user="a", weight=-1), "Member 'a'.weight"),
        (lambda: Member(user="a", weight=1.5), "Member 'a'.weight"),  # type: ignore[arg-type]
        (lambda: Member(user="a", weight=True), "Member 'a'.weight"),
        (lambda: Member(user=" "), "Member.*user: expected a text"),
        (lambda: Member(user="a", cap=0), "Member 'a'.cap: .*leave it out for no cap"),
        (lambda: Member(user="a", cap_per_day=0), "cap_per_day"),
        (lambda: Member(user="a", cap_per_period=0), "cap_per_period"),
        (lambda: Member(user="a", skills="de"), "skills: expected a tuple"),  # type: ignore[arg-type]
        (lambda: Leave("2026-08-14", "2026-08-01"), "Leave.last: 2026-08-01 is before the first day"),
        (lambda: Leave("14.8.2026", "2026-08-01"), "Leave.first: '14.8.2026' is not a date; write 2026-12-25"),
        (lambda: Leave("2026-02-30", "2026-08-01"), "Leave.first"),
        (lambda: pool(strategy="wieghted"), "Pool 'p'.strategy: .*'wieghted'; did you mean 'weighted'"),
        (lambda: pool(period="year"), "Pool 'p'.period: .*one of day, week, month"),
        (lambda: pool(none_eligible="wait"), "Pool 'p'.none_eligible"),
        (lambda: pool(none_eligible="queue"), "Pool 'p'.queue: none_eligible is 'queue'"),
        (lambda: pool(time_zone="Europe/Lubljana"), "Pool 'p'.time_zone: unknown time zone"),
        (lambda: pool(time_zone="../etc/passwd"), "time_zone"),
        (lambda: pool(members=(Member(user="a"), Member(user="a"))), "Pool 'p'.members: 'a' is there twice"),
        (lambda: pool(members=[Member(user="a")]), "Pool 'p'.members: expected a tuple, got list"),
        (lambda: pool(members=(Member(user="a", weight=2),)), "weight 2, unused by round_robin; .*weighted"),
        (lambda: pool(strategy="capacity"), "'a' needs a cap for the strategy 'capacity'"),
        (lambda: Queue(name="q", alarm_after="soon"), "Queue 'q'.alarm_after: 'soon' is not a duration; .*30d"),
        (lambda: Queue(name="q", alarm_after="0s"), "alarm_after: expected more than nothing"),
        (lambda: territory(target="ana"), "Territory 't'.target: unknown target 'ana'; write kind:name"),
        (lambda: territory(target="usr:ana"), "did you mean 'user'"),
        (lambda: territory(target="user:"), "'user:' names no user"),
        (lambda: territory(target="territory:t"), "unknown target"),
        (lambda: territory(countries=("SI", " ")), "Territory 't'.countries"),
        (lambda: territory(valid_from="2026-1-1"), "valid_from: '2026-1-1' is not a date"),
        (lambda: territory(valid_from="2026-02-01", valid_until="2026-01-01"), "valid_until: before valid_from"),
        (lambda: ProductLine(name="l", products=(), target="owner_of:x"), "ProductLine 'l'.target"),
        (lambda: sla(within="-1h"), "Sla 's'.within"),
        (lambda: sla(clock="office"), "Sla 's'.clock: .*one of always, working"),
        (lambda: sla(clock="working"), "Sla 's'.schedule: the clock 'working' needs"),
        (lambda: sla(on_breach="realert", queue="q"), "Sla 's'.on_breach: .*did you mean 'alert'"),
        (lambda: sla(on_breach="reassign"), "Sla 's'.queue: on_breach 'reassign' needs a queue"),
        (lambda: sla(max_hops=0), "Sla 's'.max_hops"),
        (lambda: Entry(name="e"), "Entry 'e'.target: without a target it must at least notify"),
        (lambda: Entry(name="e", target="team:x"), "Entry 'e'.target: unknown target"),
        (lambda: Entry(name="e", target="user:a", when=" "), "Entry 'e'.when"),
        (lambda: rules(default_owner="territory"), "AssignmentRules.default_owner: unknown target"),
        (lambda: rules(chain=("pol",)), "AssignmentRules.chain: unknown step 'pol'; did you mean 'pool'"),
        (lambda: rules(chain=("territory:north",)), "unknown step 'territory:north'"),
        (lambda: rules(product_mode="both"), "product_mode"),
        (lambda: rules(lead_owner="last"), "lead_owner"),
        (lambda: rules(queues=(Queue(name="q"), Queue(name="q"))), "queues: 'q' is there twice"),
    ],
)
def test_a_wrong_value_is_named(build: Callable[[], object], words: str) -> None:
    with pytest.raises(InvalidValueError, match=words.replace("1..*", r"1\.\.\d+.*")):
        build()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"week": {"mon": ("18:00-09:00",)}}, "Schedule 's'.week.mon: .* ends before it starts; .*18:00-33:00"),
        ({"week": {"mon": ("09:00-09:00",)}}, "ends before it starts"),
        ({"week": {"mon": ("9-18",)}}, "week.mon: '9-18' is not a block of hours; write 09:00-18:00"),
        ({"week": {"mon": "09:00-18:00"}}, "week.mon: expected a tuple of blocks"),
        ({"week": {"mon": ("24:00-25:00",)}}, "starts after its day"),
        ({"week": {"mon": ("01:00-26:00",)}}, "longer than a day"),
        ({"week": {"monday": ("09:00-18:00",)}}, "week.monday: unknown day 'monday'; did you mean 'mon'"),
        ({"week": {"mon-fri": (), "wed": ()}}, "week.wed: wed is said twice"),
        ({"holidays": ("25.12.",)}, "Schedule 's'.holidays: '25.12.' is not a date; write 2026-12-25 or 12-25"),
        ({"holidays": ("2026-13-01",)}, "holidays"),
        ({"exceptions": {"12-24": ()}}, "exceptions.12-24: not a date"),
        ({"exceptions": {"2026-12-24": ("x",)}}, "exceptions.2026-12-24: 'x' is not a block"),
        ({"time_zone": "Mars/Base"}, "Schedule 's'.time_zone: unknown time zone 'Mars/Base'; .*Europe/Vienna"),
        ({"name": ""}, "Schedule.*name"),
    ],
)
def test_a_wrong_schedule_is_named(more: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidValueError, match=words):
        Schedule(**{"name": "s", **more})


def test_runs_of_days_may_wrap_around_the_week() -> None:
    odd = Schedule(name="s", week={"sat-mon": ("10:00-12:00",), "wed": ("08:00-09:00", "10:00-11:00")})
    assert [len(blocks) for blocks in odd.days] == [1, 0, 2, 0, 0, 1, 1]
    assert all(Schedule(name="s", week={"mon-sun": ("00:00-24:00",)}).days)


def test_defaults_are_the_documented_ones() -> None:
    """Rules 98, 101, 105."""
    assert rules().chain == CHAIN
    assert CHAIN == (
        "existing_owner",
        "account_owner",
        "product_line",
        "territory",
        "pool",
        "queue",
        "default",
    )
    assert (pool().strategy, pool().period, pool().none_eligible) == ("round_robin", "month", "hold")
    assert (sla().clock, sla().on_breach, sla().max_hops, sla().within_us) == ("always", "alert", 3, 4 * HOUR_US)


def test_nothing_is_switched_on_by_default_and_one_day_is_a_span() -> None:
    assert not Member(user="a").paused
    entry = Entry(name="e", target="user:a")
    assert (entry.reassign, entry.stop) == (False, True)
    assert Leave("2026-08-01", "2026-08-01").first == "2026-08-01"
    assert territory(valid_from="2026-08-01", valid_until="2026-08-01").order == 0


def test_split_target() -> None:
    assert split_target("user: ana ") == ("user", "ana")


# -- all together -----------------------------------------------------------------------------------------


def everything() -> AssignmentRules:
    return rules(
        entries=(Entry(name="e", when="lead.source == 'fair'", target="pool:p", notify="n", slas=("s",)),),
        pools=(pool(schedule="h", queue="q", slas=("s",)),),
        territories=(territory(postcodes=("10",)),),
        product_lines=(ProductLine(name="l", products=("x",), target="pool:p"),),
        schedules=(Schedule(name="h", week={"mon": ("09:00-18:00",)}, exceptions={"2026-12-24": ()}),),
        slas=(sla(clock="working", schedule="h", on_breach="reassign", queue="q"),),
        chain=("pool:p", "queue:q"),
    )


def test_rules_are_plain_data() -> None:
    """The plain form is what a playbook holds and what its digest is made of: JSON all the way."""
    plain = to_plain(everything())
    assert json.loads(json.dumps(plain)) == plain
    assert plain["entries"][0]["target"] == "pool:p"
    assert plain["schedules"][0] == {
        "name": "h",
        "week": {"mon": ["09:00-18:00"]},
        "exceptions": {"2026-12-24": []},
    }


def test_nothing_points_nowhere() -> None:
    assert faults(everything()) == ()


def test_every_name_that_points_nowhere_is_listed() -> None:
    bad = rules(
        default_owner="queue:gone",
        entries=(Entry(name="e", target="territory:gone", slas=("gone",)),),
        pools=(pool(members=(Member(user="a", schedule="gone"),), schedule="gone", queue="gone", slas=("gone",)),),
        territories=(territory(target="pool:gone"),),
        product_lines=(ProductLine(name="l", products=("x",), target="queue:gone"),),
        slas=(sla(schedule="gone", queue="gone"),),
        chain=("pool:gone", "queue:gone"),
    )
    assert [path for path, _ in faults(bad)] == [
        "default_owner",
        "chain",
        "chain",
        "entries.e.target",
        "entries.e.slas",
        "territories.t.target",
        "product_lines.l.target",
        "pools.p.schedule",
        "pools.p.queue",
        "pools.p.slas",
        "pools.p.members.a",
        "slas.s.schedule",
        "slas.s.queue",
    ]
    assert all("gone" in said for _, said in faults(bad))


def test_users_and_relations_are_not_checked_here() -> None:
    assert faults(rules(default_owner="user:anybody", entries=(Entry(name="e", target="owner_of:form"),))) == ()


def test_a_default_pool_needs_a_queue_behind_it() -> None:
    """C3: no lead lands nowhere."""
    assert faults(rules(default_owner="pool:p", pools=(pool(),))) == (
        ("pools.p.queue", "the default owner's pool needs a queue for when nobody can take the lead"),
    )
    assert faults(rules(default_owner="pool:p", pools=(pool(queue="q"),))) == ()
