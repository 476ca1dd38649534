"""A fault at every fail point of a write: nothing that was told as accepted is lost, and a repeat makes nothing twice.

reliability.md A1, A2, A10, A13. `raise` runs in this process at every point; kill -9 in a child process of its own: at the
ends by default, at every point in the faults session.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import leadflow
from leadflow.engine.flow import Flow
from leadflow.model.time import parse_instant
from leadflow.testing import Client, FaultPlan, InjectedError, Ledger, VirtualClock, contents, invariants

NOW = parse_instant("2026-01-15T12:00:00Z")
LATER = "2026-06-01T00:00:00+00:00"
READY = {"email": "ana@kos.example", "company": "Kos d.o.o.", "job_level": "manager", "employees": "120"}
SUBMISSION = {
    "type": "submission", "key": "req-1", "form": "demo-request", "fields": READY, "visitor": "ck-1",
    "context": {"page": "pricing"},
}  # fmt: skip
BATCH = [
    SUBMISSION,
    {"type": "interaction", "id": "i-1", "kind": "page.visited", "visitor": "ck-1", "properties": {"page": "pricing"}},
    {"type": "interaction", "id": "i-2", "kind": "email.clicked", "contact": {"email": "bo@kos.example"}},
    {"type": "submission", "key": "req-2", "form": "demo-request", "fields": {}},
    {"type": "contact", "key": "e-1", "contact": {"email": "dee@nova.example"}, "account": {"name": "Nova Ltd"}},
]


def at(path: Path, clock: Any = None, **options: Any) -> Flow:
    return leadflow.open(f"sqlite:///{path}", now=clock or VirtualClock(NOW), **options)


def seeded(path: Path, call: str) -> Path:
    """A store as it is before the call."""
    with at(path) as flow:
        if call in ("tick", "merge"):
            flow.ingest(BATCH)
    return path


def carry_out(flow: Flow, call: str) -> Any:
    if call == "submission":
        return flow.do(SUBMISSION)
    if call == "ingest":
        return flow.ingest(BATCH, batch_size=3)
    if call == "merge":
        return flow.do(merge_of(flow))
    return flow.tick(LATER)


def merge_of(flow: Flow) -> dict[str, Any]:
    made = {row["email"]: id_ for id_, row in contents(flow)["contact"].items()}
    return {"type": "merge", "key": "m-1", "winner": made["ana@kos.example"], "loser": made["bo@kos.example"]}


CALLS = ["submission", "ingest", "tick", "merge"]


@pytest.mark.parametrize("call", CALLS)
def test_a_fault_at_any_write_point_leaves_all_or_nothing(tmp_path: Path, call: str) -> None:
    """A1, A2, A7, A13: whole or not at all; the same again ends where a faultless run ends."""
    with at(seeded(tmp_path / "whole.db", call)) as flow:
        nothing = contents(flow)
        carry_out(flow, call)
        whole = contents(flow)
    plan, number = FaultPlan(), 0

    def count() -> None:
        with at(seeded(tmp_path / "count.db", call), fault=plan) as flow:
            plan.arm(None)
            carry_out(flow, call)

    for number in plan.points(count):
        path = seeded(tmp_path / f"{number}.db", call)
        plan.at = None
        with at(path, fault=plan) as flow:
            plan.arm(number)
            with pytest.raises(InjectedError):
                carry_out(flow, call)
            plan.arm(None)
            if call in ("submission", "merge"):
                assert contents(flow) in (nothing, whole)
            assert invariants(flow) == []
            carry_out(flow, call)
            assert contents(flow) == whole
            assert invariants(flow) == []
    assert number >= 5


def killed(path: Path, call: str, point: int, ledger: Path) -> int:
    """Kill -9 a client at a fail point; its exit code."""
    client = Client(url=f"sqlite:///{path}", fault=(point, "kill"), ledger=ledger, now=NOW)
    calls: dict[str, list[Any]] = {
        "submission": ["do", SUBMISSION],
        "ingest": ["ingest", BATCH, 3],
        "tick": ["tick", LATER],
    }
    if call == "merge":
        with at(path) as flow:
            calls["merge"] = ["do", merge_of(flow)]
    return client.run(calls[call]).code


def check_after(path: Path, call: str, ledger: Path, whole: Any) -> None:
    with at(path) as flow:
        assert invariants(flow) == []
        held = contents(flow)["input"]
        # Nothing lost: whoever was told "accepted" finds it.
        assert {*Ledger(ledger).keys()} <= {*held, "ingest"}
        carry_out(flow, call)
        assert contents(flow) == whole
        assert invariants(flow) == []


@pytest.fixture
def wholes(tmp_path: Path) -> dict[str, Any]:
    """What each call amounts to when nothing goes wrong."""
    found = {}
    for call in CALLS:
        with at(seeded(tmp_path / f"whole-{call}.db", call)) as flow:
            carry_out(flow, call)
            found[call] = contents(flow)
    return found


@pytest.mark.parametrize(("call", "point"), [("submission", 9), ("submission", 1), ("ingest", 15)])
def test_kill_9_in_the_middle(tmp_path: Path, wholes: dict[str, Any], call: str, point: int) -> None:
    """A1, A10: after kill -9 the same input with the same key ends where a faultless run ends."""
    path, ledger = seeded(tmp_path / "killed.db", call), tmp_path / "told.jsonl"
    assert killed(path, call, point, ledger) == -9
    check_after(path, call, ledger, wholes[call])


@pytest.mark.parametrize("point", [3, 8])
def test_kill_9_in_the_import_of_a_file(tmp_path: Path, point: int) -> None:
    """A10: the import run again makes no duplicates and ends with the same totals."""
    file = tmp_path / "people.csv"
    rows = [f"p{n}@x{n % 7}.example,Name{n},Firm {n % 7}" for n in range(60)]
    file.write_text("email,first_name,company\n" + "\n".join(rows) + "\n")
    with at(tmp_path / "whole.db") as flow:
        flow.import_file(file)
        whole = contents(flow)
        assert (len(whole["contact"]), len(whole["account"])) == (60, 7)
    at(tmp_path / "killed.db").close()
    client = Client(url=f"sqlite:///{tmp_path / 'killed.db'}", fault=(point, "kill"), now=NOW)
    code = client.run(["import", str(file)]).code
    with at(tmp_path / "killed.db") as flow:
        assert invariants(flow) == []
        flow.import_file(file)
        again = contents(flow)
        assert invariants(flow) == []
    assert {table: sorted(rows) for table, rows in again.items()} == {
        table: sorted(rows) for table, rows in whole.items()
    }
    assert code == -9


def test_kill_9_after_the_commit_and_before_the_answer(tmp_path: Path, wholes: dict[str, Any]) -> None:
    """A2: the retry with the same key returns the same lead."""
    path, ledger, plan = seeded(tmp_path / "killed.db", "submission"), tmp_path / "told.jsonl", FaultPlan()
    with at(seeded(tmp_path / "count.db", "submission"), fault=plan) as flow:
        plan.arm(None)
        flow.do(SUBMISSION)
    assert plan.names[-1] == "committed"
    assert killed(path, "submission", plan.passed, ledger) == -9
    assert Ledger(ledger).keys() == []
    with at(path) as flow:
        before = contents(flow)
        repeated = flow.do(SUBMISSION).one()
        assert (repeated.status, repeated.lead in before["lead"]) == ("repeated", True)
        assert contents(flow) == before == wholes["submission"]


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_kill_9_at_every_write_point(tmp_path: Path, wholes: dict[str, Any], call: str) -> None:
    """A1, A2, A7, A10: for n = 1.. kill -9 the n-th write point of a real process on a real file."""
    for number in range(1, 200):
        path, ledger = seeded(tmp_path / f"{number}.db", call), tmp_path / f"{number}.jsonl"
        code = killed(path, call, number, ledger)
        check_after(path, call, ledger, wholes[call])
        if code == 0:
            assert number > 5
            return
        assert code == -9
    raise AssertionError("the loop must end when n exceeds the number of points")


@pytest.mark.slow
def test_random_double_faults(tmp_path: Path, wholes: dict[str, Any]) -> None:
    """Killed, and killed again while it repeats: the third try ends where a faultless run ends."""
    for seed in range(40):
        chance = random.Random(seed)
        call = chance.choice(["submission", "ingest"])
        path, ledger = seeded(tmp_path / f"{seed}.db", call), tmp_path / f"{seed}.jsonl"
        for _ in range(2):
            assert killed(path, call, chance.randrange(1, 25), ledger) in (-9, 0)
        check_after(path, call, ledger, wholes[call])


def test_a_hanging_disk_is_waited_for(tmp_path: Path) -> None:
    """A slow write is not a lost one."""
    plan = FaultPlan(action="hang", seconds=0.2)
    with at(tmp_path / "slow.db", fault=plan) as flow:
        plan.arm(4)
        assert flow.do(SUBMISSION).status == "accepted"
        assert plan.has_acted
        assert invariants(flow) == []
