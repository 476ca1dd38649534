"""What every store does, told through its own four verbs. reliability.md F90: a store that lies fails here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from leadflow.engine.rooms import TABLES
from leadflow.errors import ConflictError, InvalidInputError
from leadflow.matching.state import MatchKey
from leadflow.model.decisions import Recorded, Scored
from leadflow.model.records import Input
from leadflow.ports.store import ChangeSet, Scan, Store
from leadflow.stores.memory import MemoryStore
from leadflow.stores.sqlite import SqliteStore
from leadflow.testing import accounts, contacts, leads
from leadflow_adapters.postgres.plugin import opened

Make = Callable[[], Store]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes new, empty stores."""
    with ExitStack() as stack:
        server = request.getfixturevalue("postgres") if request.param == "postgres" else None

        def new() -> Store:
            made: Store
            if request.param == "memory":
                made = MemoryStore(TABLES)
            elif server is None:
                path = tmp_path / f"{next(numbers)}.db"
                made = SqliteStore(path, TABLES, synchronous="OFF")
            else:
                url = stack.enter_context(server.emptied())
                made = opened(url, TABLES, check=False)
            stack.callback(made.close)
            return made

        numbers = count()
        yield new


def put(store: Store, *rows: Any, **more: Any) -> None:
    """Commit rows as they are."""
    keys = [(row.table, row.id) for row in rows]
    store.commit(ChangeSet(store.load(keys), {(row.table, row.id): row for row in rows}, **more))


def test_what_is_put_is_loaded_as_it_was(make: Make) -> None:
    """Every field of every kind of row comes back: texts, numbers, decimals, custom attributes, nothing at all."""

    @settings(max_examples=40, deadline=None)
    @given(
        rows=st.lists(st.one_of(contacts(), accounts(), leads()), unique_by=lambda row: (row.table, row.id), max_size=8)
    )
    def holds(rows: list[Any]) -> None:
        store = make()
        put(store, *rows)
        keys = [(row.table, row.id) for row in rows]
        assert store.load(keys).rows == dict(zip(keys, rows, strict=True))
        # A second time every row is an update.
        put(store, *(evolve(row, version=row.version + 1) for row in rows))
        assert [store.load([key]).rows[key].version for key in keys] == [row.version + 1 for row in rows]

    holds()


def test_rows_are_found_by_an_indexed_column(make: Make) -> None:
    """All rows with a value, ordered by id; none is an empty tuple; a row that moved is found where it is now."""
    store = make()
    table = {table.name: table for table in TABLES}["lead"]
    rows = [table.row(id=f"l_{n}", contact_id="c_1" if n % 2 else "c_2", version=1) for n in range(700)]
    put(store, *rows)
    keys = [("lead.contact_id", value) for value in ("c_1", "c_2", "c_3")]
    found = store.load(keys).rows
    assert [len(found[key]) for key in keys] == [350, 350, 0]
    assert [row.id for row in found[keys[0]]] == sorted(row.id for row in rows if row.contact_id == "c_1")
    put(store, evolve(rows[1], contact_id="c_3", version=2))
    assert [row.id for row in store.load(keys).rows[keys[2]]] == ["l_1"]


def test_a_change_planned_on_old_rows_is_refused(make: Make) -> None:
    """One of two who read the same version loses, whole, and may try again."""
    store = make()
    put(store, MatchKey("k", (("c_1", "c_1"),), 1))
    mine, yours = store.load([("matchkey", "k")]), store.load([("matchkey", "k")])
    store.commit(ChangeSet(yours, {("matchkey", "k"): MatchKey("k", (("c_2", "c_2"),), 2)}))
    lost = ChangeSet(
        mine,
        {("matchkey", "k"): MatchKey("k", (("c_3", "c_3"),), 2)},
        inputs=(Input("i-1", "interaction", 1, 1),),
        decisions=(Recorded("i-1#0", Scored(subject="c_3", model="m", points=1), 1, 1, "i-1", None, "d"),),
    )
    with pytest.raises(ConflictError) as caught:
        store.commit(lost)
    assert caught.value.retryable
    assert store.load([("matchkey", "k")]).rows["matchkey", "k"].records == (("c_2", "c_2"),)
    assert [*store.scan(Scan(table="input"))] == [*store.scan(Scan(table="decision"))] == []


