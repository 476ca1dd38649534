"""Several at once: handles, threads and processes on one store, and what is there after all have gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from leadflow.errors import ConflictError, StoreBusyError, UnsupportedCapabilityError
from leadflow.ports.store import ChangeSet, Store
from leadflow.testing.conformance import needs
from leadflow.testing.storing.changing import KEY, appended, held, loaded, marked, put, scored, seen
from leadflow.testing.storing.making import HOOKS, VERBS, Making

TRIES = 500


def counted(store: Store, *ids: str) -> None:
    """For each id: raise the version of the row of KEY by one and append an input, again until no conflict is left."""
    for id_ in ids:
        _counted(store, id_)


def _counted(store: Store, id_: str) -> None:
    for _ in range(TRIES):
        read = store.load([KEY])
        old = read.rows[KEY]
        row = marked("c_1", version=1 if old is None else old.version + 1)
        try:
            store.commit(ChangeSet(read, {KEY: row}, inputs=(seen(id_),), decisions=(scored(f"{id_}#0"),)))
        except (ConflictError, StoreBusyError):
            continue
        return
    raise AssertionError(f"{id_}: still in conflict after {TRIES} tries")


def together(*works: Callable[[], None]) -> list[BaseException]:
    """Run works at once, each in a thread of its own; what they raised."""
    faults: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        start.wait()
        try:
            work()
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


class Sharing(Making):
    """Handles, threads, closing; the capabilities "durable" and what is refused without them."""

    def test_closing_twice_is_harmless(self) -> None:
        """A host that closes in a finally and again at exit."""
        store = self.new()
        put(store, marked("c_1"))
        store.close()
        store.close()

    def test_two_stores_are_two_tenants(self) -> None:
        """What one holds the other does not."""
        mine, yours = self.new(), self.new()
        put(mine, marked("c_1"), inputs=(seen("i-1"),))
        assert held(yours) == {"input": [], "decision": []}
        put(yours, inputs=(seen("i-1", 2),))
        assert appended(mine, "input") == [seen("i-1")]

    def test_threads_lose_nothing(self) -> None:
        """Many who change one row at once: each change is there, each once, in one order."""
        store = self.new()

        def work(name: int) -> Callable[[], None]:
            return partial(counted, store, *(f"t{name}-{turn}" for turn in range(10)))

        assert together(*map(work, range(4))) == []
        assert loaded(store, marked()) == [marked("c_1", version=40)]
        ids = [row.id for row in appended(store, "input")]
        assert sorted(ids) == sorted(f"t{name}-{turn}" for name in range(4) for turn in range(10))
        assert [row.id for row in appended(store, "decision")] == [f"{id_}#0" for id_ in ids]

    def test_a_thread_sees_what_another_committed(self) -> None:
        """And a change that it planned before is refused."""
        store = self.new()
        put(store, marked("c_1"))
        read = store.load([KEY])
        assert together(lambda: put(store, marked("c_2", version=2))) == []
        assert loaded(store, marked()) == [marked("c_2", version=2)]
        with pytest.raises(ConflictError):
            store.commit(ChangeSet(read, {KEY: marked("c_3", version=2)}))

    @pytest.mark.parametrize("capability", sorted(HOOKS))
    def test_what_is_not_claimed_is_refused(self, capability: str) -> None:
        """A claim is kept (by the tests of it); what is not claimed raises UnsupportedCapabilityError, and is not ignored."""
        unknown = sorted(self.claims - HOOKS.keys() - VERBS)
        assert not unknown, f"claims: {unknown} are not among {sorted({*HOOKS, *VERBS})}"
        if capability in self.claims:
            written = getattr(type(self), HOOKS[capability])
            assert written is not getattr(Making, HOOKS[capability]), (
                f"{capability} is claimed without {HOOKS[capability]}()"
            )
            return
        asked: dict[str, Callable[[], Any]] = {
            "durable": lambda: self.again(self.new()),
            "faults": lambda: self.new(lambda name: None),
            "url": lambda: self.url(self.new()),
        }
        with pytest.raises(UnsupportedCapabilityError):
            asked[capability]()

    @needs("durable")
    def test_what_was_committed_outlives_its_handle(self) -> None:
        """Durable: closed and opened again, everything is there and goes on, numbers of receipt too."""
        store = self.new()
        put(store, marked("c_1"), inputs=(seen("i-2"), seen("i-1")), decisions=(scored("i-2#0"),))
        before = held(store)
        store.close()
        store = self.again(store)
        assert held(store) == before
        put(store, marked("c_2", version=2), inputs=(seen("i-0"),))
        assert [row.id for row in appended(store, "input")] == ["i-2", "i-1", "i-0"]

    @needs("durable")
    def test_two_handles_see_each_other(self) -> None:
        """Durable: what one handle commits the other loads; what it planned before is refused, by row and by column."""
        mine = self.new()
        yours = self.again(mine)
        put(mine, marked("c_1"), inputs=(seen("i-1"),))
        assert loaded(yours, marked()) == [marked("c_1")]
        row, column = yours.load([KEY]), yours.load([("input.subject", "c_1")])
        put(mine, marked("c_2", version=2), inputs=(seen("i-2"),))
        for read, new in ((row, marked("c_3", version=2)), (column, marked("c_3", key="k2"))):
            with pytest.raises(ConflictError):
                yours.commit(ChangeSet(read, {("matchkey", new.id): new}, inputs=(seen("i-3"),)))
        with pytest.raises(ConflictError):
            yours.commit(ChangeSet(yours.load([]), inputs=(seen("i-2", 5),)))
        assert held(yours) == held(mine)
        mine.close()
        assert loaded(yours, marked()) == [marked("c_2", version=2)]

    @needs("durable")
    def test_threads_of_two_handles_lose_nothing(self) -> None:
        """Durable: as with one handle."""
        first = self.new()
        handles = [first, self.again(first)]

        def work(name: int) -> Callable[[], None]:
            return partial(counted, handles[name % 2], *(f"t{name}-{turn}" for turn in range(8)))

        assert together(*map(work, range(4))) == []
        assert loaded(first, marked()) == [marked("c_1", version=32)]
        assert len(appended(handles[1], "input")) == 32
