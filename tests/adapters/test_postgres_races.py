"""Several processes on one schema: everything is as if done one after another. reliability.md C25, C28, C29, C30, A12."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

import leadflow
from leadflow.engine.flow import Flow
from leadflow.engine.mailing.messages import Message
from leadflow.engine.rooms import TABLES
from leadflow.errors import ConflictError
from leadflow.matching.state import MatchKey
from leadflow.model.lead import Lead
from leadflow.model.records import Input
from leadflow.plugins import load
from leadflow.ports.store import ChangeSet, Scan, Store
from leadflow.testing import Client, contents, invariants
from leadflow_adapters.postgres import plugin

pytestmark = [pytest.mark.extra, pytest.mark.postgres]
PLUGINS = load(only=(), also={"postgres": plugin})
READY = {"company": "Kos d.o.o.", "job_level": "manager", "employees": "120"}


def demo(key: str, email: str, **more: Any) -> dict[str, Any]:
    return {"type": "submission", "key": key, "form": "demo-request", "fields": {"email": email, **READY}, **more}


def opened(url: str, **options: Any) -> Flow:
    return leadflow.open(url, plugins=PLUGINS, **options)


@pytest.fixture
def url(postgres: Any) -> Iterator[str]:
    """An empty store that is there."""
    with postgres.emptied() as url:
        opened(url).close()
        yield url


def race(url: str, *works: list[Any]) -> list[Any]:
    """Each list of calls in a process of its own, all let go at once."""
    finished = Client.race([(Client(url=url), calls) for calls in works])
    assert [(each.code, each.stderr, each.errors) for each in finished] == [(0, "", [])] * len(works)
    return finished


def test_two_processes_racing_for_the_same_new_contact_make_one_lead(url: str) -> None:
    """C25: whoever comes second finds what the first has made, with one key or with two."""
    same = [["do", demo(f"same-{n}", f"p{n}@x{n}.example")] for n in range(15)]
    mine = [["do", demo(f"mine-{n}", f"q{n}@y{n}.example")] for n in range(15)]
    yours = [["do", demo(f"yours-{n}", f"q{n}@y{n}.example")] for n in range(15)]
    one, other = race(url, [*same, *mine], [*same, *yours])
    assert [each[2:5] for each in one.results] == [each[2:5] for each in other.results]
    statuses = [each[1] for finished in (one, other) for each in finished.results[:15]]
    assert Counter(statuses) == {"accepted": 15, "repeated": 15}
    with opened(url) as flow:
        held = contents(flow)
        assert (len(held["contact"]), len(held["lead"]), len(held["input"])) == (30, 30, 45)
        assert invariants(flow) == []


def test_four_processes_with_one_company_and_one_pool(url: str) -> None:
    """C30: turns are given one after another; counts differ by at most 1, nobody's lead is lost."""
    works = [[["do", demo(f"{w}-{n}", f"w{w}n{n}@kos.example")] for n in range(12)] for w in range(4)]
    race(url, *works)
    with opened(url) as flow:
        held = contents(flow)
        assert (len(held["account"]), len(held["lead"])) == (1, 48)
        assert invariants(flow) == []


def test_batches_and_single_records_at_once(url: str) -> None:
    """A batch of many keys is alone while it is written; nothing of either is lost."""
    batch = [demo(f"b{n}", f"p{n % 40}@x{n % 7}.example") for n in range(120)]
    singles = [["do", demo(f"s{n}", f"p{n}@x{n % 7}.example")] for n in range(40)]
    race(url, [["ingest", batch, 60]], singles, singles[::-1])
    with opened(url) as flow:
        held = contents(flow)
        assert len(held["input"]) == 160
        assert len(held["contact"]) == len({*((n % 40, n % 7) for n in range(120)), *((n, n % 7) for n in range(40))})
        assert invariants(flow) == []


