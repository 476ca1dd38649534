"""Policies and observers of plugins: pure functions with a name and a version, guarded at the border."""

from __future__ import annotations

import logging
from typing import Any

import attrs
import pytest
from tests.plugins.test_loading import plugin

import leadflow
from leadflow.assignment.rules import AssignmentRules, Entry, Member, Pool, Queue
from leadflow.errors import NotFoundError, PluginValidationError, SchemaVersionError
from leadflow.playbook.check import check_file
from leadflow.playbook.default import default_playbook
from leadflow.plugins import Plugins, load, policies_of
from leadflow.testing import invariants


def plate(text: str) -> str | None:
    """The letters and digits of a number plate."""
    if text == "boom":
        raise RuntimeError(text)
    return "".join(text.split()).upper() or None


def last(eligible: Any, state: Any, situation: Any) -> Any:
    """Always the last."""
    return eligible[-1].user, state


def by_plate() -> leadflow.Playbook:
    """Contacts are also known by a number plate."""
    playbook = default_playbook()
    contact = playbook.matching.strategies[playbook.matching.contact]
    own = attrs.evolve(contact, keys=(("email",), ("title:acme.plate",)))
    strategies = {**playbook.matching.strategies, playbook.matching.contact: own}
    return attrs.evolve(playbook, matching=attrs.evolve(playbook.matching, strategies=strategies))


def by_last() -> leadflow.Playbook:
    """A pool that a plugin's strategy serves."""
    rules = AssignmentRules(
        entries=(Entry(name="all", target="pool:team"),),
        pools=(Pool(name="team", members=(Member(user="ana"), Member(user="bo")), strategy="acme.last"),),
        queues=(Queue(name="unassigned"),),
        default_owner="queue:unassigned",
    )
    return attrs.evolve(default_playbook(), assignment=rules)


def acme(version: str = "1", function: Any = plate, strategy: Any = last) -> Plugins:
    normalisers = plugin("normalisers", ("acme.plate", function, {"version": version}))
    strategies = plugin("strategies", ("acme.last", strategy))
    return load(only=(), also={"acme-keys": normalisers, "acme-pools": strategies})


def entry(key: str, **contact: Any) -> dict[str, Any]:
    return {"type": "contact", "key": key, "contact": contact}


def test_a_normaliser_of_a_plugin_makes_keys() -> None:
    """Two spellings of one plate are one contact; the version stands in the key and in the digest."""
    with leadflow.open(playbook=by_plate(), plugins=acme()) as flow:
        first = flow.do(entry("e-1", email="ana@kos.example", title="LJ ab 123")).contact
        assert flow.do(entry("e-2", title="ljAB123")).contact == first
        assert flow.rulebook.digest != leadflow.open(playbook=by_plate(), plugins=acme("2")).rulebook.digest
        assert invariants(flow) == []


def test_another_version_asks_for_a_rekey(tmp_path: Any) -> None:
    """Stored keys carry the version of their normaliser."""
    url = f"sqlite:///{tmp_path / 'leads.db'}"
    with leadflow.open(url, by_plate(), plugins=acme()) as flow:
        flow.do(entry("e-1", email="ana@kos.example", title="LJ ab 123"))
    with pytest.raises(SchemaVersionError):
        leadflow.open(url, by_plate(), plugins=acme("2"))
    with leadflow.open(url, by_plate(), plugins=acme("2"), rekey=True) as flow:
        assert flow.do(entry("e-2", title="lj AB 123")).contact is not None


def test_a_strategy_of_a_plugin_serves_a_pool() -> None:
    """And every lead has an owner."""
    with leadflow.open(playbook=by_last(), plugins=acme()) as flow:
        lead = flow.submit("demo-request", {"email": "ana@kos.example"}, key="s-1").lead
        flow.do({"type": "assign", "key": "a-1", "lead": lead})
        assert flow.leads()[0].lead.owner_id == "bo"
        assert invariants(flow) == []


