"""How far a synchronisation is, and who is at it: one row of settings for each CRM."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from leadflow.engine.upkeep.settings import Setting
from leadflow.errors import ConflictError, StoreBusyError
from leadflow.model.time import MINUTE_US
from leadflow.ports.store import ChangeSet, Snapshot, Store

LEASE_US: Final = 2 * MINUTE_US


class Position:
    """`content` holds "cursor" (of their changes), "seq" (of our decisions), "rules" (their digest) and the lease.

    Every step is committed; whoever was killed left it where it stood. Errors of every step: StoreBusyError when somebody
    else has taken the lease over.
    """

    def __init__(self, store: Store, crm: str, now: Callable[[], int]) -> None:
        self._store, self._now = store, now
        self._key = ("setting", f"crm:{crm}")
        snapshot = store.load([self._key])
        self._held: Setting | None = snapshot.rows[self._key]
        self.content: dict[str, Any] = {} if self._held is None else dict(self._held.content)

    def take(self) -> None:
        """Begin: nobody else may be at it."""
        if self.content.get("until_us", 0) > self._now():
            raise _busy()
        self.step()

    def step(self, **change: Any) -> None:
        """Keep how far it is, and the lease for a while longer."""
        self._commit({**self.content, **change, "until_us": self._now() + LEASE_US})

    def leave(self) -> None:
        """End: the next one may begin."""
        self._commit({name: value for name, value in self.content.items() if name != "until_us"})

    def _commit(self, content: Mapping[str, Any]) -> None:
        version = 1 if self._held is None else self._held.version + 1
        row = Setting(self._key[1], dict(content), version)
        try:
            self._store.commit(ChangeSet(Snapshot({self._key: self._held}), {self._key: row}))
        except ConflictError:
            raise _busy() from None
        self._held, self.content = row, dict(content)


def _busy() -> StoreBusyError:
    return StoreBusyError(
        "somebody else keeps this CRM in step", hint=f"try again in {LEASE_US // MINUTE_US} minutes, or was it killed?"
    )
