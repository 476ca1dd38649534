"""Who gets the lead, and who is told: S004-1 to S004-16 and rules 96 to 108, through the engine."""

from __future__ import annotations

from collections import Counter
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import attrs
import pytest

from leadflow.assignment.rules import Entry, Member, Pool, ProductLine, Queue, Schedule, Sla, Territory
from leadflow.scoring.rules import Rule

from .conftest import Start
from .scene import Scene, assignment, scoring


def ready(scene: Scene, email: str = "ana@kos.example", **more: Any) -> str:
    """A submission whose lead is made sales-ready by hand."""
    lead = scene.submit(email=email, **more).lead
    assert lead is not None
    scene.say("set_flag", lead=lead, flag="sales_ready").unwrap()
    return lead


def many(scene: Scene, count: int) -> list[str | None]:
    """Owners of so many sales-ready leads of different people at different companies."""
    return [scene.lead(ready(scene, f"p{number}@c{number}.example")).owner_id for number in range(count)]


# -- when and how a lead is passed on ---------------------------------------------------------------------


def test_s004_1_a_sales_ready_lead_is_passed_on_at_once(start: Start) -> None:
    """S004-1: in the same transaction in which the score reaches the threshold; the owner's message is planned in it."""
    playbook = scoring(Rule(name="clicks", points=5, each="email.clicked"), threshold=5)
    scene = start(attrs.evolve(playbook, assignment=assignment().assignment))
    lead = scene.submit().lead
    assert scene.lead(lead).owner_id is None
    done = scene.did("email.clicked")
    assert scene.lead(lead).owner_id == "ana"
    assert {"threshold_reached", "owner_assigned", "message_planned"} <= {each.type for each in done.decisions}


def test_s004_2_rules_decide_when_and_how(start: Start) -> None:
    """S004-2, rule 96: entries in order, the first that holds wins; none: the chain, then the default owner."""
    scene = start(
        assignment(
            entries=(
                Entry(name="big", when="account.employees >= 500", target="user:cy"),
                Entry(name="partners", when='lead.source == "partner"', target="queue:q"),
            ),
        )
    )
    big = ready(scene, "a@big.example", employees="900", context={"source": "partner"})
    partner = ready(scene, "b@b.example", context={"source": "partner"})
    other = ready(scene, "c@c.example")
    assert scene.lead(big).owner_id == "cy"
    assert (scene.lead(partner).owner_id, scene.lead(partner).queue) == (None, "q")
    assert scene.lead(other).owner_id == "ana"
    assert [each.rule for each in scene.decided("owner_assigned")] == ["big", "pool"]


def test_s004_2_other_flags_may_set_assignment_off(start: Start) -> None:
    """S004-2: when: on sales-ready by default, or on another flag."""
    scene = start(assignment(triggers=("teleprospect_ready",)))
    lead = scene.submit().lead
    scene.say("set_flag", lead=lead, flag="teleprospect_ready").unwrap()
    assert scene.lead(lead).owner_id == "ana"


def test_nobody_is_left_without_an_owner_or_a_queue(start: Start) -> None:
    """Rule 96: a default owner always exists."""
    scene = start(assignment(pools=(), chain=("existing_owner",)))
    assert scene.lead(ready(scene)).queue == "q"


def test_the_result_names_the_rule_and_why_each_candidate_was_skipped(start: Start) -> None:
    """Rule 97: users want to know why."""
    members = (Member(user="ana", paused=True), Member(user="bo"), Member(user="cy"))
    scene = start(assignment(pools=(Pool(name="inbound", members=members),)))
    scene.user("bo", is_active=False)
    lead = ready(scene)
    (assigned,) = scene.decided("owner_assigned", lead)
    assert (assigned.owner, assigned.rule, assigned.strategy, assigned.pool) == ("cy", "pool", "round_robin", "inbound")
    assert dict(assigned.candidates) == {"ana": "paused", "bo": "inactive", "cy": "turn"}


