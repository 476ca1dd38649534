"""The host port: an application's own connection, in whose transaction a joined store works.

Contract version 1. A host lends the driver's connection for one call at a time; it never commits or rolls back. Errors:
StoreError and its kin only.
"""

from __future__ import annotations

from typing import Any, Protocol


class Host(Protocol):
    """An application's connection. `place` says in errors which one it is, without secrets."""

    @property
    def place(self) -> str:
        """What an error may call it."""
        ...

    def lend(self) -> Any:
        """The driver's own connection (DB-API), as it is now.

        Errors: StoreError when it is closed, belongs to another thread or is in no state to be used.
        """
        ...
