"""Who loses a lead that his pool gave him has his turn back (rule 102)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from leadflow.assignment.rules import Entry, Member, Pool, Sla

from .conftest import Start
from .scene import Scene, assignment
from .test_s004_assignment import many, ready

THREE = tuple(Member(user=user) for user in ("ana", "bo", "cy"))


def pooled(start: Start, strategy: str = "round_robin", **rules: Any) -> Scene:
    return start(assignment(pools=(Pool(name="inbound", members=THREE, strategy=strategy, slas=("call",)),),
                            slas=(Sla(name="call", within="1h", on_breach="reassign", queue="q"),), **rules))  # fmt: skip


def credits(scene: Scene) -> dict[str, int]:
    """Turns given back and not used yet, by user."""
    members = scene.row("pool", "inbound").state["members"]
    return {user: turns["credits"] for user, turns in members.items() if turns.get("credits")}


def next_owner(scene: Scene, number: int) -> str | None:
    return scene.lead(ready(scene, f"n{number}@n{number}.example")).owner_id


@pytest.mark.parametrize("strategy", ["round_robin", "weighted", "least_loaded"])
def test_rule_102_a_missed_service_level_gives_the_turn_back(start: Start, strategy: str) -> None:
    """Rules 102, 105: the lead is passed on, and who lost it gets the next one."""
    scene = pooled(start, strategy)
    lead = ready(scene)
    scene.clock.advance("61min")
    scene.flow.tick()
    assert (scene.lead(lead).owner_id, credits(scene)) == ("bo", {"ana": 1})
    assert [each.returned for each in scene.decided("pool_turned")] == [None, lead]
    assert (next_owner(scene, 1), credits(scene)) == ("ana", {})


def test_rule_102_when_it_ends_in_a_queue_too(start: Start) -> None:
    """Rules 102, 105: escalated to the queue: nobody in the pool has used a turn for it."""
    scene = pooled(start)
    lead = ready(scene)
    for _ in range(4):
        scene.clock.advance("61min")
        scene.flow.tick()
    assert scene.lead(lead).queue == "q"
    assert credits(scene) == {"ana": 1, "bo": 1, "cy": 1}


def test_rule_102_reassigned_by_hand(start: Start) -> None:
    """Rule 102: taken away by hand: back; given on from somebody who got it by hand: nothing to give back."""
    scene = pooled(start)
    lead = ready(scene)
    scene.say("assign", lead=lead, owner="dee").unwrap()
    assert credits(scene) == {"ana": 1}
    scene.say("assign", lead=lead, owner="eva").unwrap()
    assert credits(scene) == {"ana": 1}


def test_rule_102_reassigned_by_a_rule(start: Start) -> None:
    """Rule 102: an entry that reassigns takes the lead away too."""
    entry = Entry(name="big", when="account.employees >= 500", target="user:eva", reassign=True)
    scene = pooled(start, entries=(entry,))
    lead = ready(scene)
    scene.say("account", account={"domain": "kos.example", "employees": 900}).unwrap()
    scene.say("assign", lead=lead).unwrap()
    assert (scene.lead(lead).owner_id, credits(scene)) == ("eva", {"ana": 1})


def test_rule_102_a_turn_is_given_back_once(start: Start) -> None:
    """Rule 102: `credit` twice gives one turn; what is reassigned afterwards gives none."""
    scene = pooled(start)
    lead = ready(scene)
    scene.say("credit", lead=lead).unwrap()
    again = scene.say("credit", lead=lead)
    assert again.refusal is not None
    assert again.refusal.code == "no_turn"
    scene.say("assign", lead=lead, owner="dee").unwrap()
    assert credits(scene) == {"ana": 1}


def test_rule_102_a_lead_that_was_none(start: Start) -> None:
    """Rule 102: disqualified for a reason of the playbook: back; for another reason the turn was used."""
    scene = pooled(start, credit_reasons=("spam",))
    for number, reason in enumerate(("spam", "no budget")):
        lead = ready(scene, f"p{number}@p{number}.example")
        scene.say("set_lead_state", lead=lead, state="disqualified", reason=reason).unwrap()
    # The second one was ana's again: she used the turn that the first gave back.
    assert (next_owner(scene, 9), credits(scene)) == ("bo", {})


def test_rule_102_who_leaves_takes_no_turns_along(start: Start) -> None:
    """Rules 102, 104: the leads of a user who left do not flood him when he is back."""
    scene = pooled(start)
    scene.user("ana")
    ready(scene)
    scene.say("deactivate_user", user="ana").unwrap()
    scene.clock.advance("1s")
    scene.flow.tick()
    assert credits(scene) == {}


def test_rule_101_fair_over_time_with_turns_given_back(start: Start) -> None:
    """Rules 101, 102: of 36 leads 6 are taken away from whoever has them; of the others each of three has 10."""
    scene = pooled(start)
    taken = [lead for number in range(30) if (lead := ready(scene, f"p{number}@p{number}.example")) and number % 5 == 0]
    for lead in taken:
        scene.say("assign", lead=lead, owner="dee").unwrap()
    more = many(scene, 6)
    kept = Counter(lead.owner_id for lead in scene.rows("lead") if lead.owner_id != "dee")
    assert (len(more), set(kept.values())) == (6, {10})
