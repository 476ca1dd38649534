"""What owners hear of their leads, and what they have chosen to hear (S004-5, S004-6, rule 108)."""

from __future__ import annotations

import pytest

from leadflow.assignment.rules import ProductLine, Queue

from .conftest import Start
from .scene import Scene, assignment
from .test_s004_assignment import ready


def owned(scene: Scene, owner: str = "bo", email: str = "ana@kos.example") -> str:
    """A lead that somebody owns."""
    lead = scene.submit(email=email).lead
    assert lead is not None
    scene.say("assign", lead=lead, owner=owner).unwrap()
    return lead


def engaged(scene: Scene) -> list[tuple[str, str]]:
    """(recipient, kind) of the alerts in the outbox."""
    found = [each for each in scene.rows("outbox") if each.template == "lead-engaged"]
    return sorted((each.recipient, each.parameters["kind"]) for each in found)


@pytest.mark.parametrize(
    ("pattern", "heard"),
    [
        ("email.clicked", {"email.clicked"}),
        ("email.*", {"email.clicked", "email.link.clicked"}),
        ("email.link.*", {"email.link.clicked"}),
        ("*", {"email.clicked", "email.link.clicked", "emailed", "email"}),
    ],
)
def test_s004_5_kinds_may_be_meant_together(start: Start, pattern: str, heard: set[str]) -> None:
    """S004-5, rule 108: `email.*` means what is below the dot, `*` everything; each kind has a throttle of its own."""
    scene = start(assignment(alerts=(pattern,)))
    owned(scene)
    for kind in ("email.clicked", "email.link.clicked", "emailed", "email"):
        for _ in range(2):
            scene.did(kind)
    assert engaged(scene) == sorted(("bo", kind) for kind in heard)


# -- what a user chose ------------------------------------------------------------------------------------


def day(scene: Scene) -> dict[str, str]:
    """The digests of the next morning: leads by recipient."""
    before = {each.id for each in scene.rows("outbox")}
    scene.clock.advance("1d")
    scene.flow.tick()
    sent = [each for each in scene.rows("outbox") if each.template == "digest" and each.id not in before]
    return {each.recipient: each.parameters["list"] for each in sent}


def test_s004_6_a_user_switches_a_kind_off(start: Start) -> None:
    """S004-6, rule 108, per-user preferences: neither at once nor in the digest; others hear it all the same."""
    scene = start(assignment(alerts=("email.*", "page.visited"), digest=True))
    owned(scene)
    owned(scene, "dee", "eva@nova.example")
    scene.say("set_alerts", user="bo", kinds={"email.*": "off"}).unwrap()
    for email in ("ana@kos.example", "eva@nova.example"):
        scene.did("email.clicked", email=email)
    assert engaged(scene) == [("dee", "email.clicked")]
    assert set(day(scene)) == {"dee"}
    scene.did("page.visited")
    assert ("bo", "page.visited") in engaged(scene)


def test_s004_6_a_user_chooses_the_digest_instead(start: Start) -> None:
    """S004-6, rule 108: nothing at once, the lead in tomorrow's list, also where the playbook sends no digest."""
    scene = start(assignment(alerts=("email.*",), digest=False))
    lead = owned(scene)
    scene.say("set_alerts", user="bo", kinds={"email.*": "digest", "email.replied": "now"}).unwrap()
    scene.did("email.clicked")
    assert engaged(scene) == []
    scene.did("email.replied")
    assert engaged(scene) == [("bo", "email.replied")]
    assert day(scene) == {"bo": lead}
    scene.say("set_alerts", user="bo").unwrap()
    scene.did("email.clicked")
    assert ("bo", "email.clicked") in engaged(scene)


def test_s004_6_a_user_wants_no_digest(start: Start) -> None:
    """S004-6, rule 108: alerts at once stay; the digest of today is not sent any more either."""
    scene = start(assignment(alerts=("email.*",), digest=True))
    owned(scene)
    scene.did("email.clicked")
    scene.say("set_alerts", user="bo", kinds={"digest": "off"}).unwrap()
    assert day(scene) == {}
    scene.did("email.clicked")
    assert engaged(scene) == [("bo", "email.clicked")] * 2
    assert day(scene) == {}


def test_rule_108_what_leadflow_says_itself_can_be_switched_off_too(start: Start) -> None:
    """Rule 108: kinds assigned, readiness, service levels."""
    scene = start(assignment())
    scene.say("set_alerts", user="dee", kinds={"lead.*": "off", "lead.ready": "now"}).unwrap()
    lead = owned(scene, "dee")
    assert scene.messages() == []
    scene.say("set_flag", lead=lead, flag="sales_ready").unwrap()
    assert scene.messages() == [("lead-ready", "dee")]


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ({"email clicked": "off"}, "unknown_kind"),
        ({"email.*": "later"}, "unknown_way"),
        ({"sla.missed": "digest"}, "not_in_digest"),
    ],
)
def test_rule_108_a_wrong_choice_is_refused(start: Start, kinds: dict[str, str], code: str) -> None:
    """Rule 108: and nothing of it counts."""
    scene = start(assignment())
    refused = scene.say("set_alerts", user="bo", kinds={"page.visited": "off", **kinds})
    assert refused.refusal is not None
    assert refused.refusal.code == code
    assert scene.row("preference", "bo") is None


# -- leads of nobody, leads of several --------------------------------------------------------------------


def test_rule_108_a_lead_that_nobody_owns_is_told_to_its_queue(start: Start) -> None:
    """Rule 108: no owner: the queue's members and manager; its daily digest is only for those who choose it."""
    queue = Queue(name="q", members=("ana",), manager="meg")
    scene = start(assignment(alerts=("email.*",), digest=True, pools=(), queues=(queue,)))
    lead = ready(scene)
    scene.say("set_alerts", user="ana", kinds={"email.*": "digest"}).unwrap()
    scene.did("email.clicked")
    assert engaged(scene) == [("meg", "email.clicked")]
    assert day(scene) == {"ana": lead}


def test_rule_108_each_rep_of_a_divided_lead_is_told(start: Start) -> None:
    """Rules 99, 108: the lead's owner and those of its other lines."""
    lines = tuple(ProductLine(name=n, products=(n,), target=f"user:{n}") for n in ("hana", "sam"))
    scene = start(assignment(alerts=("email.*",), product_lines=lines))
    ready(scene, context={"page": "p", "products": ["hana", "sam"]})
    scene.did("email.clicked")
    assert engaged(scene) == [("hana", "email.clicked"), ("sam", "email.clicked")]