def test_a_test_run_picks_without_writing(start: Start) -> None:
    """Rule 103, test run: `preview` tells who would get it; nobody's turn is used."""
    scene = start(assignment())
    lead = scene.submit().lead
    command = {"type": "assign", "key": "try", "lead": lead}
    for _ in range(2):
        told = scene.flow.preview(command)
        assert [each.decision.owner for each in told.decisions if each.type == "owner_assigned"] == ["ana"]
    assert scene.lead(lead).owner_id is None


# -- scenario 1: one person owns the relationship ---------------------------------------------------------


def test_s004_3_s004_4_the_rep_keeps_the_leads_of_his_people(start: Start) -> None:
    """S004-3, S004-4, rule 98: the existing owner of the same person gets the next lead; no turn is used."""
    scene = start(assignment())
    first = ready(scene, context={"page": "sensors"})
    others = many(scene, 2)
    second = ready(scene, context={"page": "software"})
    assert first != second
    assert scene.lead(first).owner_id == scene.lead(second).owner_id == "ana"
    assert others == ["bo", "ana"]
    assert scene.decided("owner_assigned", second)[0].rule == "existing_owner"
    assert many(scene, 1) == ["bo"]


def test_s004_4_the_owner_of_the_account_gets_its_leads(start: Start) -> None:
    """S004-4, rule 98: by the account that matching found, unless its owner is inactive."""
    scene = start(assignment())
    for user, domain, active in (("dee", "kos.example", True), ("eva", "nova.example", False)):
        scene.user(user, is_active=active)
        scene.say("account", account={"domain": domain, "owner_id": user}).unwrap()
    kos, nova = ready(scene, "ana@kos.example"), ready(scene, "bo@nova.example")
    assert (scene.lead(kos).owner_id, scene.decided("owner_assigned", kos)[0].rule) == ("dee", "account_owner")
    assert scene.lead(nova).owner_id == "ana"
    assert ("eva", "inactive") in scene.decided("owner_assigned", nova)[0].candidates


def test_a_free_mail_domain_gives_nobody_an_account_owner(start: Start) -> None:
    """Rule 98: free-mail domains never match."""
    scene = start(assignment())
    scene.say("account", account={"name": "Gmail", "domain": "gmail.com", "owner_id": "dee"}).unwrap()
    assert scene.lead(ready(scene, "ana@gmail.com")).owner_id == "ana"


def test_s004_7_no_reassignment_only_a_message(start: Start) -> None:
    """S004-7: an owned lead keeps its owner, who hears that it is ready now."""
    scene = start(assignment())
    lead = scene.submit().lead
    scene.say("assign", lead=lead, owner="dee").unwrap()
    scene.say("set_flag", lead=lead, flag="sales_ready").unwrap()
    assert scene.lead(lead).owner_id == "dee"
    assert ("lead-ready", "dee") in scene.messages()


def test_s004_7_s004_8_a_rule_may_only_tell(start: Start) -> None:
    """S004-7, S004-8: an entry without a target tells the owner with a template of its own and assigns nobody."""
    entry = Entry(name="tell", when="lead.sales_ready", notify="call-today", stop=False)
    scene = start(assignment(entries=(entry,)))
    lead = scene.submit().lead
    scene.say("assign", lead=lead, owner="dee").unwrap()
    scene.say("set_flag", lead=lead, flag="sales_ready").unwrap()
    assert scene.lead(lead).owner_id == "dee"
    assert ("call-today", "dee") in scene.messages()


def test_s004_7_an_entry_may_say_that_it_reassigns(start: Start) -> None:
    """Rule 97: owned records are not reassigned unless the entry allows it."""
    entries = [Entry(name="vip", when="lead.sales_ready", target="user:cy", reassign=yes) for yes in (False, True)]
    owners = []
    for entry in entries:
        scene = start(assignment(entries=(entry,)))
        lead = scene.submit().lead
        scene.say("assign", lead=lead, owner="dee").unwrap()
        scene.say("set_flag", lead=lead, flag="sales_ready").unwrap()
        owners.append(scene.lead(lead).owner_id)
    assert owners == ["dee", "cy"]