def test_merges_against_each_other(url: str) -> None:
    """C28: A into B races B into A: one wins, no circle, no lost link."""
    with opened(url) as flow:
        flow.ingest([demo(f"k{n}", f"p{n}@x{n}.example") for n in range(10)])
        made = {row["email"]: id_ for id_, row in contents(flow)["contact"].items()}
    pairs = [(made[f"p{n}@x{n}.example"], made[f"p{n + 5}@x{n + 5}.example"]) for n in range(5)]
    one = [["do", {"type": "merge", "key": f"a{n}", "winner": a, "loser": b}] for n, (a, b) in enumerate(pairs)]
    other = [["do", {"type": "merge", "key": f"b{n}", "winner": b, "loser": a}] for n, (a, b) in enumerate(pairs)]
    finished = race(url, one, other)
    for mine, yours in zip(*(each.results for each in finished), strict=True):
        assert sorted([mine[1], yours[1]])[0] == "accepted"
    with opened(url) as flow:
        assert invariants(flow) == []
        rows = contents(flow)["contact"]
        for pair in pairs:
            assert [rows[id_].get("merged_into") is None for id_ in pair].count(True) == 1


def test_two_schedulers_have_one_effect(url: str) -> None:
    """C32: two ticks at once do what one does."""
    with opened(url) as flow:
        flow.ingest([demo(f"k{n}", f"p{n}@x{n}.example") for n in range(60)])
    later = "2036-06-01T00:00:00+00:00"
    race(url, [["tick", later]], [["tick", later]])
    with opened(url) as flow:
        wakes = Counter(each.id for each in flow.store.scan(Scan(table="decision")))
        assert max(wakes.values()) == 1
        assert flow.tick(later) == 0
        assert invariants(flow) == []


def test_each_message_is_claimed_once_by_four_deliveries(url: str, tmp_path: Path) -> None:
    """Section 1: nobody sends what another has claimed, and together they send all that is due."""
    count, done = 1200, []
    with opened(url) as flow:
        contact = flow.do(demo("k", "ana@kos.example")).contact
        flow.do({"type": "user", "key": "u", "id": "ana", "email": "ana@sales.example", "name": "Ana"}).one().unwrap()
        waiting = [Message(f"m{n:04}", "email", "t", "ana", contact, due_us=1, version=1) for n in range(count)]
        rows = {("outbox", each.id): each for each in waiting}
        flow.store.commit(ChangeSet(flow.store.load([]), rows))
        before = {each.id for each in flow.store.scan(Scan(table="outbox"))}
        flows = [opened(url) for _ in range(4)]

        def work(own: Flow) -> None:
            handed = 0
            while (delivered := own.deliver(tmp_path)).total:
                handed += delivered.total
            done.append(handed)

        threads = [threading.Thread(target=work, args=(own,)) for own in flows]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for own in flows:
            own.close()
        flow.deliver(tmp_path)
        settled = list(flow.store.scan(Scan(table="outbox")))
        assert {each.id for each in settled} == before
        assert {(each.state, each.attempts) for each in settled} == {("handed_over", 1)}
        assert len(list(tmp_path.glob("*.eml"))) == len(before)
        assert sum(done) <= len(before)


# -- interleavings, written out ---------------------------------------------------------------------------


def lead(id_: str, contact: str | None) -> Lead:
    return Lead(id=id_, contact_id=contact, version=1)


def change(store: Store, read: list[Any], *put: Any) -> ChangeSet:
    return ChangeSet(store.load(read), {(row.table, row.id): row for row in put})


SKEWS = {
    # What each of two reads and writes: each writes what the other has read. Both together would be wrong.
    "absent keys": (
        ([("matchkey", "a"), ("matchkey", "b")], MatchKey("a", (), 1)),
        ([("matchkey", "a"), ("matchkey", "b")], MatchKey("b", (), 1)),
    ),
    "rows found by a column": (
        ([("lead.contact_id", "c_1"), ("lead", "l_1")], lead("l_1", "c_1")),
        ([("lead.contact_id", "c_1"), ("lead", "l_2")], lead("l_2", "c_1")),
    ),
    "a row and a column": (
        ([("lead.contact_id", "c_1"), ("matchkey", "a")], MatchKey("a", (), 1)),
        ([("matchkey", "a"), ("lead", "l_2")], lead("l_2", "c_1")),
    ),
}


