"""Cut off anywhere, the next synchronisation goes on: nothing is there twice, nothing is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import leadflow
from leadflow.engine.rooms import TABLES
from leadflow.errors import AuthenticationError, InvalidInputError, StoreBusyError
from leadflow.playbook.default import default_playbook
from leadflow.ports.crm import Refused
from leadflow.ports.store import Scan
from leadflow.stores.memory import MemoryStore
from leadflow.testing import VirtualClock, invariants

from ..testing.planted_crms import Honest, Server
from .conftest import START, Folder


class Cut(Exception):
    """The process ends here, as far as this test can do that."""


class CountingServer(Server):
    """Counts what is asked, and cuts the line before or after the call of a number."""

    def __init__(self, at: int = -1, *, is_after: bool = False) -> None:
        super().__init__()
        self.at, self.is_after, self.count = at, is_after, 0


class Cutting(Honest):
    """A CRM whose line is cut."""

    server: CountingServer

    def cut(self, call: Any) -> Any:
        self.server.count += 1
        is_now = self.server.count == self.server.at
        if is_now and not self.server.is_after:
            raise Cut
        answer = call()
        if is_now:
            raise Cut
        return answer

    def upsert(self, records: Any) -> Any:
        return self.cut(lambda: Honest.upsert(self, records))

    def changes(self, since: str | None = None, limit: int = 100) -> Any:
        return self.cut(lambda: Honest.changes(self, since, limit))


def history(flow: leadflow.Flow, clock: VirtualClock, server: Server, crm: Any) -> None:
    """Both sides at work, with three synchronisations."""
    flow.ingest([{"type": "user", "key": "u-1", "id": "bo", "name": "Bo", "email": "bo@acme.example"}])
    for number in range(4):
        flow.submit("demo-request", {"email": f"a{number}@kos.example"}, key=f"s-{number}").one().unwrap()
    crm()
    contacts = {row.fields["email"]: row.remote for row in server.rows.values() if row.kind == "contact"}
    server.edit(contacts["a0@kos.example"], {"phone": "theirs", "city": "Bled"})
    server.remove(contacts["a1@kos.example"])
    server.add([{"first_name": "Eva", "email": "eva@kos.example"}, {"first_name": "Nameless"}])
    crm()
    flow.submit("demo-request", {"email": "a0@kos.example", "first_name": "Ana"}, key="s-9").one().unwrap()
    crm()
    crm()


def content(flow: leadflow.Flow, server: Server) -> tuple[Any, Any]:
    """What both sides hold, without ids, versions and moments."""
    ours = sorted(
        (row.email or "", row.first_name or "", row.phone or "", row.city or "")
        for row in flow.store.scan(Scan(table="contact"))
    )
    there = sorted(
        (row.kind, row.is_deleted, sorted((name, str(v)) for name, v in row.fields.items() if v is not None))
        for row in server.rows.values()
    )
    return ours, there


def expected() -> tuple[Any, Any, int]:
    clock, server = VirtualClock(START), CountingServer()
    with leadflow.open("memory:", now=clock) as flow:
        history(flow, clock, server, lambda: flow.sync(Cutting(server)))
        return *content(flow, server), server.count


OURS, THERE, CALLS = expected()


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, CALLS + 1))
def test_a_line_that_is_cut_at_any_call(at: int, is_after: bool) -> None:
    """The answer of a call is lost, or the call itself: the next run comes to the same."""
    clock, server = VirtualClock(START), CountingServer(at, is_after=is_after)
    with leadflow.open("memory:", now=clock) as flow:

        def crm() -> None:
            try:
                flow.sync(Cutting(server))
            except Cut:
                flow.sync(Cutting(server))

        history(flow, clock, server, crm)
        assert content(flow, server) == (OURS, THERE)
        assert invariants(flow) == []


class Mortal:
    """A store whose process dies at a commit: from then on nothing is written, until somebody begins anew."""

    def __init__(self, at: int, *, is_after: bool) -> None:
        self.store = MemoryStore(TABLES)
        self.at, self.is_after, self.count = at, is_after, 0
        self.is_watched = self.is_dead = False
        self.load, self.scan, self.close = self.store.load, self.store.scan, self.store.close

    def commit(self, change: Any) -> None:
        self.count += self.is_watched
        is_now = self.is_watched and self.count == self.at
        if self.is_dead or (is_now and not self.is_after):
            self.is_dead = True
            raise Cut
        self.store.commit(change)
        if is_now:
            self.is_dead = True
            raise Cut


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_a_process_that_dies_at_any_commit(is_after: bool) -> None:
    """Nothing that a dying process would still do is done; the next goes on when the lease is over."""
    at = 0
    while True:
        at += 1
        clock, server, store = VirtualClock(START), Server(), Mortal(at, is_after=is_after)
        with leadflow.Flow(store, default_playbook(), now=clock) as flow:
            flow.adopt()
            _lived(flow, clock, server, store)
            assert content(flow, server) == (OURS, THERE), f"commit {at}"
            assert invariants(flow) == []
        if store.count < at:
            assert at > 30
            return


def _lived(flow: leadflow.Flow, clock: VirtualClock, server: Server, store: Mortal) -> None:
    def crm() -> None:
        store.is_watched = True
        try:
            flow.sync(Honest(server))
        except Cut:
            store.is_dead = False
            clock.advance("3min")
            server.now_us = max(server.now_us, clock())
            flow.sync(Honest(server))
        store.is_watched = False

    history(flow, clock, server, crm)


KILLED = """
import os, sys
import leadflow
from leadflow.testing import VirtualClock
from leadflow_adapters.file_crm.client import FileCrm

