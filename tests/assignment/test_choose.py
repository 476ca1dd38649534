"""Choosing an owner: entries, the default chain, product lines; every answer says why."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st

from leadflow.assignment.choosing.choice import REASONS, AccountClaim, Choice, Interest, Request, reason_text
from leadflow.assignment.choosing.choose import choose
from leadflow.assignment.choosing.territory import Place
from leadflow.assignment.pools.rotation import PoolState
from leadflow.assignment.rules import (
    AssignmentRules,
    Entry,
    Member,
    Pool,
    ProductLine,
    Queue,
    Schedule,
    Sla,
    Territory,
    faults,
)
from leadflow.errors import NotFoundError
from leadflow.model.time import instant_us

NOW = instant_us(datetime(2026, 11, 23, 9, tzinfo=UTC))  # a Monday
USERS = ("ana", "bo", "cy", "di")


@frozen(kw_only=True)
class World:
    """What the rules can ask about, as plain values."""

    inactive: frozenset[str] = frozenset()
    unavailable: frozenset[str] = frozenset()
    pauses: Mapping[str, int] = field(factory=dict)
    open_counts: Mapping[str, int] = field(factory=dict)
    states: Mapping[str, PoolState] = field(factory=dict)
    owners: Mapping[str, str] = field(factory=dict)
    claims: tuple[AccountClaim, ...] = ()

    def is_active(self, user: str) -> bool:
        return user not in self.inactive

    def is_available(self, user: str) -> bool:
        return user not in self.unavailable

    def paused_until(self, user: str) -> int | None:
        return self.pauses.get(user)

    def open_leads(self, user: str) -> int:
        return self.open_counts.get(user, 0)

    def pool_state(self, pool: str) -> PoolState:
        return self.states.get(pool, PoolState())

    def owner_of(self, relation: str) -> str | None:
        return self.owners.get(relation)

    def accounts(self) -> Sequence[AccountClaim]:
        return self.claims


def rules(**more: Any) -> AssignmentRules:
    known: dict[str, Any] = {
        "default_owner": "queue:inbox",
        "queues": (Queue(name="inbox"), Queue(name="late")),
        "pools": (Pool(name="team", members=(Member(user="ana"), Member(user="bo"))),),
    }
    return AssignmentRules(**(known | more))


def ask(
    the_rules: AssignmentRules | None = None,
    world: World | None = None,
    *,
    true: tuple[str, ...] = (),
    target: str | None = None,
    **request: Any,
) -> Choice:
    the_rules = the_rules or rules()
    assert faults(the_rules) == ()
    return choose(
        the_rules,
        Request(**request),
        world or World(),
        NOW,
        holds=lambda entry: entry.when in true,
        target=target,
    )


def why(choice: Choice) -> list[tuple[str, str, str]]:
    return [(one.rule, one.user, one.reason) for one in choice.candidates]


def course(choice: Choice) -> list[tuple[str, str]]:
    return [(one.rule, one.reason) for one in choice.considered]


# -- laws -------------------------------------------------------------------------------------------------

user_names = st.sampled_from(USERS)
targets = st.sampled_from(
    ("user:ana", "user:di", "pool:team", "pool:shut", "pool:full", "queue:late", "territory", "owner_of:account")
)
final_targets = st.sampled_from(("user:ana", "user:di", "pool:full", "queue:late"))
entries = st.lists(
    st.builds(
        lambda target, when, reassign, stop: (target, when, reassign, stop),
        st.none() | targets,
        st.sampled_from((None, "yes", "no")),
        st.booleans(),
        st.booleans(),
    ),
    max_size=4,
).map(
    lambda rows: tuple(
        Entry(name=f"e{number}", target=target, when=when, reassign=reassign, stop=stop, notify=f"n{number}")
        for number, (target, when, reassign, stop) in enumerate(rows)
    )
)


@st.composite
def rule_sets(draw: st.DrawFn) -> AssignmentRules:
    none_eligible = draw(st.sampled_from(("hold", "queue", "default", "ignore_hours")))
    shut = Pool(name="shut", members=(Member(user="cy"),), schedule="never", queue="late", none_eligible=none_eligible)
    full = Pool(name="full", members=(Member(user="di", cap=1),), queue="late", none_eligible=none_eligible, slas=())
    team = Pool(
        name="team",
        members=(Member(user="ana", schedule="tuesday"), Member(user="bo", schedule="tuesday")),
        none_eligible=none_eligible,
        queue="late",
    )
    return AssignmentRules(
        default_owner=draw(final_targets),
        entries=draw(entries),
        pools=(team, shut, full),
        queues=(Queue(name="late"),),
        schedules=(Schedule(name="never"), Schedule(name="tuesday", week={"tue": ("09:00-17:00",)})),
        territories=(Territory(name="si", target=draw(final_targets), countries=("SI",)),),
        product_lines=(
            ProductLine(name="hard", products=("sensor",), target=draw(final_targets)),
            ProductLine(name="soft", products=("app",), target=draw(final_targets)),
        ),
        product_mode=draw(st.sampled_from(("single", "duplicate"))),
        lead_owner=draw(st.sampled_from(("first", "highest"))),
        chain=tuple(
            draw(
                st.permutations(
                    ("existing_owner", "account_owner", "product_line", "territory", "pool", "queue", "default")
                ).flatmap(lambda steps: st.integers(0, 7).map(lambda size: steps[:size]))
            )
        ),
    )


worlds = st.builds(
    World,
    inactive=st.frozensets(user_names),
    unavailable=st.frozensets(user_names),
    pauses=st.dictionaries(user_names, st.sampled_from((NOW - 1, NOW, NOW + 1))),
    open_counts=st.dictionaries(user_names, st.integers(0, 2)),
    owners=st.dictionaries(st.sampled_from(("person", "product_line:hard")), user_names),
    claims=st.lists(
        st.builds(
            AccountClaim,
            account=st.sampled_from("xyz"),
            owner=st.none() | user_names,
            by=st.sampled_from(("link", "domain", "name")),
            open_deals=st.integers(0, 2),
            active_us=st.integers(0, 2),
        ),
        max_size=3,
    ).map(tuple),
)
requests = st.builds(
    Request,
    owner=st.none() | user_names,
    is_duplicate=st.booleans(),
    has_free_mail=st.booleans(),
    place=st.sampled_from((Place(), Place(country="SI"))),
    interests=st.lists(
        st.builds(Interest, product=st.sampled_from(("sensor", "app", "other")), score=st.integers(0, 9)), max_size=3
    ).map(tuple),
    former_owners=st.frozensets(user_names, max_size=2),
)


def run(the_rules: AssignmentRules, request: Request, world: World) -> Choice:
    return choose(the_rules, request, world, NOW, holds=lambda entry: entry.when == "yes")


@given(rule_sets(), requests, worlds)
def test_somebody_some_queue_or_a_moment_is_always_found(
    the_rules: AssignmentRules, request: Request, world: World
) -> None:
    """C3: no lead lands nowhere; the answer names the rule, and each candidate once per reason, with the chosen."""
    choice = run(the_rules, request, world)
    assert choice.owner or choice.queue or choice.hold_until_us
    assert not (choice.owner and (choice.queue or choice.hold_until_us))
    assert choice.rule
    assert choice.strategy not in ("", "nobody")
    if choice.hold_until_us is not None:
        assert choice.hold_until_us > NOW
    if choice.owner is not None:
        assert any(one.user == choice.owner and one.is_chosen for one in choice.candidates)
    elif not choice.lines:
        assert not any(one.is_chosen for one in choice.candidates)


@given(rule_sets(), requests, worlds)
def test_nobody_gets_it_who_is_gone_or_had_it_before(
    the_rules: AssignmentRules, request: Request, world: World
) -> None:
    """C2. The default owner alone may be a former owner, and inactive only when there is no queue at all."""
    choice = run(the_rules, request, world)
    if choice.owner is not None and choice.strategy != "default":
        assert choice.owner not in world.inactive
        assert choice.owner not in request.former_owners
        if choice.pool is not None:
            assert choice.owner not in world.unavailable
            assert world.pauses.get(choice.owner, 0) <= NOW
    if choice.strategy == "default":
        assert choice.owner not in world.inactive


@given(rule_sets(), requests, worlds)
def test_an_owned_lead_keeps_its_owner_unless_a_rule_reassigns(
    the_rules: AssignmentRules, request: Request, world: World
) -> None:
    """Rule 97, S004-7."""
    gone = request.owner in world.inactive or request.owner in request.former_owners
    if request.owner is None or gone:
        return
    choice = run(the_rules, request, world)
    if choice.stage == "entry":
        assert next(entry for entry in the_rules.entries if entry.name == choice.rule).reassign
    else:
        assert choice.owner == request.owner
        assert choice.pools == {}


@given(rule_sets(), requests, worlds)
def test_a_test_run_is_the_same_run_and_changes_nothing(
    the_rules: AssignmentRules, request: Request, world: World
) -> None:
    """Rule 103, C5."""
    before = copy.deepcopy(world)
    assert run(the_rules, request, world) == run(the_rules, request, world)
    assert world == before


@given(rule_sets(), requests, worlds)
def test_every_reason_has_a_text(the_rules: AssignmentRules, request: Request, world: World) -> None:
    """C3: codes with parameters, so that a host can translate; ours is English."""
    choice = run(the_rules, request, world)
    for one in (*choice.candidates, *choice.considered):
        assert reason_text(one.reason, one.params)


@given(rule_sets(), requests, worlds)
def test_only_pools_that_gave_a_lead_move(the_rules: AssignmentRules, request: Request, world: World) -> None:
    choice = run(the_rules, request, world)
    turns = [one.params["pool"] for one in choice.candidates if one.reason == "turn"]
    assert set(choice.pools) == set(turns)
    for name, state in choice.pools.items():
        assert sum(one.leads for one in state.members.values()) == turns.count(name)


# -- entries ----------------------------------------------------------------------------------------------


def test_rule_96_the_first_entry_that_holds_wins() -> None:
    """S004-1, S004-2."""
    the_rules = rules(
        entries=(
            Entry(name="dach", when="dach", target="user:ana"),
            Entry(name="big", when="big", target="user:bo", notify="big-lead", slas=()),
            Entry(name="rest", target="user:cy"),
        )
    )
    choice = ask(the_rules, true=("big",))
    assert (choice.owner, choice.rule, choice.stage, choice.strategy) == ("bo", "big", "entry", "user")
    assert choice.notify == ("big-lead",)
    assert course(choice) == [("dach", "condition_false")]
    assert ask(the_rules).owner == "cy"


def test_rule_96_none_holds_and_the_chain_has_nothing_so_the_default_gets_it() -> None:
    the_rules = rules(pools=(), entries=(Entry(name="never", when="never", target="user:ana"),), chain=())
    choice = ask(the_rules)
    assert (choice.queue, choice.rule, choice.stage) == ("inbox", "default", "chain")


def test_the_default_can_be_a_user_and_passes_to_a_queue_when_gone() -> None:
    the_rules = rules(default_owner="user:di", chain=())
    assert ask(the_rules).owner == "di"
    gone = ask(the_rules, World(inactive=frozenset({"di"})))
    assert (gone.owner, gone.queue) == (None, "inbox")
    assert why(gone) == [("default", "di", "inactive")]
    alone = ask(evolve(the_rules, queues=()), World(inactive=frozenset({"di"})))
    assert alone.owner == "di"
    assert why(alone)[-1] == ("default", "di", "default_inactive")


def test_the_default_can_be_a_pool_with_a_queue_behind_it() -> None:
    team = Pool(name="team", members=(Member(user="ana"),), queue="late", none_eligible="default")
    the_rules = rules(default_owner="pool:team", pools=(team,), chain=())
    assert ask(the_rules).owner == "ana"
    assert ask(the_rules, World(inactive=frozenset({"ana"}))).queue == "late"


def test_an_entry_whose_user_is_gone_lets_the_next_one_speak() -> None:
    the_rules = rules(
        entries=(Entry(name="one", target="user:ana", notify="a"), Entry(name="two", target="user:bo", notify="b"))
    )
    choice = ask(the_rules, World(inactive=frozenset({"ana"})))
    assert (choice.owner, choice.rule, choice.notify) == ("bo", "two", ("b",))
    assert why(choice) == [("one", "ana", "inactive"), ("two", "bo", "named")]


def test_scenario_1_the_owner_stays_and_is_only_told() -> None:
    """S004-3, S004-4, S004-7: one rep owns the relationship; reaching the level notifies, nothing is reassigned."""
    the_rules = rules(entries=(Entry(name="ready", when="ready", notify="lead-ready"),))
    choice = ask(the_rules, true=("ready",), owner="cy")
    assert (choice.owner, choice.stage, choice.strategy, choice.notify) == ("cy", "kept", "kept", ("lead-ready",))
    assert course(choice) == [("ready", "notified")]
    fresh = ask(the_rules, World(owners={"person": "cy"}), true=("ready",))
    assert (fresh.owner, fresh.rule, fresh.notify) == ("cy", "existing_owner", ("lead-ready",))


def test_rule_97_reassign_allows_it() -> None:
    take = Entry(name="take", target="user:ana", reassign=True)
    leave = Entry(name="leave", target="user:bo", notify="n")
    assert ask(rules(entries=(take,)), owner="cy").owner == "ana"
    kept = ask(rules(entries=(leave, take)), owner="cy")  # the first that holds wins, and it does not reassign
    assert (kept.owner, kept.notify) == ("cy", ("n",))
    assert course(kept) == [("leave", "already_owned")]


def test_an_inactive_owner_does_not_keep_a_lead() -> None:
    choice = ask(world=World(inactive=frozenset({"cy"})), owner="cy")
    assert choice.owner == "ana"
    assert why(choice)[0] == ("owner", "cy", "inactive")


def test_an_entry_that_does_not_stop_lets_others_notify_but_not_take_over() -> None:
    the_rules = rules(
        entries=(
            Entry(name="one", target="user:ana", notify="a", stop=False),
            Entry(name="two", target="user:bo", notify="b", stop=False),
            Entry(name="three", notify="a"),
            Entry(name="four", notify="never"),
        )
    )
    choice = ask(the_rules)
    assert (choice.owner, choice.rule, choice.notify) == ("ana", "one", ("a", "b"))


def test_the_condition_of_an_entry_without_one_is_not_asked() -> None:
    the_rules = rules(entries=(Entry(name="all", target="user:ana"),))

    def never(entry: Entry) -> bool:
        raise AssertionError(entry.name)

    assert choose(the_rules, Request(), World(), NOW, holds=never).owner == "ana"


def test_skills_of_entry_and_request_are_both_required() -> None:
    team = Pool(name="team", members=(Member(user="ana", skills=("de",)), Member(user="bo", skills=("de", "eu"))))
    the_rules = rules(pools=(team,), entries=(Entry(name="all", target="pool:team", skills=("de",)),))
    choice = ask(the_rules, skills=frozenset({"eu"}))
    assert choice.owner == "bo"
    assert choice.candidates[0].params == {"skill": "eu"}


def test_owners_by_other_relations() -> None:
    """User ask 12: the owner of the campaign."""
    the_rules = rules(entries=(Entry(name="c", target="owner_of:campaign"),))
    assert ask(the_rules, World(owners={"campaign": "di"})).owner == "di"
    assert course(ask(the_rules))[0] == ("c", "no_owner")


def test_slas_of_entry_and_pool_start_together() -> None:
    team = Pool(name="team", members=(Member(user="ana"),), slas=("call", "mail"))
    the_rules = rules(
        pools=(team,),
        entries=(Entry(name="all", target="pool:team", slas=("visit", "call")),),
        slas=tuple(Sla(name=name, within="4h") for name in ("call", "mail", "visit")),
    )
    assert ask(the_rules).slas == ("visit", "call", "mail")


# -- the chain --------------------------------------------------------------------------------------------


def test_rule_98_the_chain_in_order() -> None:
    the_rules = rules(
        product_lines=(ProductLine(name="hard", products=("sensor",), target="user:cy"),),
        territories=(Territory(name="si", target="user:di", countries=("SI",)),),
        notify="assigned",
    )
    request: dict[str, Any] = {"interests": (Interest(product="sensor"),), "place": Place(country="SI")}
    claims = (AccountClaim(account="a1", owner="bo"),)
    full = World(owners={"person": "ana"}, claims=claims)
    steps = [ask(the_rules, full, **request), ask(the_rules, World(claims=claims), **request)]
    steps.append(ask(the_rules, **request))
    steps.append(ask(the_rules, place=Place(country="SI")))
    steps.append(ask(the_rules))
    steps.append(ask(evolve(the_rules, pools=())))
    found = [(step.rule, step.owner or step.queue) for step in steps]
    assert found == [
        ("existing_owner", "ana"),
        ("account_owner", "bo"),
        ("product_line", "cy"),
        ("territory", "di"),
        ("pool", "ana"),
        ("queue", "inbox"),
    ]
    assert all(step.notify == ("assigned",) for step in steps)
    assert course(steps[4])[:2] == [("existing_owner", "no_owner"), ("account_owner", "no_account")]


def test_c4_a_returning_buyer_does_not_go_to_a_stranger_and_uses_no_turn() -> None:
    choice = ask(world=World(owners={"person": "di"}))
    assert choice.owner == "di"
    assert choice.pools == {}


def test_rule_103_a_duplicate_goes_to_the_same_owner_before_any_rule() -> None:
    the_rules = rules(entries=(Entry(name="all", target="pool:team", reassign=True),))
    for choice in (
        ask(the_rules, World(owners={"person": "di"}), is_duplicate=True),
        ask(the_rules, owner="di", is_duplicate=True),
    ):
        assert (choice.owner, choice.stage, choice.pools) == ("di", "duplicate", {})
    gone = ask(the_rules, World(owners={"person": "di"}, inactive=frozenset({"di"})), is_duplicate=True)
    assert (gone.owner, gone.stage) == ("ana", "entry")


def test_rule_98_accounts_by_domain_then_name_most_deals_latest_smallest() -> None:
    def claim(account: str, **more: Any) -> AccountClaim:
        return AccountClaim(account=account, owner=f"u-{account}", **more)

    ranked = (
        claim("g", by="link"),
        claim("f", by="domain", open_deals=2, active_us=1),
        claim("e", by="domain", open_deals=1, active_us=9),
        claim("b", by="domain", open_deals=1, active_us=5),
        claim("d", by="domain", open_deals=1, active_us=5),
        claim("a", by="name", open_deals=9),
    )
    for number in range(len(ranked)):
        assert ask(world=World(claims=tuple(reversed(ranked[number:])))).owner == ranked[number].owner


def test_rule_98_a_free_mail_domain_never_gives_an_account() -> None:
    claims = (
        AccountClaim(account="gmail", owner="cy", by="domain"),
        AccountClaim(account="acme", owner="di", by="name"),
    )
    assert ask(world=World(claims=claims)).owner == "cy"
    choice = ask(world=World(claims=claims), has_free_mail=True)
    assert choice.owner == "di"
    assert ("account_owner", "free_mail") in course(choice)


def test_rule_98_an_inactive_or_missing_account_owner_is_passed_over() -> None:
    claims = (
        AccountClaim(account="a", owner=None),
        AccountClaim(account="b", owner="cy"),
        AccountClaim(account="c", owner="di"),
    )
    choice = ask(world=World(claims=claims, inactive=frozenset({"cy"})))
    assert choice.owner == "di"
    assert why(choice) == [("account_owner", "cy", "inactive"), ("account_owner", "di", "related")]
    assert ("account_owner", "unowned_account") in course(choice)


def test_the_chain_can_be_cut_reordered_and_name_its_pool() -> None:
    two = (
        Pool(name="team", members=(Member(user="ana"),)),
        Pool(name="other", members=(Member(user="cy"),)),
    )
    world = World(owners={"person": "di"})
    assert ask(rules(pools=two, chain=("pool:other", "existing_owner")), world).owner == "cy"
    assert ask(rules(pools=two, chain=("queue:late",)), world).queue == "late"
    assert ask(rules(pools=two, chain=("default", "existing_owner")), world).queue == "inbox"


def test_a_territory_by_address_or_by_name() -> None:
    the_rules = rules(
        territories=(
            Territory(name="si", target="pool:team", countries=("SI",)),
            Territory(name="hr", target="user:di", countries=("HR",)),
        ),
        entries=(
            Entry(name="croatia", when="hr", target="territory:hr"),
            Entry(name="map", target="territory"),
        ),
    )
    assert ask(the_rules, true=("hr",), place=Place(country="SI")).owner == "di"
    choice = ask(the_rules, place=Place(country="SI"))
    assert (choice.owner, choice.rule, choice.pool) == ("ana", "map", "team")
    assert choice.considered[1].params == {"territory": "si", "level": "country"}
    assert ("map", "no_territory") in course(ask(the_rules))


# -- pools ------------------------------------------------------------------------------------------------


def test_successive_leads_take_turns_and_say_why_not_the_others() -> None:
    states: dict[str, PoolState] = {}
    owners = []
    for _ in range(4):
        choice = ask(world=World(states=states))
        states.update(choice.pools)
        owners.append(choice.owner)
    assert owners == ["ana", "bo", "ana", "bo"]
    assert why(choice) == [("pool", "ana", "not_next"), ("pool", "bo", "turn")]
    assert choice.candidates[1].params == {"pool": "team", "strategy": "round_robin"}


def closed(none_eligible: str, **more: Any) -> AssignmentRules:
    team = Pool(name="team", members=(Member(user="ana"),), schedule="tuesday", none_eligible=none_eligible, **more)
    tuesday = Schedule(name="tuesday", week={"tue": ("09:00-17:00",)})
    return rules(pools=(team,), schedules=(tuesday,), chain=("pool", "queue:late"))


def test_rule_103_nobody_eligible_hold() -> None:
    choice = ask(closed("hold"))
    assert (choice.owner, choice.queue, choice.pool, choice.strategy) == (None, None, "team", "hold")
    assert choice.hold_until_us == instant_us(datetime(2026, 11, 24, 9, tzinfo=UTC))
    assert choice.pools == {}
    assert why(choice) == [("pool", "ana", "off_hours")]
    assert ask(closed("hold", queue="inbox")).queue == "inbox"


def test_a_hold_with_no_end_goes_on_instead() -> None:
    """User ask 12: leads are never left unassigned by a limit; a queue comes next."""
    gone = World(inactive=frozenset({"ana"}))
    assert (ask(closed("hold"), gone).queue, ask(closed("hold"), gone).rule) == ("late", "queue:late")
    assert ask(closed("hold", queue="inbox"), gone).queue == "inbox"


def test_rule_103_nobody_eligible_queue_default_or_ignore_hours() -> None:
    assert ask(closed("queue", queue="late")).queue == "late"
    assert ask(closed("default")).queue == "inbox"
    assert ask(closed("ignore_hours")).owner == "ana"
    assert ask(closed("ignore_hours"), World(unavailable=frozenset({"ana"}))).queue == "late"


def test_a_user_who_is_unavailable_is_out_of_rotation_but_keeps_his_customers() -> None:
    world = World(unavailable=frozenset({"ana"}), owners={"person": "ana"})
    assert ask(world=world).owner == "ana"
    choice = ask(world=evolve(world, owners={}))
    assert choice.owner == "bo"
    assert ("pool", "ana", "unavailable") in why(choice)


def test_capacity_asks_for_open_leads() -> None:
    team = Pool(name="team", members=tuple(Member(user=u, cap=5) for u in ("ana", "bo")), strategy="capacity")
    assert ask(rules(pools=(team,)), World(open_counts={"ana": 3, "bo": 2})).owner == "bo"


def test_rule_105_the_same_pool_again_without_its_former_owners() -> None:
    choice = ask(target="pool:team", owner="ana", former_owners=frozenset({"ana"}))
    assert (choice.owner, choice.stage) == ("bo", "target")
    both = ask(target="pool:team", owner="bo", former_owners=frozenset({"ana", "bo"}))
    assert both.queue == "inbox"


def test_strategies_of_the_host_see_the_open_leads() -> None:
    """S004-16."""

    def busiest(eligible: Any, state: PoolState, situation: Any) -> tuple[str, PoolState]:
        return max(eligible, key=lambda member: situation.open_counts[member.user]).user, state

    team = Pool(name="team", members=(Member(user="ana"), Member(user="bo")), strategy="acme.busiest")
    choice = choose(
        rules(pools=(team,)),
        Request(),
        World(open_counts={"bo": 2}),
        NOW,
        holds=lambda entry: True,
        strategies={"acme.busiest": busiest},
    )
    assert (choice.owner, choice.strategy) == ("bo", "acme.busiest")


# -- product lines ----------------------------------------------------------------------------------------


def lines(**more: Any) -> AssignmentRules:
    return rules(
        product_lines=(
            ProductLine(name="hard", products=("sensor", "probe"), target="user:cy"),
            ProductLine(name="soft", products=("app",), target="pool:team"),
        ),
        **more,
    )


BOTH = (Interest(product="app", score=2), Interest(product="sensor", score=5), Interest(product="probe", score=7))


def test_rule_99_scenario_2_every_interest_has_its_owner() -> None:
    """S004-13, S004-15: the reps of the lines; the lead's own owner is that of the first or highest interest."""
    first = ask(lines(), interests=BOTH)
    assert [(one.line, one.owner, one.score) for one in first.lines] == [("soft", "ana", 2), ("hard", "cy", 7)]
    assert (first.owner, first.rule) == ("ana", "product_line")
    assert ask(lines(lead_owner="highest"), interests=BOTH).owner == "cy"
    assert ask(lines(product_mode="duplicate"), interests=BOTH).lines == first.lines
    assert why(first)[-1] == ("product_line:hard", "cy", "named")