def test_s004_5_s004_6_the_rep_is_told_when_his_leads_engage(start: Start) -> None:
    """S004-5, S004-6, rule 108: at once, at most one alert per lead and kind in 15 minutes, machines apart."""
    scene = start(assignment(alerts=("email.clicked", "page.visited"), digest=False))
    lead = scene.submit().lead
    scene.did("email.clicked")
    assert scene.messages() == []
    scene.say("assign", lead=lead, owner="bo").unwrap()
    for _ in range(3):
        scene.did("email.clicked")
    scene.did("page.visited")
    scene.did("email.opened")
    assert Counter(scene.messages())["lead-engaged", "bo"] == 2
    scene.clock.advance("16min")
    scene.did("email.clicked", is_machine=True)
    assert Counter(scene.messages())["lead-engaged", "bo"] == 2
    scene.did("email.clicked")
    assert Counter(scene.messages())["lead-engaged", "bo"] == 3


def test_s004_6_a_daily_digest_names_the_leads_that_were_active(start: Start) -> None:
    """S004-6, rule 108: one digest a day to each owner, only for his own leads."""
    scene = start(assignment(alerts=("email.clicked",), digest=True))
    leads = []
    for email, owner in (("ana@kos.example", "bo"), ("cy@nova.example", "dee")):
        leads.append(scene.submit(email=email).lead)
        scene.say("assign", lead=leads[-1], owner=owner).unwrap()
        scene.did("email.clicked", email=email)
    scene.clock.advance("1d")
    scene.flow.tick()
    digests = {each.recipient: each.parameters["list"] for each in scene.rows("outbox") if each.template == "digest"}
    assert digests == {"bo": leads[0], "dee": leads[1]}
    scene.clock.advance("3d")
    scene.flow.tick()
    assert len([each for each in scene.rows("outbox") if each.template == "digest"]) == 2


def test_s004_5_the_owner_reads_it_as_mail(start: Start, tmp_path: Path) -> None:
    """S004-5: the outbox becomes .eml files; delivering again delivers nothing twice."""
    scene = start(assignment())
    scene.user("ana")
    ready(scene, first_name="Eva\r\nBcc: all@x.example", last_name="Novak")
    delivered = scene.flow.deliver(tmp_path / "out")
    assert delivered.handed_over == 1
    (path,) = sorted((tmp_path / "out").rglob("*.eml"))
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert mail["To"] == "Ana <ana@sales.example>"
    assert mail["Subject"] == "New lead: Eva Bcc: all@x.example Novak"
    assert mail["Bcc"] is None
    assert scene.flow.deliver(tmp_path / "out").total == 0


# -- lists ------------------------------------------------------------------------------------------------


def test_s004_8_s004_9_lists_are_conditions(start: Start) -> None:
    """S004-8, S004-9, rule 107: object, condition, order; evaluated when asked, nothing stored."""
    scene = start(assignment())
    leads = [ready(scene, f"p{number}@c{number}.example") for number in range(3)]
    mine = scene.flow.leads('lead.owner == "ana" and lead.sales_ready', order_by="created_at")
    assert {listed.lead.id for listed in mine} == {leads[0], leads[2]}
    assert len(scene.flow.leads(limit=2)) == 2


def test_s004_11_a_list_of_leads_with_a_score_over_x(start: Start) -> None:
    """S004-11, rule 106: over X means more than X, in the order of points."""
    scene = start(scoring(Rule(name="clicks", points=5, each="email.clicked")))
    leads = []
    for number in range(4):
        email = f"p{number}@c{number}.example"
        leads.append(scene.submit(email=email).lead)
        for _ in range(number):
            scene.did("email.clicked", email=email)
    found = scene.flow.leads('score("m") > 5', order_by="-score")
    assert [(listed.lead.id, listed.scores["m"]) for listed in found] == [(leads[3], 15), (leads[2], 10)]


