"""Our own stores keep what every store promises. reliability.md F90: a store that lies fails here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from leadflow.engine.opening import open_store
from leadflow.engine.rooms import TABLES
from leadflow.errors import UnsupportedCapabilityError
from leadflow.ports.store import Store
from leadflow.room import Table
from leadflow.stores.memory import MemoryStore
from leadflow.stores.sqlite import SqliteStore
from leadflow.testing import StoreConformance


class TestMemoryStore(StoreConformance):
    """The oracle itself."""

    def make(self, tables: Sequence[Table]) -> Store:
        return MemoryStore(tables)

    def make_with_faults(self, tables: Sequence[Table], fault: Callable[[str], None]) -> Store:
        return open_store("memory:", fault=fault)


class TestSqliteStore(StoreConformance):
    """The default store, on files; durability after a power cut is for the fault tests."""

    claims = frozenset({"durable", "faults", "url"})

    def make(self, tables: Sequence[Table]) -> Store:
        return SqliteStore(self.path(), tables, synchronous="OFF")

    def reopen(self, store: Store) -> Store:
        assert isinstance(store, SqliteStore)
        return SqliteStore(store.path, TABLES, synchronous="OFF")

    def make_with_faults(self, tables: Sequence[Table], fault: Callable[[str], None]) -> Store:
        return SqliteStore(self.path(), tables, synchronous="OFF", fault=fault)

    def url(self, store: Store) -> str:
        assert isinstance(store, SqliteStore)
        return f"sqlite:///{store.path}"


@pytest.mark.parametrize("option", ["fault", "synchronous", "timeout"])
def test_a_store_in_memory_refuses_options_that_it_does_not_have(option: str) -> None:
    """House: what is not claimed is refused, never ignored."""
    with pytest.raises(UnsupportedCapabilityError) as caught:
        open_store("memory:", **{option: 1})
    assert option in str(caught.value)
