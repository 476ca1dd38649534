"""Claiming due messages in PostgreSQL, beside the loop that one would write by hand with FOR UPDATE SKIP LOCKED.

By hand a claim marks rows of the queue itself (state, lease, attempts), as is usual, and to finish is one UPDATE for all.
Here a claim writes a lease beside each row and is good for every table; to finish is a change whose rows are compared with
what was read. `bench_postgres` runs it on its server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from attrs import evolve

from bench.harness import Figure, Spent, Watch, compared, in_turns
from leadflow.engine.mailing.messages import Message
from leadflow.engine.rooms import TABLES
from leadflow.ports.store import ChangeSet, Claimed, Scan, Snapshot
from leadflow_adapters.postgres.store import PostgresStore

NOW_US = 1_000_000_000
LEASE_US = 600_000_000
_CLAIM = """WITH found AS (SELECT id FROM bare.leadflow_outbox WHERE due_us <= %s AND state = 'planned'
  ORDER BY due_us, id LIMIT %s FOR UPDATE SKIP LOCKED)
UPDATE bare.leadflow_outbox AS o SET state = 'claimed', due_us = %s, attempts = attempts + 1, version = version + 1
FROM found WHERE o.id = found.id RETURNING o.*"""
_FINISH = "UPDATE bare.leadflow_outbox SET state = 'handed_over', due_us = NULL, settled_us = %s WHERE id = ANY(%s)"


class Queues:
    """Two queues of equal messages, one for each side."""

    def __init__(self, url: str, count: int, share: int) -> None:
        glue = "&" if "?" in url else "?"
        self._stores = {name: PostgresStore(f"{url}{glue}schema={name}", TABLES) for name in ("bare", "claims")}
        self._connection = psycopg.connect(url, autocommit=True)
        self._count, self._share = count, share
        self._query = Scan(table="outbox", where=(("due_us", "<=", NOW_US),), order="due_us")

    def close(self) -> None:
        """Leave nothing behind."""
        for name, store in self._stores.items():
            store.close()
            self._connection.execute(f"DROP SCHEMA {name} CASCADE")
        self._connection.close()

    def fill(self, name: str) -> None:
        """All messages are due, and in nobody's hands."""
        for table in ("outbox", "lease"):
            self._connection.execute(f"TRUNCATE {name}.leadflow_{table}")
        rows = {
            ("outbox", f"m{number:07}"): Message(
                f"m{number:07}", "email", "lead-ready", "ana", f"l_{number}", due_us=number, version=1
            )
            for number in range(self._count)
        }
        store = self._stores[name]
        store.commit(ChangeSet(store.load([]), rows))
        self._connection.execute(f"VACUUM ANALYZE {name}.leadflow_outbox")

    def bare(self, finishes: bool) -> Callable[[], Spent]:
        """The loop by hand."""
        execute = self._connection.execute

        def claim() -> list[str]:
            return [row[0] for row in execute(_CLAIM, (NOW_US, self._share, NOW_US + LEASE_US)).fetchall()]

        def finish(ids: list[str]) -> None:
            execute(_FINISH, (NOW_US, ids))

        return self._run("bare", claim, finish, finishes)

    def claims(self, finishes: bool) -> Callable[[], Spent]:
        """Ours."""
        store = self._stores["claims"]

        def claim() -> Claimed:
            return store.claim([self._query], self._share, LEASE_US)

        def finish(claimed: Claimed) -> None:
            store.commit(_finished(claimed))

        return self._run("claims", claim, finish, finishes)

    def _run(
        self, name: str, claim: Callable[[], Any], finish: Callable[[Any], None], finishes: bool
    ) -> Callable[[], Spent]:
        """Claim and finish until nothing is left; finishing is part of the time, or is not."""

        def run() -> Spent:
            self.fill(name)
            wall = cpu = 0.0
            for _ in range(self._count // self._share):
                with Watch() as watch:
                    taken = claim()
                    if finishes:
                        finish(taken)
                wall, cpu = wall + watch.wall, cpu + watch.cpu
                if not finishes:
                    finish(taken)
            left = self._connection.execute(f"SELECT count(*) FROM {name}.leadflow_outbox WHERE due_us IS NOT NULL")
            assert left.fetchone() == (0,)
            return Spent(self._count, cpu, wall)

        return run


def _finished(claimed: Claimed) -> ChangeSet:
    rows = claimed.rows
    read = Snapshot({("outbox", row.id): row for row in rows})
    done = {
        ("outbox", row.id): evolve(row, state="handed_over", due_us=None, settled_us=NOW_US, version=row.version + 1)
        for row in rows
    }
    return ChangeSet(read, done, claims=claimed.tokens)


def figures(url: str, rounds: int, count: int) -> list[Figure]:
    """Claiming `count` messages a round, in shares of 50 and of 200, with and without finishing them."""
    found = []
    for share in (50, 200):
        for finishes in (False, True):
            queues = Queues(url, count, share)
            sides = {"leadflow": queues.claims(finishes), "bare loop": queues.bare(finishes)}
            measured = in_turns(sides, rounds, 1)
            queues.close()
            name = f"claim{' and finish' if finishes else ''} due messages, {share} at a time"
            found.append(
                compared(
                    "claims", name, measured, "leadflow", "bare loop", unit="items", aim=1.0, floor=0.5, clock="wall"
                )
            )
    return found
