"""Users who are out of rotation for a time (rules 100, 105)."""

from __future__ import annotations

from typing import Any

import pytest

from leadflow.assignment.rules import Member, Pool, Sla

from .conftest import Start
from .scene import Scene, assignment
from .test_s004_assignment import many, ready


def watched(start: Start, **sla: Any) -> Scene:
    """Two members, and a service level of an hour that takes who misses it out of rotation."""
    usual = {"within": "1h", "queue": "q", "on_breach": "reassign", "pause_owner": True}
    members = (Member(user="ana"), Member(user="bo"))
    pools = (Pool(name="inbound", members=members, slas=("call",)),)
    return start(assignment(pools=pools, slas=(Sla(name="call", **{**usual, **sla}),)))


@pytest.mark.parametrize("on_breach", ["reassign", "alert", "queue"])
def test_rule_105_who_misses_a_service_level_is_out_of_rotation_for_a_time(start: Start, on_breach: str) -> None:
    """Rule 105, toggle rep unavailable: the others get his leads meanwhile; then he takes part by himself."""
    scene = watched(start, on_breach=on_breach, pause_for="4h")
    ready(scene)
    scene.clock.advance("1h")
    scene.flow.tick()
    (paused,) = scene.decided("user_paused")
    assert (paused.subject, paused.until_us, paused.because) == (
        "ana",
        scene.clock() + 4 * 3600 * 1_000_000,
        "sla call",
    )
    assert many(scene, 3) == ["bo", "bo", "bo"]
    assert dict(scene.decided("owner_assigned")[-1].candidates)["ana"] == "paused_until"
    scene.clock.advance("4h")
    assert "ana" in {scene.lead(ready(scene, f"late{number}@l{number}.example")).owner_id for number in range(2)}


def test_rule_105_without_pause_owner_nobody_is_paused(start: Start) -> None:
    """Rule 105: it is an option."""
    scene = watched(start, pause_owner=False)
    ready(scene)
    scene.clock.advance("1h")
    scene.flow.tick()
    assert scene.decided("user_paused") == []


def test_rule_103_a_pool_of_paused_users_holds_the_lead_until_the_first_is_back(start: Start) -> None:
    """Rules 100, 103: the end of a pause is an opening like that of working hours."""
    scene = start(assignment())
    for user, hours in (("ana", 5), ("bo", 3)):
        until = scene.clock.at.replace(hour=9 + hours).isoformat()
        scene.say("pause_user", user=user, until=until, reason="training").unwrap()
    lead = ready(scene)
    assert scene.lead(lead).owner_id is None
    scene.clock.advance("3h")
    scene.flow.tick()
    assert scene.lead(lead).owner_id == "bo"


def test_rule_100_a_pause_ends_by_hand_too(start: Start) -> None:
    """Rule 100: `pause_user` without `until`; what is no instant is refused, what is over changes nothing."""
    scene = start(assignment())
    scene.say("pause_user", user="ana", until="2026-12-24T00:00:00Z").unwrap()
    assert many(scene, 1) == ["bo"]
    scene.say("pause_user", user="ana").unwrap()
    assert scene.lead(ready(scene, "x@x.example")).owner_id == "ana"
    assert scene.say("pause_user", user="ana", until="2020-01-01T00:00:00Z").unwrap().decisions == ()
    wrong = scene.say("pause_user", user="ana", until="tomorrow")
    assert wrong.refusal is not None
    assert wrong.refusal.code == "invalid_instant"
