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
    """Do what is due by then and in nobody else's hands; returns how much there was."""
    total = 0
    for command in chunks(carrier.store, until_us):
        carrier.carry_out([command], lambda command: until_us)
        total += len(command.subjects)
    if isinstance(carrier.store, Claiming):
        return total + _shared(carrier, carrier.store, until_us, lease_us)
    aside: set[str] = set()
    while True:
        due = due_by(carrier.store, carrier.rulebook.tables.values(), until_us, BATCH + len(aside))
        due = [wake for wake in due if wake.key not in aside]
        if not due:
            _tell(aside)
            return total
        failed = {wake.key for wake in _failed(carrier.carry_out(due, _when))}
        aside |= failed
        total += len(due) - len(failed)


def _shared(carrier: Carrier, store: Claiming, until_us: int, lease_us: int) -> int:
    """In shares that are nobody else's. What failed stays in our hands until the end, so that it does not come again."""
    tables = {table.name: table for table in carrier.rulebook.tables.values()}
    queries = [query for query, _ in _queries(tables.values(), until_us)]
    total, aside = 0, dict[Key, Any]()
    try:
        while True:
            claimed = store.claim(queries, _SHARE, lease_us)
            if not claimed.tokens:
                _tell({id_ for _, id_ in aside})
                return total
            aside |= claimed.tokens
            due = [wake for wake in (_wake(tables[row.table], row) for row in claimed.rows) if wake.due_us <= until_us]
            due.sort(key=_order)
            try:
                done = carrier.carry_out(due, _when, claims=claimed.tokens)
            except ConflictError as error:
                if error.code != CLAIM_LOST:
                    raise
                continue  # we were too slow, and somebody else has them
            failed = {(wake.table, wake.id) for wake in _failed(done)}
            for wake in due:
                if (wake.table, wake.id) not in failed:
                    del aside[wake.table, wake.id]
            total += len(due) - len(failed)
    finally:
        store.release(aside)


def _tell(failed: set[str]) -> None:
    if failed:
        log.error("%d due rows could not be done, and wait for the next tick: %s", len(failed), min(failed))


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
