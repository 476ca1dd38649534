"""What leadflow writes, caught at the driver, and the same written again by a bare loop over sqlite3.

The loop is the limit: for each record one look-up by match key and the record's share of the very statements with the
very values that leadflow sent, and one COMMIT per batch. Values stand ready; nothing is decided, nothing is checked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.harness import Spent, Watch

Statement = tuple[str, Sequence[Any]]
KEY = "contact|email@email.1|"
"""How the match key of an address begins."""
_LOOK_UP = "SELECT records FROM leadflow_matchkey WHERE id = ?"
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "WITH")


class Written:
    """Transactions, each a list of single-row statements in the order in which they were sent."""

    def __init__(self) -> None:
        self.batches: list[list[Statement]] = []

    def per_table(self) -> dict[str, int]:
        """How many rows of which kind, for the curious."""
        counts: dict[str, int] = {}
        for batch in self.batches:
            for sql, _ in batch:
                words = sql.split()
                name = f"{words[0].lower()} {words[1 if words[0] == 'UPDATE' else 2].removeprefix('leadflow_')}"
                counts[name] = counts.get(name, 0) + 1
        return counts


@contextmanager
def captured() -> Iterator[Written]:
    """Everything that any connection opened inside writes."""
    written = Written()
    connect = sqlite3.connect

    class Catching(sqlite3.Connection):
        def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
            if sql.startswith("BEGIN"):
                written.batches.append([])
            elif sql.lstrip().upper().startswith(_WRITES):
                written.batches[-1].append((sql, values))
            return super().execute(sql, values)

        def executemany(self, sql: str, rows: Any, /) -> sqlite3.Cursor:
            kept = list(rows)
            written.batches[-1].extend((sql, values) for values in kept)
            return super().executemany(sql, kept)

    def catching(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        return connect(*args, **kwargs, factory=Catching)

    with patch.object(sqlite3, "connect", catching):
        yield written


def raw_loop(path: Callable[[], Path], addresses: Sequence[str], written: Written, batch: int, sync: str) -> Spent:
    """Write again what was written, record by record."""
    shares = [_shared(addresses[n * batch : (n + 1) * batch], sent) for n, sent in enumerate(written.batches)]
    with opened(path(), sync) as connection:
        execute = connection.execute
        with Watch() as watch:
            for share in shares:
                execute("BEGIN IMMEDIATE")
                for address, statements in share:
                    execute(_LOOK_UP, (KEY + address.strip().lower(),)).fetchone()
                    for sql, values in statements:
                        execute(sql, values)
                execute("COMMIT")
    return watch.spent(len(addresses))


def _shared(addresses: Sequence[str], sent: list[Statement]) -> list[tuple[str, list[Statement]]]:
    count = len(addresses)
    edges = [len(sent) * number // count for number in range(count + 1)]
    return [(each, sent[edges[n] : edges[n + 1]]) for n, each in enumerate(addresses)]


@contextmanager
def opened(path: Path, sync: str) -> Iterator[sqlite3.Connection]:
    """A connection with the settings that the store gives its own."""
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
    for pragma in ("journal_mode = WAL", f"synchronous = {sync}", "foreign_keys = ON", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA temp_store = MEMORY")
    try:
        yield connection
    finally:
        connection.close()


def content(path: Path) -> dict[str, tuple[int, str]]:
    """Rows and checksum of every table."""
    connection = sqlite3.connect(path)
    found: dict[str, tuple[int, str]] = {}
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    for (table,) in tables:
        count, total = 0, 0
        for row in connection.execute(f"SELECT * FROM {table}"):
            count += 1
            total ^= int.from_bytes(blake2b(repr(row).encode(), digest_size=8).digest())
        found[table] = count, f"{total:016x}"
    connection.close()
    return found