def test_s004_12_the_team_checks_what_is_new(start: Start) -> None:
    """S004-12, rule 107: new since my last look."""
    scene = start(assignment())
    ready(scene, "old@old.example")
    scene.clock.advance("1h")
    looked = scene.clock.at
    new = ready(scene, "new@new.example")
    assert [listed.lead.id for listed in scene.flow.leads("lead.sales_ready", since=looked)] == [new]
    scene.clock.advance("1s")
    assert scene.flow.leads(since=scene.clock.at) == []


# -- scenario 2: product lines, territories, pools --------------------------------------------------------

LINES = (
    ProductLine(name="hardware", products=("sensor", "gateway"), target="user:hana"),
    ProductLine(name="software", products=("app",), target="pool:inbound"),
)


@pytest.mark.parametrize(
    ("product", "owner", "rule"),
    [
        ("sensor", "hana", "product_line"),
        ("app", "ana", "product_line"),
        ("chair", "ana", "pool"),
        (None, "ana", "pool"),
    ],
)
def test_s004_13_each_product_line_has_its_rep(start: Start, product: str | None, owner: str, rule: str) -> None:
    """S004-13, rule 99: the lead gets to the right rep of the group; an interest in no line goes to the pool."""
    scene = start(assignment(product_lines=LINES))
    lead = ready(scene, context={} if product is None else {"product": product})
    assert (scene.lead(lead).owner_id, scene.decided("owner_assigned", lead)[0].rule) == (owner, rule)


def test_s004_15_several_interests_are_single_leads_of_one_person(start: Start) -> None:
    """S004-15: one record for one interest; the person's leads are linked by the contact and have owners of their own."""
    scene = start(assignment(product_lines=LINES, chain=("product_line", "pool", "default")))
    leads = [ready(scene, context={"page": product, "product": product}) for product in ("sensor", "app", "sensor")]
    assert leads[0] == leads[2] != leads[1]
    assert [scene.lead(lead).owner_id for lead in leads[:2]] == ["hana", "ana"]
    assert len({scene.lead(lead).contact_id for lead in leads}) == 1


@pytest.mark.parametrize(
    ("place", "owner"),
    [
        ({"country": "SI", "postcode": "1000", "city": "Ljubljana"}, "pia"),
        ({"country": "SI", "city": "ljubljana"}, "lea"),
        ({"country": "si"}, "sam"),
        ({"country": "DE"}, "ana"),
    ],
)
def test_s004_14_territories_by_the_most_specific_match(start: Start, place: dict[str, str], owner: str) -> None:
    """S004-14, rule 102: postcode, then city, then country; nothing that fits: the pool."""
    territories = (
        Territory(name="country", countries=("SI",), target="user:sam"),
        Territory(name="city", cities=("Ljubljana",), target="user:lea"),
        Territory(name="post", postcodes=("10",), target="user:pia"),
    )
    scene = start(assignment(territories=territories))
    scene.say("contact", contact={"email": "ana@kos.example", **place}).unwrap()
    assert scene.lead(ready(scene)).owner_id == owner


def test_s004_16_the_strategy_of_a_pool_is_chosen_by_name(start: Start) -> None:
    """S004-16, rule 115: weighted rotation A:3, B:1, C:1 gives A B A C A, again and again."""
    members = (Member(user="a", weight=3), Member(user="b"), Member(user="c"))
    scene = start(assignment(pools=(Pool(name="inbound", members=members, strategy="weighted"),)))
    assert "".join(str(owner) for owner in many(scene, 10)) == "abacaabaca"