store, folder, at, begin = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
count = 0
def fault(point):
    global count
    count += 1
    if count == at:
        os._exit(9)
with leadflow.open(store, now=VirtualClock(begin), fault=fault) as flow:
    flow.sync(FileCrm(folder, fault=fault))
    print(count)
"""


@pytest.mark.parametrize("at", [9, *(pytest.param(at, marks=pytest.mark.slow) for at in (2, 5, 12, 14, 17, 20, 30))])
def test_a_process_that_is_killed(tmp_path: Path, at: int) -> None:
    """kill -9 at a write of the store or of the files; the next process goes on when the lease is over."""
    store = f"sqlite:///{tmp_path / 'leads.db'}"
    with leadflow.open(store, now=VirtualClock(START)) as flow:
        for number in range(3):
            flow.submit("demo-request", {"email": f"a{number}@kos.example"}, key=f"s-{number}").one().unwrap()

    def run(at: int, begin: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", textwrap.dedent(KILLED), store, str(tmp_path / "crm"), str(at), begin]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)

    assert run(at, START).returncode == 9
    with leadflow.open(store, now=VirtualClock(START)) as flow, suppress(StoreBusyError):
        flow.sync(tmp_path / "crm")  # the killed one may hold the lease
    with leadflow.open(store, now=VirtualClock("2026-11-22T10:05:00Z")) as flow:
        assert flow.sync(tmp_path / "crm").is_finished
    folder = Folder(tmp_path / "crm", VirtualClock(START))
    assert sorted(row["email"] for row in folder.rows("contact")) == [f"a{number}@kos.example" for number in range(3)]
    assert len(folder.rows("lead")) == 3
    with leadflow.open(store, now=VirtualClock("2026-11-22T10:06:00Z")) as flow:
        assert flow.sync(tmp_path / "crm").sent == 0
        assert len(list(flow.store.scan(Scan(table="contact")))) == 3


# -- what is not there, or not now --------------------------------------------------------------------------------


def test_a_busy_crm_is_told_and_gone_on_with(flow: leadflow.Flow) -> None:
    server = Server()
    server.next = "busy"
    done = flow.sync(Honest(server))
    assert (done.is_finished, done.put_off, done.retry_after_s, done.sent) == (False, "too many", 30, 0)
    assert flow.sync(Honest(server)).sent == 4


def test_a_refused_login_stops_everything_and_loses_nothing(flow: leadflow.Flow) -> None:
    server = Server()

    class Locked(Honest):
        def upsert(self, records: Any) -> Any:
            raise AuthenticationError("wrong password", adapter="planted")

    with pytest.raises(AuthenticationError):
        flow.sync(Locked(server))
    assert flow.sync(Honest(server)).sent == 4


def test_two_at_once_do_not_mix(flow: leadflow.Flow, clock: VirtualClock) -> None:
    """The second is told so; a lease that was left by a killed one ends."""
    server = Server()

    class Nested(Honest):
        def upsert(self, records: Any) -> Any:
            with pytest.raises(StoreBusyError):
                flow.sync(Honest(server))
            return super().upsert(records)

    assert flow.sync(Nested(server)).sent == 4
    assert len([kind for kind, _ in server.rows if kind == "contact"]) == 1


def test_a_cursor_that_expired_begins_anew(flow: leadflow.Flow) -> None:
    server = Server()
    flow.sync(Honest(server))

    class Forgetful(Honest):
        def read(self, since: str | None) -> Any:
            if since is not None and not since.startswith("0:") and self.server.next != "known":
                self.server.next = "known"
                raise InvalidInputError("expired", code="unknown_cursor")
            return super().read(since)

    (remote,) = [remote for kind, remote in server.rows if kind == "contact"]
    server.edit(remote, {"phone": "1"})
    done = flow.sync(Forgetful(server))
    assert (done.taken, done.sent, done.echoes) == (1, 0, 3)


def test_what_is_refused_is_told_once_and_again_when_it_changes(flow: leadflow.Flow) -> None:
    server = Server()

    class Picky(Honest):
        def put(self, record: Any) -> Any:
            is_fine = record.kind != "contact" or record.fields.get("phone") == "1"
            return super().put(record) if is_fine else Refused(code="missing_phone", field="phone")

    done = flow.sync(Picky(server))
    assert [problem[0::2] for problem in done.problems] == [("contact", "missing_phone")]
    again = flow.sync(Picky(server))
    assert (again.refused, again.sent) == (0, 0)
    (contact,) = flow.store.scan(Scan(table="contact"))
    flow.do({"type": "contact", "key": "k-1", "contact": {"id": contact.id, "phone": "1"}}).one().unwrap()
    flow.sync(Picky(server))
    flow.sync(Picky(server))
    (lead,) = [row for (kind, _), row in server.rows.items() if kind == "lead"]
    (there,) = [remote for kind, remote in server.rows if kind == "contact"]
    assert lead.links["contact"] == there, "the lead waited for its contact"


def test_many_records_go_in_pages(clock: VirtualClock) -> None:
    server = Server()
    with leadflow.open("memory:", now=clock) as flow:
        flow.ingest({"type": "contact", "key": f"k-{n}", "contact": {"email": f"a{n}@x.example"}} for n in range(350))
        clock.advance("1h")
        done = flow.sync(Honest(server))
        assert done.sent == 351  # and their one account
        assert len({row.ours for row in server.rows.values()}) == 351
        server.add([{"email": f"b{n}@x.example"} for n in range(250)])
        assert flow.sync(Honest(server)).taken == 250
        done = flow.sync(Honest(server))
        assert (done.sent, done.taken) == (0, 0)


def test_fields_that_a_crm_does_not_keep_stay_here(flow: leadflow.Flow) -> None:
    """What is not offered is not sent: no call is refused for it."""
    server = Server()

    class Small(Honest):
        capabilities = frozenset({"locks"})

        @property
        def offer(self) -> Any:
            return evolve(super().offer, fields={"contact": frozenset({"email"}), "lead": frozenset({"state"})})

    done = flow.sync(Small(server))
    assert (done.sent, done.refused) == (2, 0)
    (contact,) = [row for (kind, _), row in server.rows.items() if kind == "contact"]
    assert contact.fields == {"email": "ana@kos.example"}
