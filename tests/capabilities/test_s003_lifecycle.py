"""The lead lifecycle from the first interest to the salesperson: S003-1, 15 to 25 in one story each."""

from __future__ import annotations

from .conftest import Start
from .scene import STAGES, Scene, default, scoring


def test_s003_1_every_lead_is_an_interest_linked_to_one_contact(scene: Scene) -> None:
    """S003-1: marketing centres on contacts: forms, events and cookies all end at one."""
    made = [
        scene.submit(context={"page": "pricing"}),
        scene.submit("event-registration", context={"event": "fair"}),
        scene.say("lead", contact={"email": "ana@kos.example"}, lead={"context": {"campaign": "spring"}}),
    ]
    assert len({result.lead for result in made}) == 3
    assert {scene.lead(result.lead).contact_id for result in made} == {made[0].contact}


def test_s003_1_s003_23_the_whole_way(scene: Scene) -> None:
    """S003-1, S003-14, S003-19 to S003-23: anonymous visit, event, mail, call, hand-over, deal: one story, explained."""
    for user in ("ana", "bo"):
        scene.user(user)
    scene.did("page.visited", email=None, visitor="ck", page="pricing")
    scene.clock.advance("1d")
    lead = scene.submit("event-registration", visitor="ck", context={"event": "fair"}, company="Kos d.o.o.").lead
    assert scene.lead(lead).stage == STAGES[1]
    scene.clock.advance("2d")
    scene.say("set_flag", lead=lead, flag="teleprospect_ready", actor="marketer").unwrap()
    scene.say("set_flag", lead=lead, flag="teleprospect_accepted", actor="caller").unwrap()
    scene.say("set_step", lead=lead, step="purchase_need", value="second site", actor="caller").unwrap()
    scene.clock.advance("1d")
    scene.say("set_step", lead=lead, step="sales_ready", value=True, actor="caller").unwrap()
    owner = scene.lead(lead).owner_id
    assert owner in ("ana", "bo")
    assert ("lead-assigned", owner) in scene.messages()
    scene.say("set_step", lead=lead, step="sales_accepted", value=True, actor=owner).unwrap()
    scene.say("opportunity", id="d-1", lead={"id": lead}, status="won", amount="900", currency="EUR").unwrap()
    assert [stage for stage, _ in scene.visits(lead)] == list(STAGES)
    assert scene.lead(lead).state == "qualified"
    told = str(scene.flow.explain(lead or ""))
    for word in ("looks at prices", "registers for an event", "teleprospect_accepted", owner):
        assert word in told


def test_s003_25_the_view_of_salespeople_shows_only_sales_ready_leads(scene: Scene) -> None:
    """S003-25: a view is a condition; it is evaluated when it is asked."""
    first, second = (scene.submit(context={"page": page}).lead for page in ("a", "b"))
    assert scene.flow.leads("lead.sales_ready") == []
    scene.say("set_flag", lead=second, flag="sales_ready").unwrap()
    assert [listed.lead.id for listed in scene.flow.leads("lead.sales_ready")] == [second]
    assert {listed.lead.id for listed in scene.flow.leads()} == {first, second}


def test_s003_24_views_of_callers_and_salespeople_show_newly_qualified_leads(scene: Scene) -> None:
    """S003-24: lists by stage and owner, new since somebody looked, drive dashboards."""
    scene.submit(context={"page": "a"})
    scene.clock.advance("1d")
    looked = scene.clock.at
    new = scene.submit(context={"page": "b"})
    scene.say("set_flag", lead=new.lead, flag="teleprospect_ready").unwrap()
    found = scene.flow.leads('stage == "teleprospecting-acceptance"', since=looked)
    assert [listed.lead.id for listed in found] == [new.lead]
    (listed,) = found
    assert listed.contact is not None
    assert listed.scores["interest"] == scene.points(new.lead, "interest")


def test_s003_20_the_mark_may_be_left_to_people(start: Start) -> None:
    """S003-20, section 4.2: automatic sales ready is a setting."""
    import attrs

    from leadflow.scoring.rules import Rule

    playbook = scoring(Rule(name="clicks", points=5, each="email.clicked"), threshold=5)
    scene = start(attrs.evolve(playbook, scoring=attrs.evolve(playbook.scoring, marks_sales_ready=False)))
    lead = scene.submit().lead
    scene.did("email.clicked")
    assert len(scene.decided("threshold_reached")) == 1
    assert not scene.lead(lead).sales_ready
    scene.say("set_flag", lead=lead, flag="sales_ready").unwrap()
    assert scene.lead(lead).stage == "sales-acceptance"


def test_s003_15_without_a_process_a_lead_has_no_stage(start: Start) -> None:
    """S003-15: scoring and hand-over work without one."""
    from leadflow.process.rules import ProcessRules

    scene = start(default(process=ProcessRules()))
    lead = scene.submit().lead
    scene.say("set_flag", lead=lead, flag="sales_ready").unwrap()
    assert (scene.lead(lead).stage, scene.lead(lead).owner_id) == (None, "ana")