def test_rule_115_whoever_is_out_is_taken_out_before_the_choice(start: Start) -> None:
    """Rule 115: without A: B C B C."""
    members = (Member(user="a", weight=3), Member(user="b"), Member(user="c"))
    scene = start(assignment(pools=(Pool(name="inbound", members=members, strategy="weighted"),)))
    scene.user("a", is_active=False)
    assert "".join(str(owner) for owner in many(scene, 4)) == "bcbc"


def test_s004_16_the_least_loaded_gets_it(start: Start) -> None:
    """S004-16: another strategy by name; a lead that is closed frees its owner."""
    members = (Member(user="ana", cap=2), Member(user="bo", cap=1))
    scene = start(assignment(pools=(Pool(name="inbound", members=members, strategy="capacity", queue="q"),)))
    owners = many(scene, 4)
    assert Counter(owners) == {"ana": 2, "bo": 1, None: 1}
    closed = next(lead for lead in scene.rows("lead") if lead.owner_id == "bo")
    scene.say("set_lead_state", lead=closed.id, state="disqualified", reason="spam").unwrap()
    assert scene.lead(ready(scene, "x@x.example")).owner_id == "bo"


def test_thirty_leads_and_two_equal_members(start: Start) -> None:
    """Rule 101: 15 and 15, and never more than one apart on the way."""
    scene = start(assignment())
    owners = many(scene, 30)
    assert Counter(owners) == {"ana": 15, "bo": 15}
    for end in range(31):
        counts = Counter(owners[:end])
        assert abs(counts["ana"] - counts["bo"]) <= 1


def test_two_simultaneous_leads_get_two_turns(start: Start) -> None:
    """Rule 103: selection and pointer are one step, in one batch too."""
    scene = start(assignment())
    leads = [scene.submit(email=f"p{number}@c{number}.example").lead for number in range(4)]
    commands = [
        {"type": "set_flag", "key": f"f{number}", "lead": lead, "flag": "sales_ready"}
        for number, lead in enumerate(leads)
    ]
    assert scene.flow.do(*commands).is_ok
    assert [scene.lead(lead).owner_id for lead in leads] == ["ana", "bo", "ana", "bo"]


def test_a_returned_lead_gives_the_turn_back(start: Start) -> None:
    """Rule 102: credit back: the rep of an invalid lead gets the next one."""
    scene = start(assignment(pools=(Pool(name="inbound", members=(Member(user="ana"), Member(user="bo")),
                                         strategy="least_loaded"),)))  # fmt: skip
    first = ready(scene, "p@p.example")
    assert scene.lead(first).owner_id == "ana"
    scene.say("credit", lead=first, reason="wrong number").unwrap()
    assert many(scene, 3) == ["ana", "bo", "ana"]
    again = scene.say("credit", lead=scene.submit(email="q@q.example").lead)
    assert again.refusal is not None
    assert again.refusal.code == "no_turn"


# -- hours, queues, people who leave ----------------------------------------------------------------------

OFFICE = Schedule(name="office", week={"mon-fri": ("09:00-18:00",)}, holidays=("2026-11-09",))


def test_outside_working_hours_a_lead_is_held_until_they_begin(start: Start) -> None:
    """Rules 100, 103: held until the next opening, a holiday does not count; then the rotation goes on."""
    members = (Member(user="ana"), Member(user="bo"))
    scene = start(assignment(schedules=(OFFICE,), pools=(Pool(name="inbound", members=members, schedule="office"),)))
    scene.clock.set("2026-11-07T12:00:00Z")
    lead = ready(scene)
    held = scene.decided("lead_queued", lead)[-1]
    assert dict(held.candidates) == {"ana": "off_hours", "bo": "off_hours"}
    assert scene.lead(lead).owner_id is None
    scene.clock.set("2026-11-09T12:00:00Z")
    scene.flow.tick()
    assert scene.lead(lead).owner_id is None
    scene.clock.set("2026-11-10T09:00:00Z")
    scene.flow.tick()
    assert scene.lead(lead).owner_id == "ana"


