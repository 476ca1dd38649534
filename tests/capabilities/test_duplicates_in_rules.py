"""What matching told of a lead is known to the rules: it came in again, its contact is in doubt, free mail (S004-2)."""

from __future__ import annotations

import attrs

from leadflow.assignment.rules import Entry
from leadflow.matching.rules import Strategy
from leadflow.scoring.rules import Rule

from .conftest import Start
from .scene import assignment, matching, scoring
from .test_s004_assignment import ready


def test_rule_103_a_lead_that_comes_in_again_keeps_its_owner_and_uses_no_turn(start: Start) -> None:
    """Rule 103: the same form a second time makes it ready: the same owner, though a rule reassigns ready leads."""
    entry = Entry(name="ready", when="lead.sales_ready", target="pool:inbound", reassign=True)
    playbook = scoring(Rule(name="asks", points=5, each="form.submitted"), threshold=10)
    scene = start(attrs.evolve(playbook, assignment=assignment(entries=(entry,)).assignment))
    lead = scene.submit().lead
    scene.say("assign", lead=lead, owner="dee").unwrap()
    again = scene.submit()
    assert again.lead == lead
    assert scene.lead(lead).sales_ready
    assert scene.lead(lead).owner_id == "dee"
    assert scene.decided("pool_turned") == []
    assert ("lead-ready", "dee") in scene.messages()


def test_rule_97_what_becomes_ready_later_is_no_duplicate(start: Start) -> None:
    """Rule 97: a rule that reassigns still does, when it is not the repeated submission itself that sets it off."""
    entry = Entry(name="ready", when="lead.sales_ready", target="pool:inbound", reassign=True)
    scene = start(assignment(entries=(entry,)))
    lead = scene.submit().lead
    scene.say("assign", lead=lead, owner="dee").unwrap()
    scene.submit()
    scene.say("set_flag", lead=lead, flag="sales_ready").unwrap()
    assert scene.lead(lead).owner_id == "ana"


def test_s004_2_conditions_ask_whether_a_lead_is_a_duplicate(start: Start) -> None:
    """S004-2, rule 103: `is_duplicate` holds once a lead came in again since it was handed over."""
    scene = start(assignment())
    first, second = ready(scene, "ana@kos.example"), ready(scene, "bo@nova.example")
    assert scene.flow.leads("is_duplicate") == []
    scene.submit(email="ana@kos.example")
    assert [listed.lead.id for listed in scene.flow.leads("is_duplicate")] == [first]
    assert [listed.lead.id for listed in scene.flow.leads("not is_duplicate")] == [second]
    scene.say("assign", lead=first, owner="dee").unwrap()
    assert scene.flow.leads("is_duplicate") == []


def test_s004_2_a_contact_in_doubt_is_for_people_to_look_at(start: Start) -> None:
    """S004-2: matching chose one of two contacts and asks; a rule puts such leads into a queue until they are merged."""
    strategy = Strategy(target="contact", keys=(("last_name",),), tie="ask")
    entry = Entry(name="look", when="is_duplicate", target="queue:q")
    playbook = matching("contact", strategy)
    scene = start(attrs.evolve(playbook, assignment=assignment(entries=(entry,)).assignment))
    contacts = [scene.say("contact", email=f"{n}@kos.example", last_name="Kos", policy="create").contact for n in "ab"]
    lead = ready(scene, "ana@kos.example", last_name="Kos")
    assert scene.lead(lead).queue == "q"
    scene.say("merge", winner=contacts[1], loser=contacts[0]).unwrap()
    assert scene.flow.leads("is_duplicate") == []


def test_rule_98_free_mail_is_known_to_the_rules(start: Start) -> None:
    """Rule 98: `has_free_mail` in a condition; and an account of a free-mail domain gives no owner, though linked."""
    entry = Entry(name="private", when="has_free_mail", target="queue:q")
    scene = start(assignment(entries=(entry,)))
    assert scene.lead(ready(scene, "ana@gmail.com")).queue == "q"
    assert scene.lead(ready(scene, "ana@kos.example")).owner_id == "ana"


def test_rule_98_a_free_mail_account_has_no_say(start: Start) -> None:
    """Rule 98: a contact that somebody filed under the account "Gmail" gets the next of the pool."""
    scene = start(assignment())
    account = scene.say("account", account={"name": "Gmail", "domain": "gmail.com", "owner_id": "dee"}).account
    scene.say("contact", email="ana@gmail.com", account_id=account).unwrap()
    lead = ready(scene, "ana@gmail.com")
    assert scene.contact(scene.lead(lead).contact_id).account_id == account
    assert scene.lead(lead).owner_id == "ana"
