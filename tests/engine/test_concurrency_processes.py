"""Several processes and threads on one file. reliability.md A12, C25, C28, C29, C30."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import leadflow
from leadflow.playbook.default import default_text
from leadflow.testing import Client, contents, invariants

READY = {"company": "Kos d.o.o.", "job_level": "manager", "employees": "120"}


def demo(key: str, email: str, **more: Any) -> dict[str, Any]:
    return {"type": "submission", "key": key, "form": "demo-request", "fields": {"email": email, **READY}, **more}


def race(path: Path, *works: list[Any]) -> list[Any]:
    """Each list of calls in a process of its own, all let go at once."""
    finished = Client.race([(Client(url=f"sqlite:///{path}"), calls) for calls in works])
    assert [(each.code, each.stderr, each.errors) for each in finished] == [(0, "", [])] * len(works)
    return finished


def made(path: Path) -> Path:
    leadflow.open(f"sqlite:///{path}").close()
    return path


def test_two_processes_submit_the_same_form_at_once(tmp_path: Path) -> None:
    """C25: one lead, and both callers get the same ids, with one key or with two."""
    path = made(tmp_path / "leads.db")
    # Several rounds in one run, so that the two really meet.
    same = [["do", demo(f"same-{n}", f"p{n}@kos.example")] for n in range(8)]
    mine = [["do", demo(f"mine-{n}", f"q{n}@kos.example")] for n in range(8)]
    yours = [["do", demo(f"yours-{n}", f"q{n}@kos.example")] for n in range(8)]
    first, second = race(path, same + mine, same + yours)
    with leadflow.open(f"sqlite:///{path}") as flow:
        assert invariants(flow) == []
        held = contents(flow)
    assert len(held["contact"]) == len(held["lead"]) == 16
    assert len(held["account"]) == 1
    ids = [[result[2:5] for result in each.results] for each in (first, second)]
    assert ids[0] == ids[1]
    statuses = [
        sorted(pair) for pair in zip(*([r[1] for r in each.results[:8]] for each in (first, second)), strict=True)
    ]
    assert statuses == [["accepted", "repeated"]] * 8
    assert len([key for key in held["input"] if key.startswith(("mine", "yours"))]) == 16


def test_round_robin_is_fair_over_processes(tmp_path: Path) -> None:
    """C30: four processes, one pool: counts differ by at most 1."""
    path = made(tmp_path / "leads.db")
    race(path, *[[["do", demo(f"{w}-{n}", f"p{w}-{n}@x{w}{n}.example")] for n in range(7)] for w in range(4)])
    with leadflow.open(f"sqlite:///{path}") as flow:
        owners = Counter(row["owner_id"] for row in contents(flow)["lead"].values())
        assert invariants(flow) == []
    assert dict(owners) == {"ana": 14, "bo": 14}


def test_merges_that_race_in_opposite_directions(tmp_path: Path) -> None:
    """C28: one wins, no cycle, no lost link."""
    path = made(tmp_path / "leads.db")
    with leadflow.open(f"sqlite:///{path}") as flow:
        pairs = [
            (flow.do(demo(f"a{n}", f"a{n}@kos.example")).contact, flow.do(demo(f"b{n}", f"b{n}@kos.example")).contact)
            for n in range(6)
        ]
    there = [["do", {"type": "merge", "key": f"m{n}", "winner": a, "loser": b}] for n, (a, b) in enumerate(pairs)]
    back = [["do", {"type": "merge", "key": f"w{n}", "winner": b, "loser": a}] for n, (a, b) in enumerate(pairs)]
    first, second = race(path, there, back)
    with leadflow.open(f"sqlite:///{path}") as flow:
        assert invariants(flow) == []
        held = contents(flow)
    for n, (one, other) in enumerate(pairs):
        assert sorted([first.results[n][1], second.results[n][1]]) == ["accepted", "refused"]
        merged = [id_ for id_ in (one, other) if held["contact"][id_].get("merged_into")]
        assert len(merged) == 1
        kept = one if merged == [other] else other
        assert held["contact"][merged[0]]["merged_into"] == kept
        assert Counter(row["contact_id"] for row in held["lead"].values())[kept] == 2


def test_two_people_claim_the_same_lead(tmp_path: Path) -> None:
    """C29: one owner; the other is told who."""
    file = tmp_path / "playbook.toml"
    # Without a pool every sales-ready lead waits in the queue.
    file.write_text(default_text().partition("[[assignment.pools]]")[0])
    path = made(tmp_path / "leads.db")
    with leadflow.open(f"sqlite:///{path}", playbook=str(file)) as flow:
        leads = [flow.do(demo(f"k{n}", f"p{n}@x{n}.example")).lead for n in range(6)]
    claims = [
        [["do", {"type": "claim", "key": f"{user}-{n}", "lead": lead, "user": user}] for n, lead in enumerate(leads)]
        for user in ("ana", "bo")
    ]
    clients = [(Client(url=f"sqlite:///{path}", playbook=file), calls) for calls in claims]
    first, second = Client.race(clients)
    with leadflow.open(f"sqlite:///{path}", playbook=str(file)) as flow:
        assert invariants(flow) == []
        owners = {id_: row["owner_id"] for id_, row in contents(flow)["lead"].items()}
    for lead, mine, yours in zip(leads, first.results, second.results, strict=True):
        assert sorted([mine[1], yours[1]]) == ["accepted", "refused"]
        refusal = (mine if mine[1] == "refused" else yours)[5]
        assert refusal["owner"] == owners[lead]
        assert refusal["owner"] == ("bo" if mine[1] == "refused" else "ana")


def test_threads_on_one_flow(tmp_path: Path) -> None:
    """A flow is thread-safe: a connection per thread, nothing lost, nothing twice."""
    faults: list[BaseException] = []
    with leadflow.open(f"sqlite:///{made(tmp_path / 'leads.db')}") as flow:

        def work(name: int) -> None:
            try:
                for n in range(8):
                    flow.do(demo(f"{name}-{n}", f"p{n}@kos.example"))
                    flow.leads(limit=5)
            except BaseException as error:
                faults.append(error)

        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert invariants(flow) == []
        held = contents(flow)
    assert (len(held["contact"]), len(held["lead"]), len(held["input"])) == (8, 8, 32)


_FORKED = """
import os, sys
import leadflow
from leadflow.testing import invariants
flow = leadflow.open("sqlite:///" + sys.argv[1])
def demo(key):
    return {"type": "submission", "key": key, "form": "demo-request", "fields": {"email": key + "@kos.example"}}
assert flow.do(demo("before")).status == "accepted"
children = []
for n in range(3):
    child = os.fork()
    if child == 0:
        statuses = [flow.do(demo(f"child{n}-{m}")).status for m in range(5)]
        flow.close()
        os._exit(0 if statuses == ["accepted"] * 5 else 1)
    children.append(child)
assert [flow.do(demo(f"parent-{m}")).status for m in range(5)] == ["accepted"] * 5
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
assert codes == [0, 0, 0], codes
assert invariants(flow) == []
print(len(flow.leads(limit=None)))
"""


def test_fork_after_open_opens_its_own_connection(tmp_path: Path) -> None:
    """A12: children of a fork and their parent write to one file; nobody shares a connection."""
    done = subprocess.run(
        [sys.executable, "-c", _FORKED, str(tmp_path / "leads.db")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("21\n", "", 0)
