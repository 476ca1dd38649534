"""Reading without planning: a view of the store that loads what is asked for, when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from leadflow.engine.planning.asked import Asked
from leadflow.engine.planning.rulebook import Rulebook
from leadflow.model.records import Input
from leadflow.ports.store import Store
from leadflow.room import Key

Row = TypeVar("Row")


class Reading:
    """A View over a store. Load many keys at once with `require`; single reads load alone."""

    def __init__(self, store: Store, rulebook: Rulebook) -> None:
        self._store = store
        self._rulebook = rulebook
        self._rows: dict[Key, Any] = {}
        self.command: Any = None

    def get(self, row: type[Row], id_: str) -> Row | None:
        """The row with this id, or None."""
        key = (row.table, id_)  # type: ignore[attr-defined]
        if key not in self._rows:
            self.require((key,))
        return self._rows[key]  # type: ignore[no-any-return]

    def find(self, row: type[Row], column: str, value: str) -> tuple[Row, ...]:
        """All rows with this value in an indexed column, ordered by id."""
        key = (f"{row.table}.{column}", value)  # type: ignore[attr-defined]
        if key not in self._rows:
            self.require((key,))
        return self._rows[key]  # type: ignore[no-any-return]

    def input(self, key: str) -> Input | None:
        """An accepted record."""
        return self.get(Input, key)

    def require(self, keys: Iterable[Key]) -> None:
        """Load what has not been loaded."""
        wanted = [key for key in keys if key not in self._rows]
        if not wanted:
            return
        for key, found in self._store.load(wanted).rows.items():
            self._rows[key] = found
            if type(found) is tuple:
                table = key[0].partition(".")[0]
                self._rows.update(((table, row.id), row) for row in found)

    def receipt(self, record: Input) -> int:
        """A number that orders inputs by receipt."""
        return record.seq

    def asked(self, *, lead: Any = None, contact: Any = None, account: Any = None, signals: Any = None) -> Asked:
        """What a condition is asked about."""
        return Asked(self, self._rulebook.terms, lead, contact, account, signals)
