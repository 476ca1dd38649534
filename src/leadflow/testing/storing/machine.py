"""The memory store as oracle: whatever is done to both, the store under test answers and holds the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from leadflow.engine.rooms import TABLES
from leadflow.errors import ConflictError
from leadflow.model.lead import Lead
from leadflow.ports.store import ChangeSet, Scan, Snapshot, Store
from leadflow.room import Key
from leadflow.stores.memory import MemoryStore
from leadflow.testing.storing.changing import held, marked, scored, seen
from leadflow.testing.storing.making import Making

IDS = st.sampled_from(["1", "2", "3"])
CONTACTS = st.sampled_from(["c_1", "c_2", None])
KEYS = st.one_of(
    IDS.map(lambda id_: ("lead", id_)),
    IDS.map(lambda id_: ("matchkey", id_)),
    IDS.map(lambda id_: ("input", id_)),
    st.sampled_from([("lead.contact_id", "c_1"), ("lead.contact_id", "c_2"), ("input.subject", "c_1")]),
)
ORDERS = st.sampled_from(["id", "-id", "created_us", "-created_us", "contact_id", "-contact_id"])


class _SameAsMemory(RuleBasedStateMachine):
    """One history on two stores. `opened` and `again` are set by the test."""

    opened: Callable[[], Store]
    again: Callable[[Store], Store] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.oracle: Store = MemoryStore(TABLES)
        self.tested = self.opened()
        self.planned: list[tuple[Snapshot, Snapshot]] = []

    def teardown(self) -> None:
        self.tested.close()

    def read(self, keys: list[Key]) -> tuple[Snapshot, Snapshot]:
        """Both stores' answers, which are the same but for their tokens."""
        both = self.oracle.load(keys), self.tested.load(keys)
        assert _plain(both[1]) == _plain(both[0])
        return both

    def commit(self, both: tuple[Snapshot, Snapshot], **change: Any) -> None:
        """Both stores take the change, or both refuse it with a conflict."""
        verdicts = []
        for store, read in zip((self.oracle, self.tested), both, strict=True):
            try:
                store.commit(ChangeSet(read, **change))
                verdicts.append("committed")
            except ConflictError:
                verdicts.append("conflict")
        assert verdicts[1] == verdicts[0]

    @initialize()
    def begin(self) -> None:
        self.read([])

    @rule(keys=st.lists(KEYS, max_size=4, unique=True))
    def plan(self, keys: list[Key]) -> None:
        self.planned.append(self.read(keys))

    @precondition(lambda self: self.planned)
    @rule(
        data=st.data(), id_=IDS, contact=CONTACTS, at=st.sampled_from([0, 1, 7]), how=st.sampled_from(["put", "drop"])
    )
    def write(self, data: st.DataObject, id_: str, contact: str | None, at: int, how: str) -> None:
        """Carry out something planned before, on rows that may have changed since."""
        both = data.draw(st.sampled_from(self.planned))
        known = both[0].known()
        old = known.get(("lead", id_))
        if how == "put":
            version = 1 if old is None else old.version + 1
            lead = Lead(id=id_, contact_id=contact, created_us=at, version=version)
            self.commit(both, put={("lead", id_): lead}, inputs=data.draw(_inputs()))
        elif old is not None:
            self.commit(both, drop=frozenset({("lead", id_)}), decisions=data.draw(_decisions()))

    @precondition(lambda self: self.planned)
    @rule(data=st.data(), ids=st.sets(IDS, min_size=1))
    def write_many(self, data: st.DataObject, ids: set[str]) -> None:
        """Match keys, inputs and decisions in one change."""
        both = data.draw(st.sampled_from(self.planned))
        known = both[0].known()
        rows = {}
        for id_ in sorted(ids):
            old = known.get(("matchkey", id_))
            rows["matchkey", id_] = marked(id_, key=id_, version=1 if old is None else old.version + 1)
        self.commit(both, put=rows, inputs=data.draw(_inputs()), decisions=data.draw(_decisions()))

    @rule(order=ORDERS, limit=st.integers(0, 2), at=st.sampled_from([0, 1, 7]), test=st.sampled_from(["=", "<=", ">"]))
    def look(self, order: str, limit: int, at: int, test: str) -> None:
        """Two pages of a list."""
        after = None
        for _ in range(2):
            query = Scan(table="lead", where=(("created_us", test, at),), order=order, after=after, limit=limit)
            pages = [list(store.scan(query)) for store in (self.oracle, self.tested)]
            assert pages[1] == pages[0]
            if not pages[0]:
                return
            after = (getattr(pages[0][-1], order.lstrip("-")), pages[0][-1].id)

    @precondition(lambda self: self.again is not None)
    @rule()
    def reopen(self) -> None:
        """What was planned on the old handle is planned anew on the new one."""
        assert self.again is not None
        self.tested.close()
        self.tested = self.again(self.tested)
        self.planned.clear()

    @invariant()
    def both_hold_the_same(self) -> None:
        assert held(self.tested) == held(self.oracle)


def _inputs() -> st.SearchStrategy[list[Any]]:
    return st.lists(IDS.map(seen), max_size=2, unique_by=lambda kept: kept.id)


def _decisions() -> st.SearchStrategy[list[Any]]:
    return st.lists(IDS.map(lambda id_: scored(f"{id_}#0")), max_size=2, unique_by=lambda kept: kept.id)


def _plain(snapshot: Snapshot) -> dict[Key, Any]:
    """What was loaded; numbers of receipt may have gaps."""
    return {key: _unnumbered(found) for key, found in snapshot.rows.items()}


def _unnumbered(found: Any) -> Any:
    if isinstance(found, tuple):
        return tuple(map(_unnumbered, found))
    return evolve(found, seq=0) if hasattr(found, "seq") else found


class Agreeing(Making):
    """The state machine."""

    def test_it_does_what_the_memory_store_does(self) -> None:
        """Loads, changes planned on old and on new rows, lists, closing and opening, in any order."""
        again = self.again if "durable" in self.claims else None

        class Machine(_SameAsMemory):
            pass

        Machine.opened = staticmethod(self.new)
        Machine.again = None if again is None else staticmethod(again)
        run_state_machine_as_test(
            Machine, settings=settings(max_examples=self.examples, stateful_step_count=20, deadline=None)
        )