def test_a_queue_is_claimed_once(start: Start) -> None:
    """Rule 104: members may claim; the first claim wins, also within one batch."""
    scene = start(assignment(pools=(), queues=(Queue(name="q", members=("ana", "bo")),)))
    lead = ready(scene)
    claims = [{"type": "claim", "key": user, "lead": lead, "user": user} for user in ("cy", "bo", "ana")]
    results = scene.flow.do(*claims)
    assert [each.refusal and each.refusal.code for each in results] == ["not_a_member", None, "not_queued"]
    assert (scene.lead(lead).owner_id, scene.lead(lead).queue) == ("bo", None)


def test_an_unclaimed_lead_raises_an_alarm(start: Start) -> None:
    """Rule 104: unclaimed age alarms."""
    scene = start(assignment(pools=(), queues=(Queue(name="q", alarm_after="4h"),)))
    lead = ready(scene)
    scene.clock.advance("5h")
    scene.flow.tick()
    assert missed(scene, lead) == ["queue q"]


@pytest.mark.parametrize(
    ("queue", "told"),
    [
        (Queue(name="q", alarm_after="4h", members=("ana", "eva"), manager="meg"), {"ana", "meg"}),
        (Queue(name="q", alarm_after="4h", manager="meg"), {"meg"}),
        (Queue(name="q", alarm_after="4h"), set()),
    ],
)
def test_an_unclaimed_lead_is_told_to_the_queue(start: Start, tmp_path: Path, queue: Queue, told: set[str]) -> None:
    """Rules 104, 108: members who are active, and the manager, hear of it once; claimed in time, nobody does."""
    scene = start(assignment(pools=(), queues=(queue,)))
    for user in ("ana", "meg"):
        scene.user(user)
    scene.user("eva", is_active=False)
    lead, claimed = ready(scene, "p@p.example"), ready(scene, "r@r.example")
    scene.say("claim", lead=claimed, user="ana").unwrap()
    for _ in range(2):
        scene.clock.advance("5h")
        scene.flow.tick()
    alarms = [each for each in scene.rows("outbox") if each.template == "queue-alarm"]
    assert {each.recipient for each in alarms} == told
    assert [each.subject for each in alarms] == [lead] * len(told)
    scene.flow.deliver(tmp_path)
    letters = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.eml")]
    assert len([letter for letter in letters if "waits in the queue q" in letter]) == len(told)


def test_nobody_keeps_the_queue_but_the_default_owner(start: Start) -> None:
    """Rule 108: a queue without members and manager: the default owner hears the alarm."""
    entry = Entry(name="all", target="queue:q")
    queue = Queue(name="q", alarm_after="4h")
    scene = start(assignment(pools=(), queues=(queue,), entries=(entry,), default_owner="user:dee"))
    ready(scene)
    scene.clock.advance("5h")
    scene.flow.tick()
    assert ("queue-alarm", "dee") in scene.messages()


def test_a_lead_is_assigned_by_hand(start: Start) -> None:
    """Rule 104: manual assignment, with who did it; an inactive user is refused."""
    scene = start(assignment())
    scene.user("eva", is_active=False)
    lead = scene.submit().lead
    done = scene.say("assign", lead=lead, owner="dee", actor="manager")
    assert (scene.lead(lead).owner_id, done.decisions[0].actor) == ("dee", "manager")
    assert ("lead-assigned", "dee") in scene.messages()
    refused = scene.say("assign", lead=lead, owner="eva")
    assert refused.refusal is not None
    assert refused.refusal.code == "user_inactive"


