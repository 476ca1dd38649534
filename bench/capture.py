"""What leadflow writes, caught at the driver, and the same written again by a bare loop over sqlite3.

The loop is the limit: for each record one look-up by match key and the record's share of the very statements with the
very values that leadflow sent, and one COMMIT per batch. Values stand ready; nothing is decided, nothing is checked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

Statement = tuple[str, Sequence[Any]]
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


Share = tuple[str, list[Statement]]
"""An address as it came, and the statements that stand for its record."""


def shared(addresses: Sequence[str], sent: list[Statement]) -> list[Share]:
    """A transaction's statements, in their order, dealt out over its records."""
    count = len(addresses)
    edges = [len(sent) * number // count for number in range(count + 1)]
    return [(each, sent[edges[n] : edges[n + 1]]) for n, each in enumerate(addresses)]


def raw_loop(connection: sqlite3.Connection, key: str, shares: Iterable[list[Share]]) -> None:
    """Write again what was written, record by record; `key` is how match keys of addresses begin."""
    execute = connection.execute
    for share in shares:
        execute("BEGIN IMMEDIATE")
        for address, statements in share:
            execute(_LOOK_UP, (key + address.strip().lower(),)).fetchone()
            for sql, values in statements:
                execute(sql, values)
        execute("COMMIT")


def key_of_addresses(connection: sqlite3.Connection, addresses: Iterable[str]) -> str:
    """How match keys of addresses begin in this store; all the addresses are known under it."""
    sample = connection.execute("SELECT id FROM leadflow_matchkey WHERE id LIKE 'contact|%@%' LIMIT 1").fetchone()[0]
    key = str(sample).rpartition("|")[0] + "|"
    for address in addresses:
        found = connection.execute(_LOOK_UP, (key + address.strip().lower(),)).fetchone()
        assert found is not None, f"nobody is known under {key}"
    return key


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


def differences(one: Path, other: Path) -> dict[str, int]:
    """How many rows of which tables are in one file only; empty when both hold the same."""
    connection = sqlite3.connect(one)
    connection.execute("ATTACH ? AS other", (str(other),))
    found = {}
    tables = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        for left, right in (("main", "other"), ("other", "main")):
            count = connection.execute(
                f"SELECT count(*) FROM (SELECT * FROM {left}.{table} EXCEPT SELECT * FROM {right}.{table})"
            ).fetchone()[0]
            if count:
                found[f"{table} in {left} only"] = count
    connection.close()
    return found
