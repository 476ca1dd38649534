"""Rows in an application's own SQLite connection, within its transaction.

Nothing here begins, commits or sets a PRAGMA. Each change has a savepoint, so that one that fails leaves the transaction as
it was before. What was read is compared at each change: SqliteStore's shortcut (data_version, total_changes) does not see
what the application rolls back.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from leadflow.errors import ConflictError, StoreError
from leadflow.ports.host import Host
from leadflow.ports.store import ChangeSet, Scan, Snapshot, refuse_claims
from leadflow.room import Key, Table
from leadflow.stores import schema
from leadflow.stores.layout import layout_of
from leadflow.stores.paging import pages
from leadflow.stores.sqlite_faults import translated
from leadflow.stores.sqlite_rows import Rows

_LEGACY: Final = -1
"""sqlite3.LEGACY_TRANSACTION_CONTROL, which Python 3.11 does not name."""

_WRITES_NOTHING: Final = "DELETE FROM leadflow_setting WHERE id IS NULL"
_AGAIN: Final = "roll your transaction back and do it again"


class JoinedSqliteStore:
    """Rows in tables `leadflow_*` of the database that an application has open.

    `fault(name)` is called before each write. Errors: SchemaVersionError unless the tables are there, in this version.
    """

    def __init__(self, host: Host, tables: Iterable[Table], *, fault: Callable[[str], None] | None = None) -> None:
        self._host = host
        self._point = fault or (lambda name: None)
        self._rows = Rows(tables, self._point)
        self._lock = threading.Lock()
        self._is_closed = False
        with self._lent() as cursor:
            schema.recognise(cursor, host.place)

    def close(self) -> None:
        """See Store.close. The connection stays open: it is the application's."""
        self._is_closed = True

    @contextmanager
    def _lent(self) -> Iterator[sqlite3.Cursor]:
        if self._is_closed:
            raise StoreError("this joined flow was closed", code="store_closed", hint="join again")
        with self._lock, lent(self._host) as cursor:
            yield cursor

    # -- reading ------------------------------------------------------------------------------------------

    def load(self, keys: Iterable[Key]) -> Snapshot:
        """See Store.load."""
        with self._lent() as cursor:
            return Snapshot(self._rows.read(cursor, keys))

    def scan(self, query: Scan) -> Iterator[Any]:
        """See Store.scan."""
        return pages(query, self._page)

    def _page(self, query: Scan) -> list[Any]:
        statement, values, make = self._rows.listing(query)
        with self._lent() as cursor:
            return [*map(make, cursor.execute(statement, values))]

    # -- writing ------------------------------------------------------------------------------------------

    def commit(self, change: ChangeSet) -> None:
        """Make the change true within the application's transaction. See Store.commit."""
        refuse_claims(change, "a joined store")
        with self._lent() as cursor:
            self._point("begin")
            if not cursor.connection.in_transaction:
                # The driver begins before what may write, as it does for the application's own statements.
                cursor.execute(_WRITES_NOTHING)
            with kept(cursor):
                self._rows.verify(cursor, change)
                self._rows.write(cursor, change)
                self._point("commit")
            self._point("committed")


def make_tables(host: Host, tables: Iterable[Table]) -> None:
    """Make the tables, if there are none, in the transaction of an application's own migration."""
    layouts = [layout_of(table) for table in tables]
    with lent(host) as cursor:
        if not cursor.connection.in_transaction:
            # The driver begins before what writes rows, not before what makes tables.
            cursor.execute(f"BEGIN {cursor.connection.isolation_level}")
        with kept(cursor):
            if schema.version_of(cursor) is None:
                schema.make_beside(cursor, layouts)
            schema.recognise(cursor, host.place)
            cursor.execute(_WRITES_NOTHING)


@contextmanager
def lent(host: Host) -> Iterator[sqlite3.Cursor]:
    """A cursor that gives tuples of text and numbers, whatever the application has its own give. Errors: StoreError."""
    raw, place = host.lend(), host.place
    try:
        is_ready = raw.in_transaction or _begins(raw)
        cursor = sqlite3.Connection.cursor(raw)
    except sqlite3.ProgrammingError as error:
        if "thread" in str(error):
            raise StoreError(
                f"{place} was opened by another thread", code="store_thread", hint="join in the thread that uses it"
            ) from None
        raise StoreError(f"{place} is closed", code="store_closed", hint="join one that is open") from None
    if not is_ready:
        raise StoreError(
            f"{place} has no transaction open and commits each statement by itself",
            code="no_transaction",
            hint='begin one first: connection.execute("BEGIN IMMEDIATE")',
        )
    cursor.row_factory = None
    given = raw.text_factory
    raw.text_factory = str
    try:
        with translated(place):
            yield cursor
    finally:
        raw.text_factory = given


def _begins(raw: sqlite3.Connection) -> bool:
    """Whether the driver begins a transaction by itself before it writes."""
    return getattr(raw, "autocommit", _LEGACY) == _LEGACY and raw.isolation_level is not None


@contextmanager
def kept(cursor: sqlite3.Cursor) -> Iterator[None]:
    """What fails leaves the transaction as it was before. Errors: ConflictError where an open flow would plan again."""
    try:
        cursor.execute("SAVEPOINT leadflow_change")
        try:
            yield
            cursor.execute("RELEASE leadflow_change")
        except BaseException:
            # After some errors (a full disk) SQLite has rolled everything back already.
            if cursor.connection.in_transaction:
                cursor.execute("ROLLBACK TO leadflow_change")
                cursor.execute("RELEASE leadflow_change")
            raise
    except ConflictError as error:
        raise ConflictError(error.message, hint=_AGAIN, details=error.details) from None
    except sqlite3.IntegrityError as error:
        raise ConflictError("something that was to be created is already there", hint=_AGAIN) from error
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorname", "") == "SQLITE_BUSY_SNAPSHOT":
            raise ConflictError(
                "somebody else has written since this transaction first read",
                hint=f"{_AGAIN}; one begun with BEGIN IMMEDIATE does not meet this",
            ) from error
        raise