def test_a_playbook_that_names_what_nobody_brings_is_refused() -> None:
    """Before anything is taken in."""
    with pytest.raises(NotFoundError, match=r"acme\.last"):
        leadflow.open(playbook=by_last())
    with pytest.raises(NotFoundError, match=r"acme\.plate"):
        leadflow.open(playbook=by_plate())


@pytest.mark.parametrize("function", [plate, lambda text: 5, lambda text: ""])
def test_a_failing_policy_loses_nothing(function: Any) -> None:
    """The record waits in the failed queue with the plugin's name; the others of its batch go in."""
    with leadflow.open(playbook=by_plate(), plugins=acme(function=function)) as flow:
        done = flow.do(entry("e-1", email="ana@kos.example"), entry("e-2", email="bo@kos.example", title="boom"))
        assert [each.status for each in done] == ["accepted", "failed"]
        assert "acme.plate" in str(done[1].reasons)
        assert "acme-keys" in str(done[1].reasons)
        assert invariants(flow) == []


def test_a_strategy_that_names_a_stranger_loses_nothing() -> None:
    """What it gives is checked: one of the eligible."""
    stranger = acme(strategy=lambda eligible, state, situation: ("nobody", state))
    with leadflow.open(playbook=by_last(), plugins=stranger) as flow:
        flow.submit("demo-request", {"email": "ana@kos.example"}, key="s-1")
        (listed,) = flow.leads()
        done = flow.do({"type": "assign", "key": "a-1", "lead": listed.lead.id})
        assert done[0].status == "failed"
        assert "acme.last" in str(done[0].reasons)


def test_a_normaliser_has_a_whole_number_for_a_version() -> None:
    """It is part of every stored key."""
    with pytest.raises(PluginValidationError, match="whole number"):
        load(only=(), also={"acme": plugin("normalisers", ("acme.plate", plate, {"version": "1.0"}))}, strict=True)


def test_observers_are_told_what_was_committed_in_batches(caplog: pytest.LogCaptureFixture) -> None:
    """In order, after the commit; one that fails is logged and loses nothing."""
    seen: list[list[str]] = []

    def watch(decisions: Any) -> None:
        seen.append([each.decision.type for each in decisions])

    def fail(decisions: Any) -> None:
        raise RuntimeError("down")

    plugins = load(only=(), also={"acme": plugin("observers", ("fails", fail), ("watches", watch))})
    with leadflow.open(plugins=plugins) as flow, caplog.at_level(logging.ERROR, "leadflow"):
        assert flow.submit("demo-request", {"email": "ana@kos.example"}, key="s-1").is_ok
        assert len(seen) == 1
        assert seen[0][0] == "record_created"
        assert "observer fails failed" in caplog.text
        flow.preview(
            {"type": "submission", "key": "s-2", "form": "demo-request", "fields": {"email": "bo@kos.example"}}
        )
        assert len(seen) == 1


def test_check_knows_what_plugins_bring(tmp_path: Any) -> None:
    """Without the plugin, both names are faults with their place; with it, none."""
    path = tmp_path / "playbook.toml"
    path.write_text(
        '[matching.strategies.email]\ntarget = "contact"\nkeys = [["email"], ["title:acme.plate"]]\n\n'
        '[[assignment.pools]]\nname = "team"\nstrategy = "acme.last"\nmembers = [{user = "ana"}]\n\n'
        '[[assignment.entries]]\nname = "all"\ntarget = "pool:team"\n\n'
        '[assignment]\ndefault_owner = "pool:team"\n'
    )
    said = [str(fault) for fault in check_file(path)]
    assert any("acme.plate" in each and "playbook.toml:3" in each for each in said)
    assert any("acme.last" in each and "playbook.toml:7" in each for each in said)
    assert not [each for each in check_file(path, policies=policies_of(acme())) if "acme" in str(each)]