def test_who_leaves_gets_no_more_leads_and_hands_his_open_ones_over(start: Start) -> None:
    """Rule 104, deactivation: out of every rotation; open leads by the rules, closed ones stay."""
    scene = start(assignment())
    for user in ("ana", "bo"):
        scene.user(user)
    leads = [ready(scene, f"p{number}@c{number}.example") for number in range(6)]
    scene.say("set_lead_state", lead=leads[0], state="disqualified", reason="spam").unwrap()
    scene.say("deactivate_user", user="ana").unwrap()
    scene.clock.advance("1s")
    scene.flow.tick()
    assert [scene.lead(lead).owner_id for lead in leads] == ["ana", "bo", "bo", "bo", "bo", "bo"]
    assert set(many(scene, 3)) == {"bo"}


# -- service levels ---------------------------------------------------------------------------------------


def slas(**settings: Any) -> Any:
    sla = Sla(name="call", **{"within": "60min", "criterion": "lead.sales_accepted", "queue": "q", **settings})
    members = tuple(Member(user=user) for user in ("ana", "bo", "cy"))
    return assignment(pools=(Pool(name="inbound", members=members, slas=("call",)),), slas=(sla,), schedules=(OFFICE,))


def missed(scene: Scene, lead: str) -> list[str]:
    """Service levels of the assignment that were missed; the stage has one of its own."""
    return [each.sla for each in scene.decided("deadline_missed", lead) if not each.sla.startswith("stage ")]


@pytest.mark.parametrize(
    ("clock", "late"),
    [("working", "2026-11-16T09:30:00Z"), ("always", "2026-11-13T18:30:00Z")],
)
def test_rule_117_an_hour_on_friday_evening(start: Start, clock: str, late: str) -> None:
    """Rule 117: assigned on Friday at 17:30: due on Monday at 9:30 by working hours, at 18:30 by the clock."""
    scene = start(slas(clock=clock, schedule="office" if clock == "working" else None))
    scene.clock.set("2026-11-13T17:30:00Z")
    lead = ready(scene)
    scene.clock.set(late)
    scene.clock.back(1)
    scene.flow.tick()
    assert missed(scene, lead) == []
    scene.clock.advance(1)
    scene.flow.tick()
    assert missed(scene, lead) == ["call"]


def test_rule_117_a_holiday_on_monday(start: Start) -> None:
    """Rule 117: then it is due on Tuesday."""
    scene = start(slas(clock="working", schedule="office"))
    scene.clock.set("2026-11-06T17:30:00Z")
    lead = ready(scene)
    scene.clock.set("2026-11-10T09:29:59Z")
    scene.flow.tick()
    assert missed(scene, lead) == []
    scene.clock.advance("1s")
    scene.flow.tick()
    assert missed(scene, lead) == ["call"]


def test_a_missed_service_level_passes_the_lead_on_and_ends_in_a_queue(start: Start) -> None:
    """Rule 105: same pool, never to a former owner, a bounded number of times, then a queue."""
    scene = start(slas(on_breach="reassign", max_hops=2))
    lead = ready(scene)
    owners = [scene.lead(lead).owner_id]
    for _ in range(3):
        scene.clock.advance("61min")
        scene.flow.tick()
        owners.append(scene.lead(lead).owner_id)
    assert owners == ["ana", "bo", "cy", None]
    assert scene.lead(lead).queue == "q"
    assert scene.messages().count(("sla-missed", "ana")) == 1


def test_a_criterion_that_is_met_ends_the_service_level(start: Start) -> None:
    """Rule 105: accepted in time: nothing is missed."""
    scene = start(slas(on_breach="reassign"))
    lead = ready(scene)
    scene.say("set_step", lead=lead, step="sales_accepted", value=True).unwrap()
    scene.clock.advance("5h")
    scene.flow.tick()
    assert missed(scene, lead) == []
    assert scene.lead(lead).owner_id == "ana"


def test_owner_and_manager_are_told(start: Start) -> None:
    """Rule 105, alert."""
    scene = start(slas(on_breach="alert", queue=None))
    scene.user("ana", manager_id="meg")
    ready(scene)
    scene.clock.advance("2h")
    scene.flow.tick()
    assert {("sla-missed", "ana"), ("sla-missed", "meg")} <= set(scene.messages())
