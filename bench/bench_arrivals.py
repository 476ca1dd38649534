"""P21: find or create by exact key, thirty arrivals in a hundred new, beside a set-wise loop that writes the same rows.

Arrivals are visits by address, typed as people type; the playbook has no models and no process, so matching is all that
happens, through everything else a record goes through. The limit looks a thousand keys up by one statement and writes
by executemany what leadflow wrote.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.capture import Statement, captured, differences, key_of_addresses, opened
from bench.harness import Figure, Spent, Watch, compared, in_turns
from bench.workload import START_US, Clock
from leadflow.engine.flow import Flow
from leadflow.engine.opening import open_store
from leadflow.playbook import Playbook

AIM = 0.8
BATCH = 1000


def arrivals(count: int, seed: int = 11) -> Iterator[dict[str, Any]]:
    """Visits, three in ten by somebody not seen before."""
    rng = random.Random(seed)
    known: list[str] = []
    for number in range(count):
        if not known or rng.random() < 0.3:
            known.append(f"person.{rng.randrange(10**9)}.{number}@firm{rng.randrange(999)}.example")
            email = known[-1]
        else:
            email = known[int(len(known) * rng.random() ** 2)]
        typed = rng.random()
        if typed < 0.3:
            email = email.title()
        elif typed < 0.4:
            email = f" {email.upper()} "
        yield {"type": "interaction", "id": f"a{number}", "kind": "page.visited", "contact": {"email": email}}


def _leadflow(path: Path, records: Sequence[dict[str, Any]]) -> Spent:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    store = open_store(f"sqlite:///{path}", synchronous="NORMAL")
    with Flow(store, Playbook(), now=Clock(START_US, 1)) as flow, Watch() as watch:
        done = flow.ingest(records, batch_size=BATCH)
    assert done.counts == {"accepted": len(records)}, done
    return watch.spent(len(records))


def _by_sets(path: Path, records: Sequence[dict[str, Any]], batches: Sequence[list[Statement]], key: str) -> Spent:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    open_store(f"sqlite:///{path}").close()
    addresses = [record["contact"]["email"] for record in records]
    grouped = [
        [(sql, [values for _, values in group]) for sql, group in groupby(batch, key=lambda statement: statement[0])]
        for batch in batches
    ]
    with opened(path, "NORMAL") as connection, Watch() as watch:
        for number, groups in enumerate(grouped):
            keys = {key + each.strip().lower() for each in addresses[number * BATCH : (number + 1) * BATCH]}
            connection.execute("BEGIN IMMEDIATE")
            marks = ",".join("?" * len(keys))
            connection.execute(f"SELECT id, records FROM leadflow_matchkey WHERE id IN ({marks})", [*keys]).fetchall()
            for sql, rows in groups:
                connection.executemany(sql, rows)
            connection.execute("COMMIT")
    return watch.spent(len(records))


def run(folder: Path, rounds: int = 5, count: int = 50_000) -> list[Figure]:
    """P21."""
    records = list(arrivals(count))
    own, raw = folder / "arrivals.db", folder / "arrivals-raw.db"
    with captured() as written:
        _leadflow(own, records)
    batches = [batch for batch in written.batches if batch and not batch[0][0].startswith("CREATE")]
    with sqlite3.connect(own) as connection:
        contacts = connection.execute("SELECT count(*) FROM leadflow_contact").fetchone()[0]
        key = key_of_addresses(connection, [records[0]["contact"]["email"]])
    _by_sets(raw, records, batches, key)
    difference = differences(own, raw)
    assert not difference, f"the two sides wrote different rows: {difference}"
    variants = {
        "leadflow": lambda: _leadflow(own, records),
        "raw sets": lambda: _by_sets(raw, records, batches, key),
    }
    measured = in_turns(variants, rounds)
    name = f"find or create, {count:,} arrivals, {contacts / count:.0%} new"
    # P21 is about a million; a short run, in which all rows fit a processor's cache, only guards what was reached.
    is_whole = count >= 1_000_000
    id_, aim, floor = ("P21", AIM, AIM / 2) if is_whole else ("P21/short", None, 0.22)
    return [compared(id_, name, measured, "leadflow", "raw sets", unit="arrivals", aim=aim, floor=floor)]
