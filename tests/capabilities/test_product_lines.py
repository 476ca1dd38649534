"""A lead that is about several product lines: an owner per line, or a lead per line (S004-13, S004-15, rule 99)."""

from __future__ import annotations

from typing import Any

from leadflow.assignment.rules import Member, Pool, ProductLine, Queue, Schedule

from .conftest import Start
from .scene import Scene, assignment

LINES = (
    ProductLine(name="hardware", products=("sensor", "gateway"), target="user:hana"),
    ProductLine(name="software", products=("app",), target="pool:inbound"),
    ProductLine(name="service", products=("repair",), target="queue:desk"),
)
QUEUES = (Queue(name="q"), Queue(name="desk"))


def begun(start: Start, **rules: Any) -> Scene:
    return start(assignment(**{"product_lines": LINES, "queues": QUEUES, **rules}))


def ready(scene: Scene, *products: str) -> str:
    """The sales-ready lead of one person who asks for products, one submission after the other on one page."""
    for product in products:
        lead = scene.submit(context={"page": "catalogue", "product": product}).lead
    assert lead is not None
    scene.say("set_flag", lead=lead, flag="sales_ready").unwrap()
    return lead


def lines(scene: Scene, lead: str) -> dict[str, str]:
    return dict(scene.flow.explain(lead).lines)


def later(scene: Scene) -> None:
    scene.clock.advance("1s")
    scene.flow.tick()


# -- one lead, an owner per line --------------------------------------------------------------------------


def test_s004_13_each_line_of_a_lead_has_its_rep(start: Start) -> None:
    """S004-13, rule 99, single: the lead has one owner, each line its own; explain and lists show them."""
    scene = begun(start)
    lead = ready(scene, "sensor", "app")
    assert scene.lead(lead).owner_id == "hana"
    assert lines(scene, lead) == {"hardware": "user:hana", "software": "user:ana"}
    assert "line software: user:ana" in str(scene.flow.explain(lead))
    assert [dict(listed.lines) for listed in scene.flow.leads()] == [lines(scene, lead)]
    assert {("lead-assigned", "hana"), ("lead-assigned", "ana")} <= set(scene.messages())


def test_s004_15_products_may_come_together(start: Start) -> None:
    """S004-15, rule 99: as a list, or as one text with semicolons; a line that a queue takes waits there."""
    scene = begun(start)
    lead = scene.submit(context={"page": "p", "products": ["app", "gateway"], "product": "repair; sensor"}).lead
    scene.say("set_flag", lead=lead, flag="sales_ready").unwrap()
    assert lead is not None
    assert lines(scene, lead) == {"service": "queue:desk", "hardware": "user:hana", "software": "user:ana"}
    assert scene.lead(lead).owner_id == "hana"


def test_rule_99_the_highest_interest_gives_the_lead_its_owner(start: Start) -> None:
    """Rule 99: by the number of inputs that name a product of the line."""
    scene = begun(start, lead_owner="highest")
    lead = ready(scene, "sensor", "app", "app")
    assert (scene.lead(lead).owner_id, len(lines(scene, lead))) == ("ana", 2)


def test_rule_99_a_line_that_comes_later_gets_its_rep_too(start: Start) -> None:
    """Rule 99: each interest is handled; what has an owner keeps it, and no turn is used twice."""
    scene = begun(start)
    lead = ready(scene, "app")
    assert (scene.lead(lead).owner_id, lines(scene, lead)) == ("ana", {"software": "user:ana"})
    scene.submit(context={"page": "catalogue", "product": "sensor"})
    scene.say("assign", lead=lead).unwrap()
    assert (scene.lead(lead).owner_id, lines(scene, lead)) == ("ana", {"software": "user:ana", "hardware": "user:hana"})
    assert len(scene.decided("pool_turned")) == 1


