"""PostgreSQL keeps what every store promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from leadflow.engine.rooms import TABLES
from leadflow.ports.store import Store
from leadflow.room import Table
from leadflow.testing import StoreConformance
from leadflow_adapters.postgres.plugin import opened

pytestmark = [pytest.mark.extra, pytest.mark.postgres]


class TestPostgresStore(StoreConformance):
    """A schema for each store, used again when it is empty."""

    claims = frozenset({"claims", "durable", "faults", "url"})

    @pytest.fixture(autouse=True)
    def _schemas(self, postgres: Any) -> Iterator[None]:
        """Left behind after the stores are closed."""
        self._server = postgres
        self._urls: dict[Store, str] = {}
        with ExitStack() as self._stack:
            yield

    def make(self, tables: Sequence[Table]) -> Store:
        return self._made(tables)

    def _made(self, tables: Sequence[Table], **options: Any) -> Store:
        url = self._stack.enter_context(self._server.emptied() if tables is TABLES else self._server.fresh())
        store = opened(url, tables, **options)
        self._urls[store] = url
        return store

    def reopen(self, store: Store) -> Store:
        again = opened(self._urls[store], TABLES)
        self._urls[again] = self._urls[store]
        return again

    def make_with_faults(self, tables: Sequence[Table], fault: Callable[[str], None]) -> Store:
        return self._made(tables, fault=fault)

    def url(self, store: Store) -> str:
        return self._urls[store]
