"""Ticking: what is due is done, the earliest first, by one worker or by many."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

from leadflow.engine.planning.carrying import Carrier
from leadflow.engine.planning.plan import Plan
from leadflow.engine.upkeep.recheck import chunks
from leadflow.errors import ConflictError
from leadflow.model.commands import Wake
from leadflow.model.time import NEVER_US
from leadflow.ports.store import CLAIM_LOST, Claiming, Scan, Store
from leadflow.room import Key, Table

log = logging.getLogger("leadflow")

BATCH: Final = 1000
_SHARE: Final = 200
"""Wakes of one transaction where workers share them: each waits less for the others, and little is held up when one dies."""
LEASE: Final = "1min"
"""How long a worker may be at a share of wakes before another takes them up."""


def tick(carrier: Carrier, until_us: int, lease_us: int) -> int:
    """Do what is due by then and in nobody else's hands; returns how much was done.

    What failed, or is due as before though it was done, is logged and left for the next tick.
    """
    total = 0
    for command in chunks(carrier.store, until_us):
        carrier.carry_out([command], lambda command: until_us)
        total += len(command.subjects)
    stuck: set[str] = set()
    if isinstance(carrier.store, Claiming):
        total += _shared(carrier, carrier.store, until_us, lease_us, stuck)
    else:
        total += _alone(carrier, until_us, stuck)
    if stuck:
        log.error("%d due rows could not be done, and wait for the next tick: %s", len(stuck), min(stuck))
    return total - len(stuck)


def _alone(carrier: Carrier, until_us: int, stuck: set[str]) -> int:
    total, done = 0, set[str]()
    while True:
        found = due_by(carrier.store, carrier.rulebook.tables.values(), until_us, BATCH + len(stuck))
        stuck.update(wake.key for wake in found if wake.key in done)
        due = [wake for wake in found if wake.key not in stuck]
        if not due:
            return total
        carrier.carry_out(due, _when)
        total += len(due)
        done = {wake.key for wake in due}


def _shared(carrier: Carrier, store: Claiming, until_us: int, lease_us: int, stuck: set[str]) -> int:
    """In shares that are nobody else's. What is stuck stays in our hands until the end, so that it does not come again."""
    tables = {table.name: table for table in carrier.rulebook.tables.values()}
    queries = [query for query, _ in _queries(tables.values(), until_us)]
    total, done, aside = 0, set[str](), dict[Key, Any]()
    try:
        while True:
            claimed = store.claim(queries, _SHARE, lease_us)
            if not claimed.tokens:
                return total
            aside |= claimed.tokens
            found = [_wake(tables[row.table], row) for row in claimed.rows]
            stuck.update(wake.key for wake in found if wake.key in done)
            due = [wake for wake in found if wake.due_us <= until_us and wake.key not in stuck]
            due.sort(key=_order)
            try:
                planned = carrier.carry_out(due, _when, claims=claimed.tokens)
            except ConflictError as error:
                if error.code != CLAIM_LOST:
                    raise
                continue  # we were too slow, and somebody else has them
            failed = {(wake.table, wake.id) for wake in _failed(planned)}
            for wake in due:
                if (wake.table, wake.id) not in failed:
                    del aside[wake.table, wake.id]
            stuck.update(wake.key for wake in due if (wake.table, wake.id) in failed)
            total += len(due)
            done |= {wake.key for wake in due}
    finally:
        store.release(aside)


def due_by(store: Store, tables: Iterable[Table], until_us: int, limit: int) -> list[Wake]:
    """What wants to be woken by then, the earliest first."""
    found: list[Wake] = []
    for query, table in _queries(tables, until_us, limit):
        found.extend(_wake(table, row) for row in store.scan(query))
    found.sort(key=_order)
    return found[:limit]


def _queries(tables: Iterable[Table], until_us: int, limit: int | None = None) -> Iterable[tuple[Scan, Table]]:
    for table in tables:
        if table.due is not None and table.name != "outbox":
            where = ((table.due, "<=", until_us),)
            yield Scan(table=table.name, where=where, order=table.due, limit=limit), table


def _wake(table: Table, row: Any) -> Wake:
    due_us = getattr(row, table.due or "")
    # A row that was claimed may have changed before it was read: then it is not due.
    return Wake(table.name, row.id, NEVER_US if due_us is None else due_us, row.version)


def _order(wake: Wake) -> tuple[int, str, str]:
    return wake.due_us, wake.table, wake.id


def _when(wake: Wake) -> int:
    return wake.due_us


def _failed(done: Iterable[Plan]) -> Iterable[Wake]:
    """Those that a plugin's fault kept from being done: they stay due."""
    return [each.command for planned in done for each in planned.planned.values() if each.status == "failed"]
