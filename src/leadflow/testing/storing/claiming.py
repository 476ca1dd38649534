"""The capability "claims": several share the work, each row is in one's hands, and the work of who was killed is done by
another."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import Any

import pytest
from attrs import evolve

from leadflow.engine.mailing.messages import Message
from leadflow.errors import ConflictError, InvalidInputError, UnsupportedCapabilityError
from leadflow.ports.store import CLAIM_LOST, ChangeSet, Claimed, Claiming, Scan, Snapshot, Store
from leadflow.process.state import Instance
from leadflow.room import Key
from leadflow.testing.storing.changing import KEY, held, loaded, marked, put, seen
from leadflow.testing.storing.making import Making
from leadflow.testing.storing.sharing import together

LONG_US = 600_000_000
SHORT_US = 100_000
PATIENCE_S = 10.0


def _waiting(number: int, due_us: int | None = None) -> Message:
    return Message(f"m{number:04}", "email", "t", "r", "s", due_us=number if due_us is None else due_us, version=1)


def _due(table: str = "outbox", until_us: int = LONG_US, *more: tuple[str, str, Any]) -> Scan:
    return Scan(table=table, where=(("due_us", "<=", until_us), *more), order="due_us")


def _ids(claimed: Claimed) -> list[str]:
    return [row.id for row in claimed.rows]


def _done(row: Any) -> Any:
    return evolve(row, due_us=None, version=row.version + 1)


def _finish(store: Store, rows: Sequence[Any], tokens: dict[Key, Any], **more: Any) -> None:
    """Commit that rows are done, under the tokens."""
    read = Snapshot({(row.table, row.id): row for row in rows})
    new = {(row.table, row.id): _done(row) for row in rows}
    store.commit(ChangeSet(read, new, claims={key: tokens[key] for key in new}, **more))


class Claims(Making):
    """`claim`, `release`, and changes that end claims."""

    def _shared(self) -> tuple[Any, Any]:
        """Two handles on one store, or one twice where there is only one."""
        store = self.new()
        assert isinstance(store, Claiming), "claims are claimed, but there is no claim() and release()"
        return store, self.again(store) if "durable" in self.claims else store

    def _filled(self, *rows: Any) -> tuple[Any, Any]:
        mine, yours = self._shared()
        put(mine, *rows)
        return mine, yours

    def test_claims_that_are_not_claimed_are_refused(self) -> None:
        """Who has no claims says so: by having no such verbs, or by refusing; never by committing without looking."""
        if "claims" in self.claims:
            return
        store = self.new()
        change = ChangeSet(store.load([KEY]), {KEY: marked("c_1")}, claims={("outbox", "m"): 1})
        with pytest.raises(UnsupportedCapabilityError):
            store.commit(change)
        assert loaded(store, marked()) == [None]
        if isinstance(store, Claiming):
            with pytest.raises(UnsupportedCapabilityError):
                store.claim([_due()], 1, LONG_US)

    def test_what_is_claimed_is_what_is_listed(self) -> None:
        """Claims: rows that fit, whole, the earliest first and no more than asked for; nothing where nothing is due."""
        if "claims" not in self.claims:
            return
        mine, _ = self._filled(*(_waiting(n) for n in (5, 3, 9, 1, 7)), evolve(_waiting(2), state="unknown"))
        planned = _due("outbox", 7, ("state", "=", "planned"))
        claimed = mine.claim([planned], 3, LONG_US)
        assert claimed.rows == (_waiting(1), _waiting(3), _waiting(5))
        assert [*claimed.tokens] == [("outbox", row.id) for row in claimed.rows]
        assert _ids(mine.claim([planned], 3, LONG_US)) == ["m0007"]
        assert mine.claim([planned], 3, LONG_US) == Claimed()

    def test_claims_go_over_several_tables_in_one_order(self) -> None:
        """Claims: the earliest of all tables together, whichever they lie in."""
        if "claims" not in self.claims:
            return
        steps = [Instance(f"p{n}", f"l_{n}", "p", "s", due_us=n, version=1) for n in (2, 4, 6)]
        mine, _ = self._filled(*(_waiting(n) for n in (1, 3, 5)), *steps)
        every = [_due(), _due("process")]
        found = [_ids(mine.claim(every, 2, LONG_US)) for _ in range(4)]
        assert found == [["m0001", "p2"], ["m0003", "p4"], ["m0005", "p6"], []]

    def test_claims_know_tables_and_columns(self) -> None:
        """Claims: names come from an allow list, as in lists."""
        if "claims" not in self.claims:
            return
        mine, _ = self._filled(_waiting(1))
        for wrong in (
            Scan(table="no_such_table"),
            Scan(table="outbox", order="due_us; --"),
            Scan(table="outbox", order="due_us", where=(("x", "=", 1),)),
        ):
            with pytest.raises(InvalidInputError):
                mine.claim([wrong], 1, LONG_US)

    def test_nobody_claims_what_another_holds(self) -> None:
        """Claims: two handles take turns; no row is in two hands, and every row is in one."""
        if "claims" not in self.claims:
            return
        mine, yours = self._filled(*(_waiting(n % 7, n % 7) for n in range(7)))
        taken = [_ids(store.claim([_due()], 2, LONG_US)) for store in (mine, yours, mine, yours)]
        assert sorted(chain.from_iterable(taken)) == [f"m{n:04}" for n in range(7)]
        assert yours.claim([_due()], 2, LONG_US) == Claimed()

    def test_work_is_shared_and_each_row_done_once(self) -> None:
        """Claims: four threads on two handles claim and finish until nothing is left; each row once, none left out."""
        if "claims" not in self.claims:
            return
        handles = self._filled(*(_waiting(n, n % 10) for n in range(160)))
        done: list[str] = []

        def work(store: Any, size: int) -> None:
            while (claimed := store.claim([_due()], size, LONG_US)).tokens:
                _finish(store, claimed.rows, claimed.tokens)
                done.extend(_ids(claimed))

        assert together(*(partial(work, handles[n % 2], n + 3) for n in range(4))) == []
        assert Counter(done) == Counter(f"m{n:04}" for n in range(160))
        assert {row.version for row in handles[0].scan(Scan(table="outbox"))} == {2}

    def test_a_lease_that_ran_out_can_be_claimed_again(self) -> None:
        """Claims: by another, after its time and not before."""
        if "claims" not in self.claims:
            return
        mine, yours = self._filled(_waiting(1), _waiting(2))
        short = mine.claim([_due()], 1, SHORT_US)
        begun = time.monotonic()
        long = mine.claim([_due()], 1, LONG_US)
        again = _patiently(lambda: yours.claim([_due()], 2, LONG_US))
        assert time.monotonic() - begun > SHORT_US / 1e6 * 0.5
        assert (_ids(short), _ids(long), _ids(again)) == (["m0001"], ["m0002"], ["m0001"])

    def test_what_is_given_back_can_be_claimed_again(self) -> None:
        """Claims: at once, by anybody; giving back twice is harmless."""
        if "claims" not in self.claims:
            return
        mine, yours = self._filled(_waiting(1), _waiting(2))
        claimed = mine.claim([_due()], 2, LONG_US)
        first = {key: token for key, token in claimed.tokens.items() if key[1] == "m0001"}
        for _ in range(2):
            mine.release(first)
        assert _ids(yours.claim([_due()], 2, LONG_US)) == ["m0001"]
        mine.release({})

    def test_nobody_gives_back_what_another_holds(self) -> None:
        """Claims: a token that is no longer good gives nothing back."""
        if "claims" not in self.claims:
            return
        mine, yours = self._filled(_waiting(1))
        old = mine.claim([_due()], 1, SHORT_US)
        new = _patiently(lambda: yours.claim([_due()], 1, LONG_US))
        mine.release(old.tokens)
        assert mine.claim([_due()], 1, LONG_US) == Claimed()
        _finish(yours, new.rows, new.tokens)

    def test_who_held_a_row_before_is_refused(self) -> None:
        """Claims: a worker that slept over its lease commits nothing, whole; the one who holds the row now does."""
        if "claims" not in self.claims:
            return
        mine, yours = self._filled(_waiting(1), _waiting(2))
        late = mine.claim([_due()], 2, SHORT_US)
        now = _patiently(lambda: yours.claim([_due("outbox", 1)], 1, LONG_US))
        before = held(mine)
        with pytest.raises(ConflictError) as caught:
            _finish(mine, late.rows, late.tokens, inputs=(seen("i-1"),))
        assert caught.value.code == CLAIM_LOST
        assert held(mine) == before
        _finish(yours, now.rows, now.tokens, inputs=(seen("i-1"),))
        with pytest.raises(ConflictError):
            _finish(mine, late.rows, late.tokens)
        assert _ids(_patiently(lambda: yours.claim([_due()], 2, LONG_US))) == ["m0002"]

    def test_what_was_given_back_is_not_finished(self) -> None:
        """Claims: also where nobody has claimed it since."""
        if "claims" not in self.claims:
            return
        mine, _ = self._filled(_waiting(1))
        claimed = mine.claim([_due()], 1, LONG_US)
        mine.release(claimed.tokens)
        with pytest.raises(ConflictError) as caught:
            _finish(mine, claimed.rows, claimed.tokens)
        assert caught.value.code == CLAIM_LOST
        assert loaded(mine, _waiting(1)) == [_waiting(1)]

    def test_a_claim_ends_with_its_change(self) -> None:
        """Claims: a row that is still due afterwards can be claimed at once; one that is not lost stays held."""
        if "claims" not in self.claims:
            return
        mine, yours = self._filled(_waiting(1), _waiting(2))
        claimed = mine.claim([_due()], 2, LONG_US)
        row = claimed.rows[0]
        key = (row.table, row.id)
        moved = evolve(row, due_us=3, version=2)
        mine.commit(ChangeSet(Snapshot({key: row}), {key: moved}, claims={key: claimed.tokens[key]}))
        assert yours.claim([_due()], 2, LONG_US).rows == (moved,)
        with pytest.raises(ConflictError):
            mine.commit(ChangeSet(mine.load([]), claims={key: claimed.tokens[key]}))
        mine.commit(ChangeSet(mine.load([]), claims={("outbox", "m0002"): claimed.tokens["outbox", "m0002"]}))
        assert _ids(yours.claim([_due()], 2, LONG_US)) == ["m0002"]

    def test_a_claim_is_no_lock(self) -> None:
        """Claims: others may change a claimed row; its holder then conflicts, holds it still, and plans again."""
        if "claims" not in self.claims:
            return
        mine, yours = self._filled(_waiting(1))
        claimed = mine.claim([_due()], 1, LONG_US)
        put(yours, evolve(_waiting(1), error="seen", version=2))
        with pytest.raises(ConflictError) as caught:
            _finish(mine, claimed.rows, claimed.tokens)
        assert caught.value.code != CLAIM_LOST
        _finish(mine, loaded(mine, _waiting(1)), claimed.tokens)
        assert loaded(yours, _waiting(1)) == [evolve(_waiting(1), error="seen", due_us=None, version=3)]

    def test_one_of_two_who_finish_the_same_row_is_refused(self) -> None:
        """Claims: the old holder and the new one commit at once; one change is there."""
        if "claims" not in self.claims:
            return
        mine, yours = self._filled(*(_waiting(n) for n in range(8)))
        for _ in range(8):
            late = mine.claim([_due()], 1, SHORT_US)
            wanted = late.rows[0].due_us
            now = _patiently(partial(yours.claim, [_due("outbox", wanted)], 1, LONG_US))
            done: list[str] = []

            def work(store: Any, claimed: Claimed, name: str, done: list[str] = done) -> None:
                with contextlib.suppress(ConflictError):
                    _finish(store, claimed.rows, claimed.tokens)
                    done.append(name)

            assert together(partial(work, mine, late, "late"), partial(work, yours, now, "now")) == []
            assert done == ["now"]


def _patiently(claim: Callable[[], Claimed]) -> Claimed:
    """Ask until something comes."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        claimed = claim()
        if claimed.tokens:
            return claimed
        time.sleep(0.01)
    raise AssertionError(f"nothing could be claimed within {PATIENCE_S:.0f} seconds")
