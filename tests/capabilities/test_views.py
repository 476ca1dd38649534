"""List views: shared or private, ordered, and what is new since somebody looked (S004-9, S004-12, rule 107)."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from leadflow.assignment.rules import ListView, ProductLine
from leadflow.errors import InvalidInputError, NotFoundError, RefusedError
from leadflow.scoring.rules import Rule

from .conftest import Start
from .scene import Scene, assignment, scoring
from .test_s004_assignment import ready

HOT = ListView(name="hot", where='score("m") > 5', order="-score")


def viewed(start: Start, *views: ListView, **rules: Any) -> Scene:
    """A scene with list views; each click gives five points."""
    playbook = scoring(Rule(name="clicks", points=5, each="email.clicked"))
    return start(attrs.evolve(playbook, assignment=assignment(views=views, **rules).assignment))


def clicked(scene: Scene, name: str, times: int) -> str:
    scene.clock.advance("1s")
    lead = scene.submit(email=f"{name}@{name}.example").lead
    for _ in range(times):
        scene.did("email.clicked", email=f"{name}@{name}.example")
    assert lead is not None
    return lead


def listed(scene: Scene, view: str, user: str | None = None, **more: Any) -> list[str]:
    return [each.lead.id for each in scene.flow.leads(view=view, user=user, **more)]


def new(scene: Scene, view: str, user: str) -> list[str]:
    return listed(scene, view, user, only_new=True)


# -- which leads ------------------------------------------------------------------------------------------


def test_s004_9_a_list_has_a_name_a_condition_and_an_order(start: Start) -> None:
    """S004-9, S004-11, rule 107: leads over X, the highest first; evaluated when somebody looks."""
    scene = viewed(start, HOT)
    leads = [clicked(scene, name, times) for name, times in (("a", 1), ("b", 2), ("c", 3))]
    assert listed(scene, "hot") == [leads[2], leads[1]]
    for _ in range(3):
        scene.did("email.clicked", email="a@a.example")
    assert listed(scene, "hot")[0] == leads[0]
    assert listed(scene, "hot", where="lead.owner is not None") == []
    assert listed(scene, "hot", order_by="created_at", limit=1) == [leads[0]]


def test_s004_9_a_list_of_ones_own_leads_and_of_the_teams(start: Start) -> None:
    """S004-9, rule 107, owner scope: the user's own (or of which he has a line), or his team's."""
    lines = tuple(ProductLine(name=n, products=(n,), target=f"user:{n}") for n in ("ana", "bo"))
    views = (ListView(name="mine", scope="mine"), ListView(name="ours", scope="team"))
    scene = viewed(start, *views, product_lines=lines)
    for user, team in (("ana", "north"), ("bo", "north"), ("cy", "south")):
        scene.user(user, team=team)
    leads = [ready(scene, f"p{n}@c{n}.example") for n in range(2)]
    both = ready(scene, "x@x.example", context={"page": "x", "products": ["ana", "bo"]})
    for user, mine in (("ana", {leads[0], both}), ("bo", {leads[1], both}), ("cy", set())):
        assert set(listed(scene, "mine", user)) == mine
    assert set(listed(scene, "ours", "bo")) == {*leads, both}
    assert listed(scene, "ours", "cy") == []


# -- who may see it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shared", "may"),
    [
        ({}, {None, "ana", "bo", "cy"}),
        ({"users": ("ana",)}, {"ana"}),
        ({"teams": ("north",)}, {"ana", "bo"}),
        ({"users": ("cy",), "teams": ("north",)}, {"ana", "bo", "cy"}),
    ],
)
def test_s004_9_a_list_is_private_or_shared(start: Start, shared: dict[str, Any], may: set[str | None]) -> None:
    """S004-9, rule 107, sharing: private, with a team, or with everybody."""
    scene = viewed(start, ListView(name="v", **shared))
    for user, team in (("ana", "north"), ("bo", "north"), ("cy", "south")):
        scene.user(user, team=team)
    for user in (None, "ana", "bo", "cy"):
        if user in may:
            assert listed(scene, "v", user) == []
            continue
        with pytest.raises(RefusedError, match="not shared") as caught:
            listed(scene, "v", user)
        assert caught.value.code == "view_not_shared"
    refused = {user: scene.say("see_view", view="v", user=user).status for user in ("ana", "bo", "cy")}
    assert {user for user, status in refused.items() if status == "accepted"} == may - {None}


def test_a_list_that_is_not_there(start: Start) -> None:
    """Rule 107: the way out is named."""
    scene = viewed(start, HOT, ListView(name="mine", scope="mine"))
    with pytest.raises(NotFoundError, match="did you mean"):
        listed(scene, "hott")
    with pytest.raises(InvalidInputError, match="who is looking"):
        listed(scene, "mine")
    with pytest.raises(InvalidInputError, match="who is looking"):
        listed(scene, "hot", only_new=True)
    with pytest.raises(InvalidInputError, match="with a view"):
        scene.flow.leads(user="ana")
    unknown = scene.say("see_view", view="hott", user="ana")
    assert unknown.refusal is not None
    assert unknown.refusal.code == "unknown_view"


# -- what is new ------------------------------------------------------------------------------------------


def test_s004_12_what_is_new_since_somebody_looked(start: Start) -> None:
    """S004-12, rule 107: a marker for each user and list; looking alone marks nothing."""
    scene = viewed(start, HOT, ListView(name="all"))
    first = clicked(scene, "a", 2)
    assert new(scene, "hot", "ana") == new(scene, "hot", "ana") == [first]
    scene.say("see_view", view="hot", user="ana").unwrap()
    assert new(scene, "hot", "ana") == []
    assert new(scene, "hot", "bo") == new(scene, "all", "ana") == [first]
    scene.clock.advance("1h")
    second = clicked(scene, "b", 2)
    found = {each.lead.id: each.is_new for each in scene.flow.leads(view="hot", user="ana")}
    assert found == {first: False, second: True}
    assert {each.is_new for each in scene.flow.leads(view="hot")} == {None}


def test_s004_12_a_lead_that_got_ready_or_was_handed_over_is_new_again(start: Start) -> None:
    """S004-12: an old lead that became sales-ready, and one that somebody was given, are news."""
    scene = viewed(start, ListView(name="all"))
    lead = clicked(scene, "a", 1)
    for change in ({"type": "set_flag", "flag": "sales_ready"}, {"type": "assign", "owner": "dee"}):
        scene.clock.advance("1h")
        scene.say("see_view", view="all", user="ana").unwrap()
        assert new(scene, "all", "ana") == []
        scene.clock.advance("1h")
        scene.say(change.pop("type"), lead=lead, **change).unwrap()
        assert new(scene, "all", "ana") == [lead]
