"""Stores with one fault each, under the kit. Not collected by itself: test_store_kit.py runs it and reads what failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from itertools import count
from typing import Any, ClassVar

import pytest
from attrs import evolve

from leadflow.engine.rooms import TABLES
from leadflow.errors import ConflictError, StoreError
from leadflow.ports.store import CLAIM_LOST, ChangeSet, Claimed, Scan, Snapshot, Store
from leadflow.room import Key, Table
from leadflow.stores.memory import MemoryStore
from leadflow.testing import StoreConformance


class Kit(StoreConformance):
    """The kit on a class of stores."""

    examples = 10
    store: ClassVar[Any] = MemoryStore

    def make(self, tables: Sequence[Table]) -> Store:
        return self.store(tables)


class TestHonest(Kit):
    pass


class SaysCommittedAndIsNot(MemoryStore):
    def commit(self, change: ChangeSet) -> None:
        if not change.decisions:
            super().commit(change)


class TestSaysCommittedAndIsNot(Kit):
    store = SaysCommittedAndIsNot


class DropsOneUpdateOfABatch(MemoryStore):
    def commit(self, change: ChangeSet) -> None:
        known = change.read.known()
        updates = [key for key in change.put if key in known]
        lost = updates[-1:] if len(updates) > 1 else []
        super().commit(evolve(change, put={key: row for key, row in change.put.items() if key not in lost}))


class TestDropsOneUpdateOfABatch(Kit):
    store = DropsOneUpdateOfABatch


class IgnoresWhatIsExpected(MemoryStore):
    def commit(self, change: ChangeSet) -> None:
        super().commit(evolve(change, read=evolve(change.read, token=self._commits)))


class TestIgnoresWhatIsExpected(Kit):
    store = IgnoresWhatIsExpected


class IgnoresColumns(MemoryStore):
    def commit(self, change: ChangeSet) -> None:
        known = change.read.known()
        rows = {key: row for key, row in change.read.rows.items() if "." not in key[0]}
        super().commit(evolve(change, read=Snapshot({**rows, **{k: known[k] for k in change.put if k in known}})))


class TestIgnoresColumns(Kit):
    store = IgnoresColumns


class TakesAbsenceForAnything(MemoryStore):
    def commit(self, change: ChangeSet) -> None:
        there = self.load([key for key, row in change.read.rows.items() if row is None])
        super().commit(evolve(change, read=evolve(change.read, rows={**change.read.rows, **there.rows})))


class TestTakesAbsenceForAnything(Kit):
    store = TakesAbsenceForAnything


class LosesTheOrderOfInputs(MemoryStore):
    def commit(self, change: ChangeSet) -> None:
        super().commit(evolve(change, inputs=sorted(change.inputs, key=lambda kept: kept.id)))


class TestLosesTheOrderOfInputs(Kit):
    store = LosesTheOrderOfInputs


class SkipsEqualValues(MemoryStore):
    def scan(self, query: Scan) -> Iterator[Any]:
        if query.after is None:
            return super().scan(query)
        column, value = query.order.lstrip("-"), query.after[0]
        rows = super().scan(evolve(query, limit=None))
        rest = [row for row in rows if getattr(row, column) != value]
        return iter(rest[: query.limit])


class TestSkipsEqualValues(Kit):
    store = SkipsEqualValues


class RepeatsTheLastRow(MemoryStore):
    def scan(self, query: Scan) -> Iterator[Any]:
        rows = list(super().scan(evolve(query, limit=None)))
        if query.after is not None and query.limit != 1:
            last = [row for row in super().scan(evolve(query, after=None, limit=None)) if row.id == query.after[1]]
            rows = [*last, *rows] if rows else rows
        return iter(rows[: query.limit])


class TestRepeatsTheLastRow(Kit):
    store = RepeatsTheLastRow


class WritesHalfOnFailure(MemoryStore):
    def _check_new(self, change: ChangeSet) -> None:
        try:
            super()._check_new(change)
        except ConflictError:
            for (name, id_), row in change.put.items():
                self._put(name, id_, row)
            raise


class TestWritesHalfOnFailure(Kit):
    store = WritesHalfOnFailure


class ReturnsStaleRows(MemoryStore):
    def load(self, keys: Iterable[Key]) -> Snapshot:
        found = super().load(keys)
        cache = self.__dict__.setdefault("cache", {})
        for key, row in found.rows.items():
            if key[0] == "lead":
                found.rows[key] = row if row is None else cache.setdefault(key, row)
        return found


class TestReturnsStaleRows(Kit):
    store = ReturnsStaleRows


class LetsAnInputInTwice(MemoryStore):
    def _check_new(self, change: ChangeSet) -> None:
        super()._check_new(evolve(change, inputs=()))


class TestLetsAnInputInTwice(Kit):
    store = LetsAnInputInTwice


class LoadsAtTwoMoments(MemoryStore):
    def load(self, keys: Iterable[Key]) -> Snapshot:
        rows: dict[Key, Any] = {}
        snapshot = super().load([])
        for key in keys:
            rows[key] = super().load([key]).rows[key]
            time.sleep(0)
        return evolve(snapshot, rows=rows)


class TestLoadsAtTwoMoments(Kit):
    store = LoadsAtTwoMoments


class LeavesNoneOut(MemoryStore):
    def load(self, keys: Iterable[Key]) -> Snapshot:
        found = super().load(keys)
        return evolve(found, rows={key: row for key, row in found.rows.items() if row})


class TestLeavesNoneOut(Kit):
    store = LeavesNoneOut


class Bent(MemoryStore):
    """Bends rows before it keeps them."""

    def bent(self, row: Any) -> Any:
        return row

    def _put(self, name: str, id_: str, row: Any) -> None:
        super()._put(name, id_, None if row is None else self.bent(row))


class TakesEmptyForNone(Bent):
    def bent(self, row: Any) -> Any:
        return evolve(row, first_name=row.first_name or None) if row.table == "contact" else row


class TestTakesEmptyForNone(Kit):
    store = TakesEmptyForNone


class KeepsMoneyAsFloat(Bent):
    def bent(self, row: Any) -> Any:
        if row.table != "account" or row.revenue is None:
            return row
        return evolve(row, revenue=Decimal(str(float(row.revenue))))


class TestKeepsMoneyAsFloat(Kit):
    store = KeepsMoneyAsFloat


class CutsTexts(Bent):
    def bent(self, row: Any) -> Any:
        return evolve(row, first_name=(row.first_name or "")[:255] or row.first_name) if row.table == "contact" else row


class TestCutsTexts(Kit):
    store = CutsTexts


class FindsMovedRowsWhereTheyWere(MemoryStore):
    def _put(self, name: str, id_: str, row: Any) -> None:
        before = {column: {value: {*ids} for value, ids in index.items()} for column, index in self._index.items()}
        super()._put(name, id_, row)
        if name == "lead" and row is not None:
            for column, index in before.items():
                for value, ids in index.items():
                    if column.startswith("lead.") and id_ in ids:
                        self._index[column].setdefault(value, set()).add(id_)


class TestFindsMovedRowsWhereTheyWere(Kit):
    store = FindsMovedRowsWhereTheyWere


class IgnoresCase(MemoryStore):
    def load(self, keys: Iterable[Key]) -> Snapshot:
        folded = {key: (key[0], key[1].lower() if key[0] == "input.visitor" else key[1]) for key in keys}
        found = super().load(folded.values())
        return evolve(found, rows={key: found.rows[other] for key, other in folded.items()})


class TestIgnoresCase(Kit):
    store = IgnoresCase


class OrdersByLanguage(MemoryStore):
    def scan(self, query: Scan) -> Iterator[Any]:
        rows = list(super().scan(query))
        if query == Scan(table="lead"):
            rows.sort(key=lambda row: (row.id.casefold(), row.id))
        return iter(rows)


class TestOrdersByLanguage(Kit):
    store = OrdersByLanguage


class TellsAddresses(MemoryStore):
    def commit(self, change: ChangeSet) -> None:
        try:
            super().commit(change)
        except ConflictError as error:
            raise ConflictError(f"{[*change.put]} changed", details=error.details) from None


class TestTellsAddresses(Kit):
    store = TellsAddresses


class ClosesOnce(MemoryStore):
    closed = 0

    def close(self) -> None:
        self.closed += 1
        if self.closed == 2:
            raise StoreError("closed already")


class TestClosesOnce(Kit):
    store = ClosesOnce


class LetsThreadsRace(MemoryStore):
    def commit(self, change: ChangeSet) -> None:
        lost = [key for key, version in change.expect.items() if self.load([key]).rows[key] != change.read.rows[key]]
        if lost:
            raise ConflictError("rows changed since they were read", details={"tables": (lost[0][0],)})
        time.sleep(0.0005)
        super().commit(evolve(change, read=evolve(change.read, token=self._commits)))


class TestLetsThreadsRace(Kit):
    store = LetsThreadsRace


class Faulty(MemoryStore):
    def __init__(self, tables: Iterable[Table], fault: Callable[[str], None] | None = None) -> None:
        super().__init__(tables)
        self.fault = fault or (lambda name: None)


class WithFaults(Kit):
    claims = frozenset({"faults"})

    def make_with_faults(self, tables: Sequence[Table], fault: Callable[[str], None]) -> Store:
        return self.store(tables, fault)


class SwallowsFaults(Faulty):
    def commit(self, change: ChangeSet) -> None:
        with suppress(Exception):
            self.fault("begin")
        self.fault("commit")
        super().commit(change)


class TestSwallowsFaults(WithFaults):
    store = SwallowsFaults


class StopsHalfWay(Faulty):
    def commit(self, change: ChangeSet) -> None:
        self.fault("begin")
        super().commit(evolve(change, inputs=(), decisions=()))
        self.fault("append")
        super().commit(ChangeSet(self.load([]), inputs=change.inputs, decisions=change.decisions))


class TestStopsHalfWay(WithFaults):
    store = StopsHalfWay


class Sharing(MemoryStore):
    """An honest store with claims, that several handles share."""

    def __init__(self, tables: Iterable[Table]) -> None:
        super().__init__(tables)
        self.leases: dict[Key, tuple[int, float]] = {}
        self.tokens = count(1)

    def claim(self, queries: Sequence[Scan], limit: int, lease_us: int) -> Claimed:
        with self._lock:
            rows = [
                (getattr(row, query.order), row) for query in queries for row in self.scan(evolve(query, limit=None))
            ]
            rows = [(place, row) for place, row in rows if self.is_free((row.table, row.id))]
            rows.sort(key=lambda found: found[0])
            return self.taken([row for _, row in rows[:limit]], lease_us)

    def is_free(self, key: Key) -> bool:
        return key not in self.leases or self.leases[key][1] <= time.monotonic()

    def taken(self, rows: list[Any], lease_us: int) -> Claimed:
        tokens = {(row.table, row.id): next(self.tokens) for row in rows}
        until = time.monotonic() + lease_us / 1e6
        self.leases.update({key: (token, until) for key, token in tokens.items()})
        return Claimed(tuple(rows), tokens)

    def holds(self, key: Key, token: int) -> bool:
        return key in self.leases and self.leases[key][0] == token

    def release(self, tokens: Mapping[Key, Any]) -> None:
        with self._lock:
            for key, token in tokens.items():
                if self.holds(key, token):
                    del self.leases[key]

    def commit(self, change: ChangeSet) -> None:
        with self._lock:
            if not all(self.holds(key, token) for key, token in change.claims.items()):
                raise ConflictError("a claim is held no longer", code=CLAIM_LOST)
            super().commit(evolve(change, claims={}))
            for key in change.claims:
                del self.leases[key]


class Sharers(Kit):
    claims = frozenset({"claims"})


class TestSharing(Sharers):
    """Honest, in one process."""

    examples = 2
    store = Sharing


class HoldsNothing(Sharing):
    def is_free(self, key: Key) -> bool:
        return True


class TestHoldsNothing(Sharers):
    store = HoldsNothing


class LetsClaimersRace(Sharing):
    def claim(self, queries: Sequence[Scan], limit: int, lease_us: int) -> Claimed:
        found = [row for query in queries for row in self.scan(evolve(query, limit=None))]
        rows = [row for row in found if self.is_free((row.table, row.id))][:limit]
        time.sleep(0.001)
        return self.taken(rows, lease_us)

    def commit(self, change: ChangeSet) -> None:
        self.leases.update({key: (token, 0.0) for key, token in change.claims.items()})
        keys = [key for key in change.read.rows if key[0] == "outbox"]
        super().commit(evolve(change, read=self.load(keys)))


class TestLetsClaimersRace(Sharers):
    store = LetsClaimersRace


class KeepsLeasesForEver(Sharing):
    def is_free(self, key: Key) -> bool:
        return key not in self.leases


class TestKeepsLeasesForEver(Sharers):
    store = KeepsLeasesForEver


class KeepsLeasesForAMoment(Sharing):
    def taken(self, rows: list[Any], lease_us: int) -> Claimed:
        return super().taken(rows, 0)


class TestKeepsLeasesForAMoment(Sharers):
    store = KeepsLeasesForAMoment


class GivesNothingBack(Sharing):
    def release(self, tokens: Mapping[Key, Any]) -> None:
        pass


class TestGivesNothingBack(Sharers):
    store = GivesNothingBack


class GivesBackForOthers(Sharing):
    def release(self, tokens: Mapping[Key, Any]) -> None:
        for key in tokens:
            self.leases.pop(key, None)


class TestGivesBackForOthers(Sharers):
    store = GivesBackForOthers


class TakesLateWork(Sharing):
    """The classic: whoever comes back from a long sleep commits as if nothing had happened."""

    def holds(self, key: Key, token: int) -> bool:
        return key in self.leases


class TestTakesLateWork(Sharers):
    store = TakesLateWork


class NeverLooksAtClaims(Sharing):
    def commit(self, change: ChangeSet) -> None:
        MemoryStore.commit(self, evolve(change, claims={}))
        self.release(change.claims)


class TestNeverLooksAtClaims(Sharers):
    store = NeverLooksAtClaims


class KeepsWhatIsDone(Sharing):
    def commit(self, change: ChangeSet) -> None:
        before = dict(self.leases)
        super().commit(change)
        self.leases = before


class TestKeepsWhatIsDone(Sharers):
    store = KeepsWhatIsDone


class ClaimsOfOneTableOnly(Sharing):
    def claim(self, queries: Sequence[Scan], limit: int, lease_us: int) -> Claimed:
        return super().claim(queries[-1:], limit, lease_us)


class TestClaimsOfOneTableOnly(Sharers):
    store = ClaimsOfOneTableOnly


class ClaimsWhatDoesNotFit(Sharing):
    def claim(self, queries: Sequence[Scan], limit: int, lease_us: int) -> Claimed:
        return super().claim([evolve(query, where=query.where[:1]) for query in queries], limit, lease_us)


class TestClaimsWhatDoesNotFit(Sharers):
    store = ClaimsWhatDoesNotFit


class LocksWhatIsClaimed(Sharing):
    def commit(self, change: ChangeSet) -> None:
        if any(key in self.leases and key not in change.claims for key in change.put):
            raise ConflictError("held")
        super().commit(change)


class TestLocksWhatIsClaimed(Sharers):
    store = LocksWhatIsClaimed


class ClaimsForgottenOnConflict(Sharing):
    def commit(self, change: ChangeSet) -> None:
        try:
            super().commit(change)
        except ConflictError:
            self.release(change.claims)
            raise


class TestClaimsForgottenOnConflict(Sharers):
    store = ClaimsForgottenOnConflict


class TestIgnoresClaims(Kit):
    """Does not claim them, and commits as if they were not there."""

    class _Store(MemoryStore):
        def commit(self, change: ChangeSet) -> None:
            super().commit(evolve(change, claims={}))

    store = _Store


class TestClaimsAndHasNone(Sharers):
    """Says that it has them, and has no such verbs."""


class TestForgetsOnClose(Kit):
    claims = frozenset({"durable"})

    def reopen(self, store: Store) -> Store:
        return MemoryStore(TABLES)


class TestIgnoresAFaultItDoesNotKnow(Kit):
    def make_with_faults(self, tables: Sequence[Table], fault: Callable[[str], None]) -> Store:
        return MemoryStore(tables)


class TestClaimsWithoutAMethod(Kit):
    claims = frozenset({"url"})


class TestClaimsWhatNobodyKnows(Kit):
    claims = frozenset({"telepathy"})


class TestWritesDownWhatItLacks(Kit):
    """A gap that is written down is no failure, as long as it is one."""

    store = TellsAddresses

    @pytest.mark.xfail(strict=True, reason="its errors name keys")
    def test_conflicts_carry_no_personal_data(self) -> None:
        super().test_conflicts_carry_no_personal_data()
