"""Replay: the stored history under another playbook, in memory, with the difference; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from leadflow.engine.intake.records import from_input
from leadflow.model.coding import to_plain
from leadflow.model.time import to_datetime
from leadflow.ports.store import Scan, Store
from leadflow.stores.memory import MemoryStore


@frozen(kw_only=True)
class Side:
    """One side of a comparison: leads by their own key, how many are (or were) sales-ready, and how many of these won."""

    leads: int
    ready: int
    won: int
    ready_and_won: int

    @property
    def precision(self) -> float | None:
        """The share of sales-ready leads that were won; None when none was sales-ready."""
        return self.ready_and_won / self.ready if self.ready else None

    @property
    def recall(self) -> float | None:
        """The share of won leads that had been sales-ready; None when none was won."""
        return self.ready_and_won / self.won if self.won else None


@frozen(kw_only=True)
class Replayed:
    """What another playbook would have made of the same history.

    `newly_ready` and `no_longer_ready` are lead ids; leads that only one side has are in `only_before`, `only_after`.
    """

    before: Side
    after: Side
    newly_ready: tuple[str, ...]
    no_longer_ready: tuple[str, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    inputs: int
    until: str

    def to_plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        plain = to_plain(self)
        for name, side in (("before", self.before), ("after", self.after)):
            plain[name] = {**to_plain(side), "precision": side.precision, "recall": side.recall}
        return plain


def replay(store: Store, tables: Any, make_flow: Any, rules_now: Any, rules_then: Any) -> Replayed:
    """Feed the stored inputs, in the order and at the moments at which they were judged, into memory twice.

    Both sides are replayed, so that a difference is the playbook's and not that of a change made by hand in between.
    `make_flow(store, playbook)` makes the flows. Memory: the whole history of the tenant.
    """
    sides = []
    inputs = 0
    last_us = 0
    for playbook in (rules_now, rules_then):
        flow = make_flow(MemoryStore(tables), playbook)
        inputs = 0
        for at_us, chunk in _history(store):
            flow.replay_inputs(chunk, at_us)
            inputs += len(chunk)
            last_us = max(last_us, at_us)
        flow.tick(last_us)
        sides.append(flow)
    before, after = (_ready(side) for side in sides)
    return Replayed(
        before=_side(sides[0], before),
        after=_side(sides[1], after),
        newly_ready=tuple(sorted(id_ for id_, ready in after.items() if ready and not before.get(id_))),
        no_longer_ready=tuple(sorted(id_ for id_, ready in before.items() if ready and not after.get(id_))),
        only_before=tuple(sorted(before.keys() - after.keys())),
        only_after=tuple(sorted(after.keys() - before.keys())),
        inputs=inputs,
        until=to_datetime(last_us).isoformat(),
    )


def _history(store: Store) -> Iterator[tuple[int, list[Any]]]:
    """Inputs in receipt order, in runs that were judged at one moment."""
    run: list[Any] = []
    moment = -1
    for kept in store.scan(Scan(table="input", order="seq")):
        if kept.received_us != moment and run:
            yield moment, run
            run = []
        moment = kept.received_us
        if kept.type != "erased":
            run.append(from_input(kept))
        if len(run) == 1000:
            yield moment, run
            run = []
    if run:
        yield moment, run


def _ready(flow: Any) -> dict[str, bool]:
    """Every lead, and whether it was ever sales-ready."""
    ready = {lead.id: lead.sales_ready for lead in flow.store.scan(Scan(table="lead"))}
    for recorded in flow.store.scan(Scan(table="decision", where=(("type", "=", "lead_flagged"),), order="seq")):
        decision = recorded.decision
        if decision.flag == "sales_ready" and decision.value and decision.subject in ready:
            ready[decision.subject] = True
    return ready


def _side(flow: Any, ready: dict[str, bool]) -> Side:
    won = {
        row.lead_id
        for row in flow.store.scan(Scan(table="opportunity"))
        if row.status == "won" and row.lead_id is not None
    }
    return Side(
        leads=len(ready),
        ready=sum(ready.values()),
        won=len(won),
        ready_and_won=sum(ready.get(id_, False) for id_ in won),
    )
