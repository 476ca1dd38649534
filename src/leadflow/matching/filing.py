"""Filing: which records hold which match key. One decision's changes to keys are gathered and put together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from leadflow.matching.keys import Keyring, lead_values, row_values
from leadflow.matching.state import MatchKey
from leadflow.model.making import replaced
from leadflow.room import Dropped, View

_FILED = ("contact", "account", "lead")


def keys_of(row: Any, ring: Keyring) -> dict[str, None]:
    """Every match key that a stored record files under; a merged-away one keeps those that it had."""
    if row is None or row.table not in _FILED:
        return {}
    names = ring.fields.get(row.table, ())
    return ring.ids(row.table, lead_values(row) if row.table == "lead" else row_values(row, names))


class Filing:
    """The match keys that one decision changes."""

    def __init__(self, view: View, ring: Keyring) -> None:
        self._view = view
        self._ring = ring
        self._changed: dict[str, MatchKey] = {}

    def require(self, rows: Iterable[Any]) -> None:
        """Ask for every key of some rows at once."""
        self._view.require([("matchkey", key) for row in rows for key in keys_of(row, self._ring)])

    def refile(self, before: Any, after: Any) -> None:
        """A record changed: it leaves the keys it no longer has and joins those it has now."""
        old, new = keys_of(before, self._ring), keys_of(after, self._ring)
        if old == new:
            return
        gone = [key for key in old if key not in new]
        come = [key for key in new if key not in old]
        self._view.require([("matchkey", key) for key in (*gone, *come)])
        id_ = (after or before).id
        now = id_ if after is None or after.merged_into is None else after.merged_into
        for key in gone:
            self._put(key, tuple(pair for pair in self._held(key).records if pair[0] != id_))
        for key in come:
            records = self._held(key).records
            if all(made != id_ for made, _ in records):
                self._put(key, (*records, (id_, now)))

    def hand(self, rows: Iterable[Any], before: str, after: str, only: Collection[str] | None = None) -> None:
        """Where the records' keys say that `before` stands for somebody (of `only`), `after` does from now on."""
        keys = {key: None for row in rows for key in keys_of(row, self._ring)}
        self._view.require([("matchkey", key) for key in keys])
        for key in keys:
            records = self._held(key).records
            handed = tuple(
                (made, after if now == before and (only is None or made in only) else now) for made, now in records
            )
            if handed != records:
                self._put(key, handed)

    def _held(self, key: str) -> MatchKey:
        return self._changed.get(key) or self._view.get(MatchKey, key) or MatchKey(key)

    def _put(self, key: str, records: tuple[tuple[str, str], ...]) -> None:
        held = self._held(key)
        version = held.version if key in self._changed else held.version + 1
        self._changed[key] = replaced(held, records=records, version=version)

    def rows(self) -> list[Any]:
        """What to put."""
        return [row if row.records else Dropped(MatchKey, key) for key, row in self._changed.items()]
