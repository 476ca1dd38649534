"""A store in somebody else's transaction keeps what every store promises, as far as it promises it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from leadflow.ports.store import Store
from leadflow.room import Table
from leadflow.stores.joined import JoinedSqliteStore, make_tables
from leadflow.testing import StoreConformance


@frozen
class Lent:
    """An application's connection."""

    connection: Any
    place: str = "the connection"

    def lend(self) -> Any:
        return self.connection


class TestJoinedSqliteStore(StoreConformance):
    """One transaction for all that a test does."""

    claims = frozenset({"faults"})
    examples = 10

    def make(self, tables: Sequence[Table]) -> Store:
        return self._made(tables)

    def make_with_faults(self, tables: Sequence[Table], fault: Callable[[str], None]) -> Store:
        return self._made(tables, fault=fault)

    def _made(self, tables: Sequence[Table], **options: Any) -> Store:
        connection = sqlite3.connect(self.path(), isolation_level=None, check_same_thread=False)
        connection.execute("BEGIN")
        self._handles.append(connection)
        host = Lent(connection)
        make_tables(host, tables)
        return JoinedSqliteStore(host, tables, **options)
