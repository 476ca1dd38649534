"""Nothing half: a fault at every point at which a store writes, and a process that is killed in the middle."""

from __future__ import annotations

import contextlib
from typing import Any

from leadflow.engine.opening import open_flow
from leadflow.model.contact import Contact
from leadflow.ports.store import ChangeSet, Scan, Store
from leadflow.testing import invariants
from leadflow.testing.client import Client
from leadflow.testing.conformance import needs
from leadflow.testing.faults import FaultPlan, InjectedError
from leadflow.testing.ledger import Ledger
from leadflow.testing.storing.changing import KEY, held, marked, put, scored, seen
from leadflow.testing.storing.making import Making

CALLS = 12


def _change(store: Store) -> ChangeSet:
    """A change of every kind: a new row, an update, one that goes, inputs and decisions."""
    read = store.load([KEY, ("contact", "c_1"), ("contact", "c_2")])
    new = {KEY: marked("c_1", version=2), ("contact", "c_2"): Contact(id="c_2", version=1)}
    inputs, decisions = (seen("i-1"), seen("i-2")), (scored("i-1#0"), scored("i-2#0"))
    return ChangeSet(read, new, frozenset({("contact", "c_1")}), inputs, decisions)


def _request(number: int) -> list[Any]:
    fields = {"email": f"p{number}@x{number}.example", "company": f"Firm {number}", "job_level": "manager"}
    return ["do", {"type": "submission", "key": f"s-{number}", "form": "demo-request", "fields": fields}]


class Failing(Making):
    """The capabilities "faults" and "url"."""

    crashes = 3
    """How many client processes are killed, each later than the one before."""

    def _begun(self, plan: FaultPlan) -> tuple[Store, dict[str, Any]]:
        store = self.new(plan)
        plan.arm(None)
        put(store, marked("c_1"), Contact(id="c_1", version=1))
        return store, held(store)

    @needs("faults")
    def test_a_fault_at_any_write_leaves_all_or_nothing(self) -> None:
        """Faults: the n-th write fails, for every n; then the same change goes in whole, or is there already."""
        plan = FaultPlan()
        store, _ = self._begun(plan)
        plan.arm(None)
        store.commit(_change(store))
        points, after = list(plan.names), held(store)
        assert len(points) > 1, "no fail points were passed"
        undone = 0
        for number in range(1, len(points) + 1):
            store, before = self._begun(plan)
            change = _change(store)
            plan.arm(number)
            with contextlib.suppress(InjectedError):
                store.commit(change)
            assert plan.has_acted, f"point {number} was not passed again"
            plan.arm(None)
            found = held(store)
            assert found in (before, after), f"half of a change is there after a fault at {points[number - 1]!r}"
            if found == before:
                undone += 1
                store.commit(_change(store))
                assert held(store) == after
        assert undone, "no fault came before the commit"

    @needs("faults")
    def test_a_fault_is_told(self) -> None:
        """Faults: what went wrong before the commit reaches the caller; nobody is told that it is done."""
        plan = FaultPlan()
        store, before = self._begun(plan)
        for number in range(1, 40):
            change = _change(store)
            plan.arm(number)
            try:
                store.commit(change)
            except InjectedError:
                if held(store) != before:
                    return
            else:
                raise AssertionError(f"a fault at {plan.names[-1]!r} was swallowed")

    @needs("url")
    def test_a_killed_process_loses_nothing_it_was_told(self) -> None:
        """URL: kill -9 after a few calls. What was answered is there, wholly; what was not is there wholly or not at all."""
        store = self.new()
        url = self.url(store)
        ledger = Ledger(self.folder / "told.jsonl")
        for crash in range(self.crashes):
            self._killed(url, ledger, crash)
            with open_flow(url) as flow:
                kept = {row.id for row in flow.store.scan(Scan(table="input"))}
                assert {*ledger.keys()} <= kept
                assert invariants(flow) == []
        with open_flow(url) as flow:
            keys = [f"s-{number}" for number in range(CALLS * self.crashes)]
            told = {*ledger.keys()}
            answers = {key: flow.do(_request(number)[1]).status for number, key in enumerate(keys)}
            assert {answers[key] for key in told} == {"repeated"}
            assert {*answers.values()} <= {"repeated", "accepted"}
            assert invariants(flow) == []

    def _killed(self, url: str, ledger: Ledger, crash: int) -> None:
        """A client that is killed after `crash` + 1 answers, in the middle of the next call if it is quick."""
        calls = [_request(number) for number in range(crash * CALLS, (crash + 1) * CALLS)]
        process = Client(url=url, ledger=ledger.path).start(*calls)
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.stdin.write("go\n")
            process.stdin.flush()
            for _ in range(crash + 1):
                process.stdout.readline()
        finally:
            process.kill()
            process.communicate()

    @needs("url", "faults")
    def test_a_process_killed_at_any_write_leaves_all_or_nothing(self) -> None:
        """URL and faults: kill -9 at the first, a middle and the last fail point of a submission; the repeat goes in."""
        plan = FaultPlan()
        with open_flow(self.url(self.new()), fault=plan) as flow:
            plan.arm(None)
            flow.do(_request(0)[1])
        points = plan.passed
        for number in sorted({1, points // 2, points - 1, points}):
            url = self.url(self.new())
            finished = Client(url=url, fault=(number, "kill")).run(_request(0))
            assert finished.code < 0, f"point {number} of {points} was not passed"
            with open_flow(url) as flow:
                assert invariants(flow) == []
                assert flow.do(_request(0)[1]).status == ("accepted" if number < points else "repeated")
                assert invariants(flow) == []
