"""Many worker processes, killed at random: each due item is done once, each message leaves at most once, none is lost.

reliability.md section 0, section 1 (8 processes), A4 to A6, C26, C32. The small run is for the postgres session, the full
one (eight workers, 100,000 items) is slow.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field

import leadflow
from leadflow.engine.flow import Flow
from leadflow.engine.mailing.messages import Message
from leadflow.model.lead import Lead
from leadflow.playbook.default import default_text
from leadflow.plugins import load
from leadflow.ports.store import ChangeSet, Scan
from leadflow.process.state import Instance, instance_id
from leadflow.testing import Client, Ledger, invariants
from leadflow_adapters.postgres import plugin

from .workers import LedgerMailer

pytestmark = [pytest.mark.extra, pytest.mark.postgres]
PLUGINS = load(only=(), also={"postgres": plugin})
LEASE = "3s"
SIZES = [
    pytest.param(5_000, 4, 6, id="small"),
    pytest.param(100_000, 8, 40, id="full", marks=pytest.mark.slow),
]
"""Items, workers at once, how many of them are killed."""


@pytest.fixture
def url(postgres: Any) -> Iterator[str]:
    """A store of its own."""
    with postgres.fresh() as url:
        yield url


def filled(flow: Flow, count: int, rows: Callable[[int], list[Any]]) -> None:
    """Rows for each number, many in one change."""
    for start in range(0, count, 2000):
        new = [row for number in range(start, min(start + 2000, count)) for row in rows(number)]
        flow.store.commit(ChangeSet(flow.store.load([]), {(row.table, row.id): row for row in new}))


@define
class Crew:
    """Workers, of which one after another is killed and replaced."""

    url: str
    work: str
    folder: Path
    pace_s: float = 0.0
    running: list[subprocess.Popen[str]] = field(factory=list)
    killed: int = 0
    ended: list[tuple[int, str]] = field(factory=list)

    @property
    def letters(self) -> Ledger:
        """What the mailers of all workers have taken."""
        return Ledger(self.folder / "letters.jsonl")

    def start(self) -> None:
        """One more worker, with a ledger of its own."""
        number = len(self.running) + self.killed + len(self.ended)
        job = {
            "url": self.url,
            "work": self.work,
            "lease": LEASE,
            "pace": self.pace_s,
            "go": str(self.folder / "go"),
            "letters": str(self.letters.path),
            "ledger": str(self.folder / f"told-{number}-{time.monotonic_ns()}.txt"),
        }
        command = [sys.executable, str(Path(__file__).with_name("workers.py")), json.dumps(job)]
        self.running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))

    def kill(self, chance: random.Random) -> None:
        """kill -9 of one that is at work; another takes its place."""
        victim = self.running.pop(chance.randrange(len(self.running)))
        victim.kill()
        _, said = victim.communicate()
        if victim.returncode == -9:
            self.killed += 1
        else:
            self.ended.append((victim.returncode, said))
        self.start()

    def run(self, workers: int, kills: int, left: Callable[[], int], pause: float) -> None:
        """Work until nothing is left; workers that are done go home."""
        chance = random.Random(7)
        for _ in range(workers):
            self.start()
        for worker in self.running:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        (self.folder / "go").touch()
        while self.killed < kills and left():
            time.sleep(chance.random() * pause)
            self.kill(chance)
        for worker in self.running:
            _, said = worker.communicate(timeout=900)
            self.ended.append((worker.returncode, said))
        self.running.clear()
        assert self.ended
        assert [each for each in self.ended if each != (0, "")] == []

    def told(self) -> list[str]:
        """The decisions that workers say they have committed."""
        return [line for path in self.folder.glob("told-*") for line in path.read_text().splitlines()]


def finished(left: Callable[[], int], work: Callable[[], Any]) -> None:
    """Take up what killed workers had in their hands, once their leases are over."""
    end = time.monotonic() + 60
    while left():
        assert time.monotonic() < end, f"{left()} are left"
        work()
        time.sleep(0.2)


@pytest.mark.parametrize(("count", "workers", "kills"), SIZES)
def test_each_timer_is_done_once(url: str, tmp_path: Path, count: int, workers: int, kills: int) -> None:
    """Each service level that ended is told once; a worker's own ledger never names what another's does."""

    def late(number: int) -> list[Any]:
        id_ = f"l_{number:06}"
        at_us = 1_700_000_000_000_000 + number * 7919 % count
        lead = Lead(id=id_, process="marketing", stage="inquiry", version=1)
        return [lead, Instance(instance_id(id_, "marketing"), id_, "marketing", "inquiry", due_us=at_us, version=1)]

    with leadflow.open(url, plugins=PLUGINS) as flow:
        filled(flow, count, late)
        # A small store is worked off before anybody can be killed, unless they take their time.
        crew = Crew(url, "tick", tmp_path, pace_s=0.3 if kills < 10 else 0.0)
        begun = time.monotonic()
        crew.run(workers, kills, lambda: len(flow.due(2**62, 1)), 0.3 if kills < 10 else 2.0)
        finished(lambda: len(flow.due(2**62, 1)), lambda: flow.tick(lease=LEASE))
        took = time.monotonic() - begun
        decisions = list(flow.store.scan(Scan(table="decision")))
        steps = list(flow.store.scan(Scan(table="process")))
    done = Counter(each.subject for each in decisions)
    assert done == Counter(f"l_{number:06}" for number in range(count)), "lost, or done twice"
    assert {(step.due_us, step.version) for step in steps} == {(None, 2)}
    told = Counter(crew.told())
    assert max(told.values()) == 1, "two workers have committed the same"
    assert {*told} <= {each.id for each in decisions}
    assert len(told) > count / 2
    assert crew.killed >= kills / 2
    print(
        f"\n{count} timers, {workers} workers, {crew.killed} killed: {len(done)} done once each, {len(told)} in the"
        f" workers' ledgers, 0 lost, 0 twice; {took:.0f} s"
    )


@pytest.mark.parametrize(("count", "workers", "kills"), SIZES)
def test_each_message_leaves_at_most_once(url: str, tmp_path: Path, count: int, workers: int, kills: int) -> None:
    """What was in the hands of killed workers is unknown, one message each at most; all else was handed over."""

    def letter(number: int) -> list[Any]:
        id_ = f"m{number:06}"
        return [Message(id_, "email", "lead-ready", "ana@sales.example", f"c_{number}", due_us=1 + number, version=1)]

    def left() -> int:
        open_ = ("state", "in", ("planned", "claimed"))
        return len(list(flow.store.scan(Scan(table="outbox", where=(open_,), limit=1))))

    with leadflow.open(url, plugins=PLUGINS) as flow:
        filled(flow, count, letter)
        crew = Crew(url, "deliver", tmp_path)
        begun = time.monotonic()
        crew.run(workers, kills, left, 0.3 if kills < 10 else 2.0)
        finished(left, lambda: flow.deliver(LedgerMailer(str(crew.letters.path)), lease=LEASE))
        took = time.monotonic() - begun
        rows = {row.id: row for row in flow.store.scan(Scan(table="outbox"))}
    states = Counter(row.state for row in rows.values())
    taken = Counter(crew.letters.keys())
    handed_over = {id_ for id_, row in rows.items() if row.state == "handed_over"}
    unknown = {id_ for id_, row in rows.items() if row.state == "unknown"}
    assert {*rows} == {f"m{number:06}" for number in range(count)}
    assert {*states} <= {"handed_over", "unknown"}
    assert max(taken.values()) == 1, "sent twice"
    assert handed_over <= {*taken} <= handed_over | unknown
    assert len(unknown) <= crew.killed
    assert {row.attempts for row in rows.values()} == {1}
    assert crew.killed >= kills / 2
    print(
        f"\n{count} messages, {workers} workers, {crew.killed} killed: {states['handed_over']} handed over,"
        f" {len(unknown)} unknown ({len(unknown & {*taken})} of them had left), 0 lost, 0 sent twice; {took:.0f} s"
    )


def test_a_changed_model_is_worked_off_by_two_at_once(url: str, tmp_path: Path) -> None:
    """Rechecks have no claims: chunks done twice are done once, the cursor never goes back, and nobody fails."""
    people = [
        {"type": "submission", "key": f"k{n}", "form": "demo-request", "fields": {"email": f"p{n}@x.example"}}
        for n in range(1200)
    ]
    with leadflow.open(url, plugins=PLUGINS) as flow:
        assert flow.ingest(people).counts == {"accepted": 1200}
    changed = tmp_path / "changed.toml"
    changed.write_text(default_text().replace("points = 35", "points = 36"), encoding="utf-8")
    leadflow.open(url, changed, plugins=PLUGINS).close()
    done = Client.race([(Client(url=url, playbook=changed), [["tick"]]) for _ in range(3)])
    assert [(each.code, each.stderr, each.errors) for each in done] == [(0, "", [])] * 3
    with leadflow.open(url, changed, plugins=PLUGINS) as flow:
        assert flow.pending() == {}
        assert {row.points for row in flow.store.scan(Scan(table="score"))} == {36}
        assert invariants(flow) == []
