"""How the kit comes by stores: the factory that a subclass writes, what it may claim beyond, and where files go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import pytest

from leadflow.engine.rooms import TABLES
from leadflow.errors import UnsupportedCapabilityError
from leadflow.ports.store import Store
from leadflow.room import Table

HOOKS = {"durable": "reopen", "faults": "make_with_faults", "url": "url"}
"""What a store may claim, and the method by which the kit asks for it."""

VERBS = frozenset({"claims"})
"""What a store may claim that is a verb of its own: the kit needs nothing to ask for it."""


def _unclaimed(capability: str) -> NoReturn:
    raise UnsupportedCapabilityError(
        f"this store does not claim {capability!r}",
        operation=HOOKS[capability],
        hint=f"write {HOOKS[capability]}() in the kit's subclass and claim it, if the store can",
    )


class Making:
    """Stores for the tests, closed after each of them."""

    claims: ClassVar[frozenset[str]] = frozenset()
    """What the store can do beyond the four verbs: "claims", "durable", "faults", "url"."""
    examples: ClassVar[int] = 25
    """How many examples Hypothesis tries for each law; a store that is slow to make may try fewer."""

    folder: Path
    """A folder of the running test's own."""

    def make(self, tables: Sequence[Table]) -> Store:
        """A new, empty store for these tables. The one method that every subclass writes."""
        raise NotImplementedError("write make(self, tables): a new, empty store for these tables")

    def reopen(self, store: Store) -> Store:
        """Claim "durable": another handle on what a store keeps, whether that is still open or closed."""
        _unclaimed("durable")

    def make_with_faults(self, tables: Sequence[Table], fault: Callable[[str], None]) -> Store:
        """Claim "faults": a new store that calls `fault(name)` before each of its writes, as SqliteStore does."""
        _unclaimed("faults")

    def url(self, store: Store) -> str:
        """Claim "url": what `leadflow.open` takes to reach the same store from another process."""
        _unclaimed("url")

    # -- what tests use -----------------------------------------------------------------------------------

    @pytest.fixture(autouse=True)
    def _workplace(self, tmp_path: Path) -> Iterator[None]:
        self.folder = tmp_path
        self._numbers = count(1)
        self._handles: list[Any] = []
        yield
        for store in reversed(self._handles):
            store.close()

    def path(self, ending: str = ".db") -> Path:
        """A path in the test's folder that nobody has used."""
        return self.folder / f"{next(self._numbers)}{ending}"

    def new(self, fault: Callable[[str], None] | None = None) -> Store:
        """A new, empty store with leadflow's own tables; closed after the test."""
        return self._held(self.make(TABLES) if fault is None else self.make_with_faults(TABLES, fault))

    def again(self, store: Store) -> Store:
        """Another handle on a store; closed after the test."""
        return self._held(self.reopen(store))

    def _held(self, store: Store) -> Store:
        self._handles.append(store)
        return store
