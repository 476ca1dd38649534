"""A plugin that fails when time has come holds up nobody, and the tick ends."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

import leadflow
from leadflow.assignment.rules import AssignmentRules, Entry, Member, Pool, Queue, Sla
from leadflow.hookspecs import hookimpl
from leadflow.playbook.default import default_playbook
from leadflow.plugins import load
from leadflow.testing import VirtualClock, contents

USERS = ("ana", "bo")


class Moody:
    """A strategy that can be made to fail."""

    is_down = False

    def choose(self, eligible: Any, state: Any, situation: Any) -> Any:
        if self.is_down:
            raise RuntimeError("down")
        return eligible[0].user, state

    @hookimpl
    def leadflow_register_policies(self, register: Any) -> None:
        register.strategy("moody.first", self.choose)


def rules() -> AssignmentRules:
    """Whoever misses an hour loses the lead to another of the pool."""
    pool = Pool(name="team", members=tuple(Member(user=user) for user in USERS), strategy="moody.first", slas=("call",))
    return AssignmentRules(
        entries=(Entry(name="all", target="pool:team"),),
        pools=(pool,),
        queues=(Queue(name="q"),),
        slas=(Sla(name="call", within="1h", on_breach="reassign", queue="q"),),
        default_owner="queue:q",
    )


@pytest.mark.parametrize("url", ["memory:", pytest.param("postgres", marks=[pytest.mark.extra, pytest.mark.postgres])])
def test_a_strategy_that_fails_at_a_deadline_neither_hangs_nor_loses_it(url: str, request: Any) -> None:
    """The deadline stays due; the others are done in the same tick, and this one in the first after it is mended."""
    moody, clock = Moody(), VirtualClock("2026-01-15T12:00:00Z")
    plugins = load(also={"moody": moody})
    playbook = attrs.evolve(default_playbook(), assignment=rules())
    if url == "postgres":
        with request.getfixturevalue("postgres").emptied() as made:
            _holds(leadflow.open(made, playbook, now=clock, plugins=plugins), moody, clock)
    else:
        _holds(leadflow.open(url, playbook, now=clock, plugins=plugins), moody, clock)


def _holds(flow: Any, moody: Moody, clock: VirtualClock) -> None:
    with flow:
        lead = flow.submit("demo-request", {"email": "ana@kos.example"}, key="s-1").lead
        flow.do({"type": "assign", "key": "a-1", "lead": lead}).one().unwrap()
        assert contents(flow)["lead"][lead]["owner_id"] == "ana"
        moody.is_down = True
        clock.advance("90min")
        for _ in range(2):
            flow.tick()
            assert flow.tick() == 0
            (left,) = flow.due(flow.now())
            assert (left.table, left.id) == ("handover", lead)
        moody.is_down = False
        assert flow.tick() == 1
        assert contents(flow)["lead"][lead]["owner_id"] == "bo"
        assert flow.due(flow.now()) == []
