"""The driver's errors as ours. What a driver says may hold values, so only SQLSTATE and place are told."""

from __future__ import annotations

from typing import Any, Final

import psycopg

from leadflow.errors import (
    ConflictError,
    CorruptionError,
    InvalidValueError,
    LeadflowError,
    StoreBusyError,
    StoreError,
)

CHECK_FAILED: Final = "22012"
"""Division by zero: how a statement of ours says that what was read has changed."""

_CONFLICTS: Final = ("40001", "40P01", "23505", CHECK_FAILED)
_BUSY: Final = {
    "55P03": "is locked by somebody else",
    "57014": "did not answer within its time limit",
    "57P01": "is shutting down",
    "57P02": "is shutting down",
    "57P03": "is starting up",
    "53300": "has no connection left",
    "53200": "is out of memory",
    "25P03": "closed a transaction that took too long",
}
_TOLD: Final = {
    "42501": ("store_read_only", "may not be written by this user", "grant the user rights on the schema"),
    "25006": ("store_read_only", "is read-only", "connect to the primary server"),
    "53100": ("store_full", "has no space left", "free space and repeat"),
    "42P01": ("store_schema", "lacks a table", "restore a backup"),
    "42703": ("store_schema", "lacks a column", "restore a backup"),
    "3F000": ("store_schema", "lacks its schema", "restore a backup"),
    "25P02": ("store", "has given the transaction up", "repeat"),
}
_UNSTORABLE: Final = ("22", "54")


def is_conflict(error: psycopg.Error) -> bool:
    """Whether somebody else was faster."""
    return error.sqlstate in _CONFLICTS


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone, as after a restart of the server."""
    state = getattr(error, "sqlstate", None)
    return isinstance(error, psycopg.OperationalError) and (state is None or state in ("57P01", "57P02"))


def translated(error: Exception, place: str) -> LeadflowError:
    """The error of ours that a driver's error, or a value that it cannot take, amounts to."""
    if isinstance(error, LeadflowError):
        return error
    if not isinstance(error, psycopg.Error):
        return _unstorable(error)
    state = error.sqlstate or ""
    if state in _CONFLICTS:
        return ConflictError("somebody else was faster")
    if state in _BUSY:
        return StoreBusyError(f"{place} {_BUSY[state]}", hint="try again")
    if state in _TOLD:
        code, what, hint = _TOLD[state]
        return StoreError(f"{place} {what}", code=code, hint=hint)
    if state.startswith("XX"):
        return CorruptionError(f"{place} is damaged ({state})", hint="see the server's log; restore a backup")
    if isinstance(error, psycopg.DataError) or state[:2] in _UNSTORABLE:
        return _unstorable(error)
    if isinstance(error, psycopg.OperationalError):
        return StoreBusyError(
            f"the connection to {place} was lost", code="store_lost", hint="repeat: the same keys make nothing twice"
        )
    return StoreError(f"{place}: {type(error).__name__} {state}".rstrip(), hint="see the server's log")


def _unstorable(error: Any) -> InvalidValueError:
    # What JSON or SQL cannot hold: NaN, half a surrogate pair, NUL, a number beyond 64 bits, an object.
    return InvalidValueError(
        f"a value cannot be stored ({type(error).__name__})", code="unstorable_value", hint="mend the record"
    )