def test_rule_99_two_lines_of_one_pool_take_two_turns() -> None:
    the_rules = rules(product_lines=tuple(ProductLine(name=n, products=(n,), target="pool:team") for n in ("x", "y")))
    choice = ask(the_rules, interests=(Interest(product="x"), Interest(product="y")))
    assert [one.owner for one in choice.lines] == ["ana", "bo"]
    assert sum(one.leads for one in choice.pools["team"].members.values()) == 2


def test_rule_99_an_interest_of_no_line_goes_to_the_pool() -> None:
    choice = ask(lines(), interests=(Interest(product="unknown"),))
    assert (choice.rule, choice.owner, choice.lines) == ("pool", "ana", ())
    assert ("product_line", "no_line") in course(choice)


def test_a_line_whose_rep_is_gone_is_handled_by_the_later_steps() -> None:
    choice = ask(lines(), World(inactive=frozenset({"cy"})), interests=BOTH[1:])
    assert [(one.line, one.owner, one.pool) for one in choice.lines] == [("hard", "ana", "team")]


def test_the_step_right_after_the_product_lines_is_asked_first() -> None:
    the_rules = lines(territories=(Territory(name="si", target="user:di", countries=("SI",)),))
    choice = ask(the_rules, World(inactive=frozenset({"cy"})), interests=BOTH[1:], place=Place(country="SI"))
    assert [one.owner for one in choice.lines] == ["di"]