@pytest.mark.parametrize("skew", sorted(SKEWS))
def test_who_writes_what_the_other_has_read_wins_alone(url: str, skew: str) -> None:
    """Write skew, also on what is absent: whichever commits first, the other is refused; also when both commit at once."""
    first, second = (plugin.opened(url, TABLES, check=False) for _ in range(2))
    for order in permutations((0, 1)):
        for store in (first, second):
            emptied(store)
        changes = [change(store, *each) for store, each in zip((first, second), SKEWS[skew], strict=True)]
        pairs = list(zip((first, second), changes, strict=True))
        pairs[order[0]][0].commit(pairs[order[0]][1])
        with pytest.raises(ConflictError):
            pairs[order[1]][0].commit(pairs[order[1]][1])
    for _ in range(25):
        emptied(first)
        changes = [change(store, *each) for store, each in zip((first, second), SKEWS[skew], strict=True)]
        assert sorted(at_once((first, changes[0]), (second, changes[1]))) == ["committed", "conflict"]
    first.close()
    second.close()


def emptied(store: Store) -> None:
    rows = [*store.scan(Scan(table="matchkey")), *store.scan(Scan(table="lead"))]
    keys = [(row.table, row.id) for row in rows]
    store.commit(ChangeSet(store.load(keys), drop=frozenset(keys)))


def at_once(*pairs: tuple[Store, ChangeSet]) -> list[str]:
    """Each change in a thread of its own, all let go at once: how each ended."""
    start, ends = threading.Barrier(len(pairs)), []

    def work(store: Store, planned: ChangeSet) -> None:
        start.wait()
        try:
            store.commit(planned)
            ends.append("committed")
        except ConflictError:
            ends.append("conflict")

    threads = [threading.Thread(target=work, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def test_a_batch_too_large_for_single_locks_excludes_a_small_one(url: str) -> None:
    """Beyond a hundred keys a change is alone: the small one that reads one of its keys conflicts all the same."""
    big, small = (plugin.opened(url, TABLES, check=False) for _ in range(2))
    for turn in range(10):
        rows = [MatchKey(f"{turn}-{n}", (), 1) for n in range(150)]
        many = change(big, [("matchkey", row.id) for row in rows], *rows)
        one = change(small, [("matchkey", f"{turn}-7")], MatchKey(f"{turn}-7", (("c", "c"),), 1))
        assert sorted(at_once((big, many), (small, one))) == ["committed", "conflict"]
    big.close()
    small.close()


def test_numbers_follow_the_order_in_which_changes_depend(url: str) -> None:
    """`seq` of what was planned on another's result is higher; each change's inputs stay together in their order."""
    stores = [plugin.opened(url, TABLES, check=False) for _ in range(4)]

    def work(store: Store, name: str) -> None:
        done = 0
        while done < 15:
            row = store.load([("matchkey", "counter")])
            held = row.rows["matchkey", "counter"]
            version = 1 if held is None else held.version + 1
            try:
                store.commit(
                    ChangeSet(
                        row,
                        {("matchkey", "counter"): MatchKey("counter", (), version)},
                        inputs=(Input(f"{name}-{done}", "interaction", version, version),),
                    )
                )
                done += 1
            except ConflictError:
                continue

    threads = [threading.Thread(target=work, args=(store, f"w{n}")) for n, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    inputs = sorted(stores[0].scan(Scan(table="input")), key=lambda each: each.seq)
    assert [each.at_us for each in inputs] == list(range(1, 61))
    for store in stores:
        store.close()


def test_a_thread_of_its_own_and_many_of_them(url: str) -> None:
    """One flow, many threads: a connection each while it works, and no more are kept than are useful."""
    faults: list[Exception] = []
    with opened(url) as flow:

        def work(name: int) -> None:
            try:
                for n in range(5):
                    flow.do(demo(f"{name}-{n}", f"p{n}@x{n}.example"))
            except Exception as error:
                faults.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert len(contents(flow)["contact"]) == 5
        assert invariants(flow) == []


def test_fork_after_open_opens_its_own_connection(url: str) -> None:
    """A12: children of a fork and their parent write to one schema; nobody shares or closes another's connection."""
    with opened(url) as flow:
        flow.do(demo("parent-0", "p@x.example"))
        children = []
        for child in range(3):
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    for n in range(5):
                        flow.do(demo(f"child-{child}-{n}", f"c{child}@x{n}.example"))
                    flow.close()
                    code = 0
                finally:
                    os._exit(code)
            children.append(pid)
        for n in range(5):
            flow.do(demo(f"parent-{n}", f"p@x{n}.example"))
        assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0, 0, 0]
        assert len(contents(flow)["input"]) == 20
        assert invariants(flow) == []
