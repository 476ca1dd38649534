"""The stores' kit on a PostgreSQL server: every store in a schema of its own, which is dropped afterwards.

For `leadflow adapters check postgresql://...`: the role needs the right to make schemas.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any, ClassVar

import psycopg
import pytest
from psycopg import sql

from leadflow.engine.rooms import TABLES
from leadflow.errors import InvalidInputError
from leadflow.ports.store import Store
from leadflow.room import Table
from leadflow.testing import StoreConformance
from leadflow_adapters.postgres.plugin import opened

_NUMBERS = count(1)


class PostgresKit(StoreConformance):
    """What every store promises, on the server that `backend` names."""

    claims = frozenset({"claims", "durable", "faults", "url"})
    backend: ClassVar[str | None] = None

    @pytest.fixture(autouse=True)
    def _schemas(self) -> Iterator[None]:
        self._urls: dict[Store, str] = {}
        self._made: list[str] = []
        yield
        with psycopg.connect(self._server(), autocommit=True) as connection:
            for schema in self._made:
                connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))

    def _server(self) -> str:
        if self.backend is None:
            raise InvalidInputError(
                "the kit of postgresql needs a server", hint="leadflow adapters check postgresql://user@host/database"
            )
        return self.backend

    def make(self, tables: Sequence[Table]) -> Store:
        """See StoreConformance."""
        return self._opened(tables)

    def make_with_faults(self, tables: Sequence[Table], fault: Callable[[str], None]) -> Store:
        """See StoreConformance."""
        return self._opened(tables, fault=fault)

    def reopen(self, store: Store) -> Store:
        """See StoreConformance."""
        again = opened(self._urls[store], TABLES)
        self._urls[again] = self._urls[store]
        return again

    def url(self, store: Store) -> str:
        """See StoreConformance."""
        return self._urls[store]

    def _opened(self, tables: Sequence[Table], **options: Any) -> Store:
        schema = f"leadflow_check_{os.getpid()}_{next(_NUMBERS)}"
        server = self._server()
        url = f"{server}{'&' if '?' in server else '?'}schema={schema}"
        self._made.append(schema)
        store = opened(url, tables, **options)
        self._urls[store] = url
        return store
