"""Lists come in order, filtered, page by page, and nothing is skipped or told twice."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leadflow.errors import InvalidInputError
from leadflow.model.lead import Lead
from leadflow.ports.store import Scan, Store
from leadflow.testing.storing.changing import put, scored, seen
from leadflow.testing.storing.making import Making
from leadflow.testing.storing.odd import bounded

HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda value, wanted: value in wanted,
}
OWNERS = ("ana", "bo", "Bo", "Čez", "日本", "", None)
TIMES = (0, 1, 1, 2, 2**40)
COLUMNS = {"created_us": TIMES, "owner_id": OWNERS, "state": ("open", "recycled"), "sales_ready": (False, True)}
SEVERAL = [Lead(id=f"l_{n}", created_us=at_us, version=1) for n, at_us in enumerate((2, 1, 0, 1, 1))]
UNKNOWN = {
    "table": Scan(table="no_such_table"),
    "order": Scan(table="lead", order="no_such_column"),
    "column": Scan(table="lead", where=(("id; DROP TABLE leadflow_lead", "=", "x"),)),
    "operator": Scan(table="lead", where=(("id", "LIKE", "x"),)),
    "order of decisions": Scan(table="decision", order="seq; --"),
}


def _filters() -> st.SearchStrategy[tuple[str, str, Any]]:
    column = st.sampled_from(sorted(COLUMNS))
    return column.flatmap(
        lambda name: st.one_of(
            st.tuples(st.just(name), st.sampled_from([test for test in HOLDS if test != "in"]), _values(name)),
            st.tuples(st.just(name), st.just("in"), st.lists(_values(name), max_size=3).map(tuple)),
        )
    )


def _values(column: str) -> st.SearchStrategy[Any]:
    return st.sampled_from([value for value in COLUMNS[column] if value is not None])


def _rows() -> st.SearchStrategy[list[Lead]]:
    row = st.builds(
        Lead,
        id=st.sampled_from([f"l_{sign}" for sign in "0123456789ABCabcčé"]),
        **{column: st.sampled_from(values) for column, values in COLUMNS.items()},
        version=st.just(1),
    )
    return st.lists(row, unique_by=lambda lead: lead.id, max_size=14)


def _wanted(rows: list[Lead], where: tuple[tuple[str, str, Any], ...], order: str) -> list[str]:
    """What a list should be, told by Python."""
    column = order.lstrip("-")
    found = [row for row in rows if getattr(row, column) is not None]
    for name, test, value in where:
        found = [row for row in found if getattr(row, name) is not None and HOLDS[test](getattr(row, name), value)]
    found.sort(key=lambda row: row.id)
    found.sort(key=lambda row: getattr(row, column), reverse=order.startswith("-"))
    return [row.id for row in found]


def _replaced(store: Store, rows: list[Lead]) -> None:
    """The store holds these leads and no others."""
    put(store, drop=list(store.scan(Scan(table="lead"))))
    put(store, *rows)


class Scanning(Making):
    """`scan`."""

    def test_pages_neither_skip_nor_repeat(self) -> None:
        """Paging by (value, id) in both directions, with equal values and unknown ones, by any filter."""
        store = self.new()

        @bounded(self.examples * 2)
        @given(
            rows=_rows(),
            size=st.integers(1, 4),
            order=st.sampled_from(["id", "-id", *COLUMNS, *(f"-{column}" for column in COLUMNS)]),
            where=st.lists(_filters(), max_size=2).map(tuple),
        )
        @example(rows=SEVERAL, size=2, order="created_us", where=())
        @example(rows=SEVERAL, size=3, order="-created_us", where=())
        def holds(rows: list[Lead], size: int, order: str, where: Any) -> None:
            _replaced(store, rows)
            seen_so_far: list[str] = []
            after = None
            while page := list(store.scan(Scan(table="lead", where=where, order=order, after=after, limit=size))):
                seen_so_far += [row.id for row in page]
                assert len(page) <= size
                assert len(seen_so_far) <= len(rows), "paging does not end"
                after = (getattr(page[-1], order.lstrip("-")), page[-1].id)
            assert seen_so_far == _wanted(rows, where, order)

        holds()

    def test_filters_and_orders_do_what_they_say(self) -> None:
        """Every operator on texts, numbers and yes or no; unknown values fit no filter and stand in no order."""
        store = self.new()

        @bounded(self.examples * 2)
        @given(
            rows=_rows(),
            order=st.sampled_from(["id", *COLUMNS, *(f"-{column}" for column in COLUMNS)]),
            where=st.lists(_filters(), max_size=3).map(tuple),
        )
        def holds(rows: list[Lead], order: str, where: Any) -> None:
            _replaced(store, rows)
            found = list(store.scan(Scan(table="lead", where=where, order=order)))
            assert [row.id for row in found] == _wanted(rows, where, order)
            assert {row.id: row for row in rows} | {row.id: row for row in found} == {row.id: row for row in rows}

        holds()

    def test_a_long_list_is_whole(self) -> None:
        """More rows than a driver fetches at a time, all with the same value."""
        store = self.new()
        put(store, *(Lead(id=f"l_{n:04}", version=1) for n in range(1700)))
        found = [row.id for row in store.scan(Scan(table="lead", order="created_us"))]
        assert found == [f"l_{n:04}" for n in range(1700)]
        later = Scan(table="lead", order="-created_us", after=(0, "l_0999"), limit=3)
        assert [row.id for row in store.scan(later)] == ["l_1000", "l_1001", "l_1002"]

    def test_a_limit_of_none_is_all_and_of_0_is_nothing(self) -> None:
        """The bounds of a page."""
        store = self.new()
        put(store, *(Lead(id=f"l_{n}", version=1) for n in range(3)))
        assert [len([*store.scan(Scan(table="lead", limit=limit))]) for limit in (None, 0, 1, 9)] == [3, 0, 1, 3]

    def test_texts_are_ordered_by_their_characters(self) -> None:
        """By code point, as Python does, whatever language a database speaks: pages of two stores agree."""
        store = self.new()
        ids = ["a", "B", "b", "A", "č", "c", "Z", "_", "-", "0", "日", "😀", "ﬀ"]
        put(store, *(Lead(id=id_, version=1) for id_ in ids))
        assert [row.id for row in store.scan(Scan(table="lead"))] == sorted(ids)

    def test_inputs_and_decisions_are_listed_too(self) -> None:
        """By number of receipt, by subject, by type, after a place."""
        store = self.new()
        ids = [f"i-{n}" for n in range(5)]
        put(store, inputs=[seen(id_) for id_ in ids], decisions=[scored(f"{id_}#0") for id_ in ids])
        for table, ending in (("input", ""), ("decision", "#0")):
            first = list(store.scan(Scan(table=table, order="seq", limit=2)))
            rest = store.scan(Scan(table=table, order="seq", after=(first[-1].seq, first[-1].id)))
            assert [row.id for row in (*first, *rest)] == [id_ + ending for id_ in ids]
            last = store.scan(Scan(table=table, where=(("subject", "=", "c_1"),), order="-seq", limit=1))
            assert [row.id for row in last] == ["i-4" + ending]
        by_type = Scan(table="decision", where=(("type", "in", ("scored", "record_created")),))
        assert len([*store.scan(by_type)]) == 5

    @pytest.mark.parametrize("wrong", sorted(UNKNOWN))
    def test_names_come_from_an_allow_list(self, wrong: str) -> None:
        """Tables, columns and operators are never taken from a caller's text, in a store that is empty or not."""
        store = self.new()
        for _ in ("empty", "with rows"):
            with pytest.raises(InvalidInputError):
                list(store.scan(UNKNOWN[wrong]))
            if not list(store.scan(Scan(table="lead"))):
                put(store, Lead(id="l_1", version=1), inputs=(seen("i-1"),), decisions=(scored("i-1#0"),))
