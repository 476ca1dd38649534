"""SQLite's errors as ours; the driver's own never leave the stores."""

from __future__ import annotations

import sqlite3
from typing import Any

from leadflow.errors import CorruptionError, InvalidValueError, LeadflowError, StoreBusyError, StoreError


class translated:
    """Turns SQLite's errors into ours; the driver's own never leave this module."""

    __slots__ = ("_place",)

    def __init__(self, place: object) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, (ValueError, TypeError, OverflowError)) and not isinstance(error, LeadflowError):
            # What JSON or SQL cannot hold: NaN, half a surrogate pair, a number beyond 64 bits, an object.
            raise InvalidValueError(
                f"a value cannot be stored ({type(error).__name__})", code="unstorable_value", hint="mend the record"
            ) from None
        if not isinstance(error, sqlite3.Error):
            return
        text = str(error)
        name = getattr(error, "sqlite_errorname", "") or ""
        if "BUSY" in name or "LOCKED" in name:
            raise StoreBusyError(f"{self._place} is locked by another process", hint="try again") from error
        if "CORRUPT" in name or "NOTADB" in name:
            raise CorruptionError(f"{self._place} is damaged", hint="restore a backup") from error
        if "READONLY" in name or "CANTOPEN" in name:
            raise StoreError(
                f"{self._place} cannot be written", code="store_read_only", hint="check its rights"
            ) from error
        if "FULL" in name:
            raise StoreError(
                f"no space left for {self._place}", code="store_full", hint="free space and repeat"
            ) from error
        raise StoreError(f"{self._place}: {text}", code="store") from error