def test_a_product_of_two_lines_belongs_to_the_first() -> None:
    the_rules = rules(
        product_lines=tuple(ProductLine(name=n, products=("x",), target="pool:team") for n in ("one", "two"))
    )
    assert [one.line for one in ask(the_rules, interests=(Interest(product="x"),)).lines] == ["one"]


def test_a_returning_buyer_of_a_line_keeps_its_rep() -> None:
    choice = ask(lines(), World(owners={"product_line:hard": "di"}), interests=BOTH)
    assert [one.owner for one in choice.lines] == ["ana", "di"]


def test_a_line_that_only_a_queue_takes_leaves_the_lead_to_the_other() -> None:
    the_rules = rules(
        product_lines=(
            ProductLine(name="q", products=("q",), target="queue:late"),
            ProductLine(name="u", products=("u",), target="user:di"),
        )
    )
    choice = ask(the_rules, interests=(Interest(product="q"), Interest(product="u")))
    assert [(one.owner, one.queue) for one in choice.lines] == [(None, "late"), ("di", None)]
    assert choice.owner == "di"
    assert ask(the_rules, interests=(Interest(product="q"),)).queue == "late"


# -- names ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["pool:gone", "queue:gone", "territory:gone"])
def test_a_name_that_is_not_defined_is_an_error(target: str) -> None:
    the_rules = rules(entries=(Entry(name="bad", target=target),))
    assert [path for path, _ in faults(the_rules)] == ["entries.bad.target"]
    with pytest.raises(NotFoundError, match="gone"):
        choose(the_rules, Request(), World(), NOW, holds=lambda entry: True)


def test_reasons_read_well() -> None:
    assert len(set(REASONS.values())) == len(REASONS)
    assert reason_text("cap_reached", {"open": 3, "cap": 3}) == "3 leads open, the cap is 3"
