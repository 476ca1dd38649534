"""What is committed is loaded: as it was, by id and by column, at one moment."""

from __future__ import annotations

import threading
from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from leadflow.model.contact import Contact
from leadflow.model.lead import Lead
from leadflow.ports.store import ChangeSet
from leadflow.testing.storing.changing import KEY, loaded, marked, put, scored, seen
from leadflow.testing.storing.making import Making
from leadflow.testing.storing.odd import bounded
from leadflow.testing.strategies import accounts, contacts, leads


class Loading(Making):
    """`load`."""

    def test_what_is_put_is_loaded_as_it_was(self) -> None:
        """Every field of contacts, accounts and leads comes back, when they are new and when they are updated."""
        store = self.new()
        seen_before: dict[Any, Any] = {}

        @bounded(self.examples)
        @given(
            rows=st.lists(
                st.one_of(contacts(), accounts(), leads()), unique_by=lambda row: (row.table, row.id), max_size=8
            )
        )
        def holds(rows: list[Any]) -> None:
            rows = [evolve(row, version=seen_before.get((row.table, row.id), 0) + 1) for row in rows]
            put(store, *rows)
            assert loaded(store, *rows) == rows
            seen_before.update({(row.table, row.id): row.version for row in rows})

        holds()

    def test_what_is_not_there_is_none_or_empty(self) -> None:
        """Every key that was asked for is answered."""
        absent = [("contact", "c_1"), ("lead.contact_id", "c_1"), ("matchkey", ""), ("input.subject", "c_1")]
        assert self.new().load(absent).rows == dict(zip(absent, [None, (), None, ()], strict=True))

    def test_asking_for_nothing_is_answered(self) -> None:
        """No keys, no rows."""
        assert self.new().load([]).rows == {}

    def test_many_keys_are_loaded_at_once(self) -> None:
        """More than a driver may take as parameters of one statement, the missing among the found."""
        store = self.new()
        rows = [Contact(id=f"c_{n:05}", version=1) for n in range(0, 3000, 3)]
        put(store, *rows)
        keys = [("contact", f"c_{n:05}") for n in range(3000)]
        found = store.load(iter(keys)).rows
        assert [*found] == keys or set(found) == set(keys)
        assert [row for row in found.values() if row is not None] == rows

    def test_rows_are_found_by_an_indexed_column(self) -> None:
        """All rows with a value, ordered by id, none left out and none from elsewhere."""
        store = self.new()
        put(store, *(Lead(id=f"l_{n}", contact_id="c_1" if n % 2 else "c_2", version=1) for n in range(700)))
        keys = [("lead.contact_id", value) for value in ("c_1", "c_2", "c_3")]
        found = store.load(keys).rows
        assert [len(found[key]) for key in keys] == [350, 350, 0]
        assert [row.id for row in found[keys[0]]] == sorted(f"l_{n}" for n in range(700) if n % 2)

    def test_a_row_that_moved_is_found_where_it_is_now(self) -> None:
        """A column that changed, and one that is empty now."""
        store = self.new()
        first, second = (Lead(id=f"l_{n}", contact_id="c_1", version=1) for n in (1, 2))
        put(store, first, second)
        put(store, evolve(first, contact_id="c_2", version=2), evolve(second, contact_id=None, version=2))
        keys = [("lead.contact_id", value) for value in ("c_1", "c_2")]
        assert [tuple(row.id for row in found) for found in store.load(keys).rows.values()] == [(), ("l_1",)]

    def test_inputs_are_found_by_their_columns(self) -> None:
        """Inputs are rows too: by id and by subject."""
        store = self.new()
        put(store, inputs=(seen("i-2"), seen("i-1"), seen("i-3", subject="c_2")))
        rows = store.load([("input.subject", "c_1"), ("input", "i-3")]).rows
        assert [row.id for row in rows["input.subject", "c_1"]] == ["i-1", "i-2"]
        assert rows["input", "i-3"].subject == "c_2"

    def test_what_is_read_after_a_write_is_not_stale(self) -> None:
        """Loaded, changed, loaded again: the new row, by id and by column."""
        store = self.new()
        for version in (1, 2, 3):
            row = Lead(id="l_1", contact_id="c_1", stage=f"s-{version}", version=version)
            put(store, row)
            assert store.load([("lead", "l_1"), ("lead.contact_id", "c_1")]).rows == {
                ("lead", "l_1"): row,
                ("lead.contact_id", "c_1"): (row,),
            }

    def test_a_load_sees_one_moment(self) -> None:
        """Rows of several tables that always change together are never seen apart."""
        store = self.new()
        tables = ("contact", "lead", "matchkey")
        keys = [("contact", "c_1"), ("lead", "l_1"), KEY]
        done, apart = threading.Event(), []

        def look() -> None:
            while not done.is_set():
                found = store.load(keys).rows
                versions = {0 if found[key] is None else found[key].version for key in keys}
                if len(versions) > 1:
                    apart.append(dict(zip(tables, (getattr(found[key], "version", 0) for key in keys), strict=True)))

        reader = threading.Thread(target=look)
        reader.start()
        try:
            for version in range(1, 120):
                rows = (Contact(id="c_1", version=version), Lead(id="l_1", version=version))
                put(store, *rows, marked("c_1", version=version))
        finally:
            done.set()
            reader.join()
        assert apart == []

    def test_a_snapshot_is_a_value(self) -> None:
        """What was loaded stays as it was, whatever is committed later."""
        store = self.new()
        put(store, marked("c_1"))
        before = store.load([KEY])
        store.commit(
            ChangeSet(before, {KEY: marked("c_2", version=2)}, inputs=(seen("i-1"),), decisions=(scored("i-1#0"),))
        )
        assert before.rows[KEY] == marked("c_1")