def test_two_creators_under_one_key_conflict(make: Make) -> None:
    """Absence is a version too: both expected nothing, one finds something."""
    store = make()
    both = [store.load([("matchkey", "k")]) for _ in range(2)]
    store.commit(ChangeSet(both[0], {("matchkey", "k"): MatchKey("k", (("c_1", "c_1"),), 1)}))
    with pytest.raises(ConflictError):
        store.commit(ChangeSet(both[1], {("matchkey", "k"): MatchKey("k", (("c_2", "c_2"),), 1)}))


def test_a_row_that_appeared_under_a_column_conflicts(make: Make) -> None:
    """Who read "all leads of c_1" loses against who added one."""
    store = make()
    table = {table.name: table for table in TABLES}["lead"]
    read = store.load([("lead.contact_id", "c_1"), ("matchkey", "x")])
    put(store, table.row(id="l_1", contact_id="c_1", version=1))
    with pytest.raises(ConflictError):
        store.commit(ChangeSet(read, {("matchkey", "x"): MatchKey("x", (), 1)}))


def test_an_input_is_kept_once(make: Make) -> None:
    """The record's own id is its primary key: a repeat is refused even by the store."""
    store = make()
    kept = Input("i-1", "interaction", 1, 1, "page.visited", "c_1")
    put(store, inputs=(kept,))
    with pytest.raises(ConflictError):
        store.commit(ChangeSet(store.load([]), inputs=(evolve(kept, at_us=2),)))
    assert [(row.id, row.at_us, row.seq) for row in store.scan(Scan(table="input"))] == [("i-1", 1, 1)]


def test_conflicts_carry_no_personal_data(make: Make) -> None:
    """V14: a match key holds an address; an error names the table only."""
    store = make()
    key = ("matchkey", "contact|email@email.1|canary@kos.example")
    read = store.load([key])
    put(store, MatchKey(key[1], (("c_1", "c_1"),), 1))
    with pytest.raises(ConflictError) as caught:
        store.commit(ChangeSet(read, {key: MatchKey(key[1], (("c_2", "c_2"),), 1)}))
    told = f"{caught.value} {caught.value.details} {caught.value.__cause__!r}"
    assert "canary" not in told
    assert caught.value.details == {"tables": ("matchkey",)}


def test_pages_neither_skip_nor_repeat(make: Make) -> None:
    """Paging by (value, id) in both directions, with equal values and unknown ones."""

    @settings(max_examples=40, deadline=None)
    @given(
        rows=st.lists(leads(), unique_by=lambda row: row.id, max_size=12),
        size=st.integers(1, 4),
        order=st.sampled_from(["created_us", "-created_us", "id", "owner_id", "-owner_id"]),
        where=st.sampled_from([(), (("state", "=", "open"),), (("state", "in", ("open", "recycled")),)]),
    )
    def holds(rows: list[Any], size: int, order: str, where: Any) -> None:
        store = make()
        put(store, *rows)
        column = order.lstrip("-")
        wanted = [row for row in rows if getattr(row, column) is not None]
        wanted = [row for row in wanted if not where or row.state in where[0][2]]
        wanted.sort(key=lambda row: row.id)
        wanted.sort(key=lambda row: getattr(row, column), reverse=order.startswith("-"))
        seen: list[Any] = []
        after = None
        while page := list(store.scan(Scan(table="lead", where=where, order=order, after=after, limit=size))):
            seen.extend(page)
            after = (getattr(page[-1], column), page[-1].id)
        assert [row.id for row in seen] == [row.id for row in wanted]

    holds()


@pytest.mark.parametrize(
    "query",
    [
        Scan(table="no_such_table"),
        Scan(table="lead", order="no_such_column"),
        Scan(table="lead", where=(("id; DROP TABLE leadflow_lead", "=", "x"),)),
        Scan(table="lead", where=(("id", "LIKE", "x"),)),
    ],
    ids=["table", "order", "column", "operator"],
)
def test_names_come_from_an_allow_list(tmp_path: Path, query: Scan) -> None:
    """Security: columns and operators are never taken from the caller's text."""
    store = SqliteStore(tmp_path / "leads.db", TABLES)
    with pytest.raises(InvalidInputError):
        list(store.scan(query))
    store.close()


def test_closing_twice_is_harmless(make: Make) -> None:
    """A host that closes in a finally and again at exit."""
    store = make()
    store.close()
    store.close()
