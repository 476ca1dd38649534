"""A change becomes true wholly or not at all, and only if what it was planned on still stands."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from leadflow.errors import ConflictError
from leadflow.model.contact import Contact
from leadflow.model.lead import Lead
from leadflow.ports.store import ChangeSet, Scan, Store
from leadflow.testing.storing.changing import KEY, appended, held, loaded, marked, put, scored, seen
from leadflow.testing.storing.making import Making

ADDRESS = ("matchkey", "contact|email@email.1|canary@kos.example")


class Committing(Making):
    """`commit`."""

    def _lost(self, store: Store, change: ChangeSet) -> ConflictError:
        """The change is refused with a conflict that may be tried again, and nothing of it is there."""
        before = held(store)
        with pytest.raises(ConflictError) as caught:
            store.commit(change)
        assert held(store) == before
        assert caught.value.retryable
        return caught.value

    def test_what_is_committed_is_there(self) -> None:
        """Rows, inputs and decisions, at once, every one of them."""
        store = self.new()
        rows = [Contact(id=f"c_{n}", version=1) for n in range(3)]
        inputs, decisions = [seen(f"i-{n}") for n in range(3)], [scored(f"i-{n}#0", n) for n in range(3)]
        put(store, *rows, marked("c_0"), inputs=inputs, decisions=decisions)
        assert held(store) == {"contact": rows, "matchkey": [marked("c_0")], "input": inputs, "decision": decisions}

    def test_every_row_of_a_batch_is_written(self) -> None:
        """Many new rows, many updates and many that go, of several tables in one change."""
        store = self.new()
        old = [Contact(id=f"c_{n:03}", version=1) for n in range(600)]
        put(store, *old)
        changed = [evolve(row, city=f"city {row.id}", version=2) for row in old[:400]]
        new: list[Any] = [Lead(id=f"l_{n:03}", version=1) for n in range(300)]
        put(store, *changed, *new, drop=old[400:])
        assert held(store) == {"contact": changed, "lead": new, "input": [], "decision": []}

    def test_a_row_that_is_dropped_is_gone(self) -> None:
        """By id, by column and from lists; and it may come again, as new."""
        store = self.new()
        lead = Lead(id="l_1", contact_id="c_1", version=1)
        put(store, lead)
        put(store, drop=[lead])
        assert store.load([("lead", "l_1"), ("lead.contact_id", "c_1")]).rows == {
            ("lead", "l_1"): None,
            ("lead.contact_id", "c_1"): (),
        }
        put(store, lead)
        assert [*store.scan(Scan(table="lead"))] == [lead]

    def test_an_empty_change_changes_nothing(self) -> None:
        """Nothing read and nothing written."""
        store = self.new()
        put(store, marked("c_1"))
        before = held(store)
        store.commit(ChangeSet(store.load([KEY])))
        assert held(store) == before

    def test_a_change_planned_on_old_rows_is_refused(self) -> None:
        """One of two who read the same version loses, whole, with inputs, decisions and rows that nobody else touched."""
        store = self.new()
        put(store, marked("c_1"))
        mine, yours = store.load([KEY, ("contact", "c_9")]), store.load([KEY])
        store.commit(ChangeSet(yours, {KEY: marked("c_2", version=2)}))
        new = {KEY: marked("c_3", version=2), ("contact", "c_9"): Contact(id="c_9", version=1)}
        self._lost(store, ChangeSet(mine, new, inputs=(seen("i-1"),), decisions=(scored("i-1#0"),)))

    def test_a_row_that_was_only_read_counts(self) -> None:
        """A change is refused when a row changed that it read and does not write."""
        store = self.new()
        put(store, marked("c_1"))
        mine = store.load([KEY, ("contact", "c_9")])
        put(store, marked("c_2", version=2))
        self._lost(store, ChangeSet(mine, {("contact", "c_9"): Contact(id="c_9", version=1)}))

    def test_absence_is_a_version(self) -> None:
        """Two creators under one key: both expected nothing, one finds something."""
        store = self.new()
        both = [store.load([KEY]) for _ in range(2)]
        store.commit(ChangeSet(both[0], {KEY: marked("c_1")}))
        self._lost(store, ChangeSet(both[1], {KEY: marked("c_2")}))

    def test_a_row_that_went_conflicts(self) -> None:
        """Read by one, dropped by another."""
        store = self.new()
        put(store, marked("c_1"))
        mine = store.load([KEY])
        put(store, drop=[marked("c_1")])
        self._lost(store, ChangeSet(mine, {KEY: marked("c_2", version=2)}))

    def test_a_row_that_is_new_to_the_reader_is_not_written_over(self) -> None:
        """Who writes a row that he did not read says that it is new; the store knows better."""
        store = self.new()
        put(store, marked("c_1"))
        self._lost(store, ChangeSet(store.load([]), {KEY: marked("c_2")}))

    @pytest.mark.parametrize("how", ["came", "left", "changed", "went"])
    def test_rows_under_a_column_are_expected_too(self, how: str) -> None:
        """Who read "all leads of c_1" loses against who added, moved, changed or dropped one."""
        store = self.new()
        there, elsewhere = Lead(id="l_1", contact_id="c_1", version=1), Lead(id="l_2", contact_id="c_2", version=1)
        put(store, there, elsewhere)
        mine = store.load([("lead.contact_id", "c_1"), KEY])
        if how == "came":
            put(store, evolve(elsewhere, contact_id="c_1", version=2))
        elif how == "went":
            put(store, drop=[there])
        else:
            put(store, evolve(there, contact_id="c_3" if how == "left" else "c_1", stage="s", version=2))
        self._lost(store, ChangeSet(mine, {KEY: marked("c_1")}))

    def test_changes_that_share_nothing_both_go_in(self) -> None:
        """A conflict is about what was read: nobody waits for strangers."""
        store = self.new()
        mine, yours = (store.load([("contact", id_), ("lead.contact_id", id_)]) for id_ in ("c_1", "c_2"))
        store.commit(ChangeSet(yours, {("contact", "c_2"): Contact(id="c_2", version=1)}, inputs=(seen("i-2"),)))
        store.commit(ChangeSet(mine, {("contact", "c_1"): Contact(id="c_1", version=1)}, inputs=(seen("i-1"),)))
        assert [row.id for row in store.scan(Scan(table="contact"))] == ["c_1", "c_2"]

    def test_an_input_is_kept_once(self) -> None:
        """A record's own id makes a repeat harmless: the second is refused, with all that came with it."""
        store = self.new()
        put(store, inputs=(seen("i-1"),))
        change = ChangeSet(store.load([KEY]), {KEY: marked("c_1")}, inputs=(seen("i-0"), seen("i-1", 2)))
        self._lost(store, change)
        assert appended(store, "input") == [seen("i-1")]

    def test_a_decision_is_kept_once(self) -> None:
        """The id of a decision is its own, as an input's is."""
        store = self.new()
        put(store, inputs=(seen("i-1"),), decisions=(scored("i-1#0"),))
        self._lost(store, ChangeSet(store.load([]), inputs=(seen("i-2"),), decisions=(scored("i-1#0", 9),)))

    def test_inputs_and_decisions_keep_their_order(self) -> None:
        """Numbered by receipt, upwards, in the order given and from one change to the next."""
        store = self.new()
        given = ["z", "a", "m", "b"], ["y", "c"], ["0"]
        for ids in given:
            put(store, inputs=[seen(id_) for id_ in ids], decisions=[scored(f"{id_}#0") for id_ in ids])
        wanted = [id_ for ids in given for id_ in ids]
        for table, ending in (("input", ""), ("decision", "#0")):
            found = list(store.scan(Scan(table=table, order="seq")))
            assert [row.id for row in found] == [id_ + ending for id_ in wanted]
            numbers = [row.seq for row in found]
            assert numbers == sorted(set(numbers))
            assert numbers[0] > 0

    def test_conflicts_carry_no_personal_data(self) -> None:
        """A match key holds an address; an error names the table only."""
        store = self.new()
        read = store.load([ADDRESS])
        put(store, marked("c_1", key=ADDRESS[1]))
        error = self._lost(store, ChangeSet(read, {ADDRESS: marked("c_2", key=ADDRESS[1])}))
        assert "canary" not in f"{error} {error.details} {error.__cause__!r}"
        assert error.details == {"tables": ("matchkey",)}

    def test_a_change_leaves_its_rows_alone(self) -> None:
        """Rows are values: what was handed over is what it was."""
        store = self.new()
        row, kept = marked("c_1"), seen("i-1")
        put(store, row, inputs=[kept])
        assert (row, kept) == (marked("c_1"), seen("i-1"))
        assert loaded(store, row) == [row]