def test_rule_99_a_line_waits_for_its_pool_to_open(start: Start) -> None:
    """Rules 99, 103: the lead has its owner at once, the other line when its pool opens; each is told once."""
    office = Schedule(name="office", week={"mon-fri": ("09:00-18:00",)})
    pool = Pool(name="inbound", members=(Member(user="ana"),), schedule="office")
    scene = begun(start, pools=(pool,), schedules=(office,))
    scene.clock.set("2026-11-07T12:00:00Z")
    lead = ready(scene, "sensor", "app")
    assert lines(scene, lead) == {"hardware": "user:hana", "software": "pool:inbound"}
    scene.clock.set("2026-11-09T09:00:00Z")
    scene.flow.tick()
    assert lines(scene, lead) == {"hardware": "user:hana", "software": "user:ana"}
    assert sorted(scene.messages()) == [("lead-assigned", "ana"), ("lead-assigned", "hana")]


def test_rule_99_who_takes_the_lead_over_takes_its_line_over(start: Start) -> None:
    """Rule 99: by hand from one rep to another; the other line stays where it is."""
    scene = begun(start)
    lead = ready(scene, "sensor", "app")
    scene.say("assign", lead=lead, owner="dee").unwrap()
    assert lines(scene, lead) == {"hardware": "user:dee", "software": "user:ana"}


def test_s004_13_the_next_lead_of_a_line_goes_to_the_rep_who_has_it(start: Start) -> None:
    """S004-13, rule 98: the person's earlier lead of the line tells its rep, also where the lead is somebody else's."""
    scene = begun(start, chain=("product_line", "pool", "default"))
    first = ready(scene, "sensor", "app")
    second = scene.submit(context={"page": "other", "product": "app"}).lead
    scene.say("set_flag", lead=second, flag="sales_ready").unwrap()
    assert (scene.lead(first).owner_id, scene.lead(second).owner_id) == ("hana", "ana")
    assert len(scene.decided("pool_turned")) == 1


# -- a lead per line --------------------------------------------------------------------------------------


def test_s004_15_a_lead_per_line(start: Start) -> None:
    """S004-15, rule 99, duplicate: one lead per person and line, linked by the person, each with its own owner."""
    scene = begun(start, product_mode="duplicate")
    lead = ready(scene, "sensor", "app", "repair")
    later(scene)
    leads = {row.product: row for row in scene.rows("lead") if row.id != lead}
    assert (scene.lead(lead).owner_id, set(leads)) == ("hana", {"app", "repair"})
    assert (leads["app"].owner_id, leads["repair"].queue) == ("ana", "desk")
    assert {row.contact_id for row in leads.values()} == {scene.lead(lead).contact_id}
    assert all(row.sales_ready and row.stage == "sales-acceptance" for row in leads.values())
    assert lines(scene, lead) == {
        "hardware": "user:hana",
        "software": f"lead:{leads['app'].id}",
        "service": f"lead:{leads['repair'].id}",
    }


def test_rule_99_leads_of_other_lines_are_apart(start: Start) -> None:
    """Rule 99: excluded from matching across lines: what comes in again joins the first; nothing is divided twice."""
    scene = begun(start, product_mode="duplicate")
    lead = ready(scene, "sensor", "app")
    later(scene)
    assert scene.submit(context={"page": "catalogue", "product": "app"}).lead == lead
    scene.say("assign", lead=lead).unwrap()
    later(scene)
    assert len(scene.rows("lead")) == 2
    (other,) = (row for row in scene.rows("lead") if row.id != lead)
    assert scene.submit(context={"product": "app"}, form="demo-request").lead not in (lead, other.id)
    assert scene.decided("lines_assigned", other.id)[0].of == lead


def test_rule_99_one_line_needs_no_second_lead(start: Start) -> None:
    """Rule 99: several products of one line are one lead."""
    scene = begun(start, product_mode="duplicate")
    lead = ready(scene, "sensor", "gateway")
    later(scene)
    assert [row.id for row in scene.rows("lead")] == [lead]
    assert lines(scene, lead) == {"hardware": "user:hana"}
