"""The default store: one SQLite file, no set-up.

WAL with synchronous=FULL: what was committed survives a crash and a power cut. One connection per thread; a fork opens
its own. A change is checked against what it was planned on only when somebody else has committed since: SQLite's
data_version tells, so that the usual single writer pays nothing.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from leadflow.errors import ConflictError, CorruptionError, StoreError
from leadflow.ports.store import ChangeSet, Scan, Snapshot, refuse_claims
from leadflow.room import Key, Table
from leadflow.stores import schema
from leadflow.stores.sqlite_faults import translated
from leadflow.stores.sqlite_rows import Rows


class SqliteStore:
    """Rows in tables `leadflow_*` of one file."""

    def __init__(
        self,
        path: str | Path,
        tables: Iterable[Table],
        *,
        timeout: float = 10.0,
        synchronous: str = "FULL",
        check: bool | None = None,
        fault: Callable[[str], None] | None = None,
    ) -> None:
        self.path = Path(path)
        self._timeout = timeout
        self._synchronous = synchronous
        self._fault = fault
        self._local = threading.local()
        self._connections: list[tuple[int, sqlite3.Connection]] = []
        self._lock = threading.Lock()
        self._rows = Rows(tables, self._point)
        layouts = self._rows.layouts.values()
        with translated(self.path):
            if schema.inspect_file(self.path):
                schema.found(self.path, layouts)
            connection = self._connection()
            schema.recognise(connection, self.path)
            schema.check(connection, self.path, layouts, full=check)

    # -- connections --------------------------------------------------------------------------------------

    def _connection(self) -> sqlite3.Connection:
        held = getattr(self._local, "held", None)
        if held is not None and held[0] == os.getpid():
            return held[1]  # type: ignore[no-any-return]
        connection = sqlite3.connect(
            self.path,
            timeout=self._timeout,
            isolation_level=None,
            cached_statements=512,
            check_same_thread=False,
        )
        execute = connection.execute
        if execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            connection.close()
            raise StoreError(
                f"{self.path}: its disk cannot share a write-ahead log", code="store_no_wal", hint="use a local disk"
            )
        execute(f"PRAGMA synchronous = {self._synchronous}")
        execute("PRAGMA foreign_keys = ON")
        execute("PRAGMA cache_size = -65536")
        execute("PRAGMA temp_store = MEMORY")
        self._local.held = (os.getpid(), connection)
        with self._lock:
            self._connections.append((os.getpid(), connection))
        return connection

    def close(self) -> None:
        """See Store.close."""
        with self._lock:
            for pid, connection in self._connections:
                if pid == os.getpid():
                    connection.close()
            self._connections.clear()
        self._local = threading.local()

    # -- reading ------------------------------------------------------------------------------------------

    def load(self, keys: Iterable[Key]) -> Snapshot:
        """See Store.load."""
        with translated(self.path):
            connection = self._connection()
            # One transaction, so that all statements see the same moment.
            connection.execute("BEGIN")
            try:
                token = _moment(connection)
                return Snapshot(self._rows.read(connection, keys), token)
            finally:
                connection.execute("COMMIT")

    def scan(self, query: Scan) -> Iterator[Any]:
        """See Store.scan."""
        statement, values, make = self._rows.listing(query)
        with translated(self.path):
            cursor = self._connection().execute(statement, values)
        return self._pages(cursor, make)

    def _pages(self, cursor: sqlite3.Cursor, make: Callable[[tuple[Any, ...]], Any]) -> Iterator[Any]:
        while True:
            with translated(self.path):
                page = cursor.fetchmany(500)
            if not page:
                return
            yield from map(make, page)

    # -- writing ------------------------------------------------------------------------------------------

    def commit(self, change: ChangeSet) -> None:
        """See Store.commit."""
        refuse_claims(change, "sqlite")
        with translated(self.path):
            connection = self._connection()
            self._point("begin")
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._check_files()
                if change.read.token != _moment(connection):
                    self._rows.verify(connection, change)
                self._rows.write(connection, change)
                self._point("commit")
                connection.execute("COMMIT")
            except sqlite3.IntegrityError as error:
                _rollback(connection)
                raise ConflictError("something that was to be created is already there") from error
            except BaseException:
                _rollback(connection)
                raise
            self._point("committed")

    def _check_files(self) -> None:
        """Refuse to write to files that somebody has removed or replaced under us: nobody would ever read it."""
        try:
            files = (os.getpid(), os.stat(self.path).st_ino, os.stat(f"{self.path}-wal").st_ino)
        except OSError:
            files = (os.getpid(), 0, 0)
        known = getattr(self._local, "files", None)
        if known is None or known[0] != files[0]:
            self._local.files = files
        elif known != files:
            raise CorruptionError(
                f"{self.path} or its -wal file was removed or replaced while it was open",
                code="store_replaced",
                hint="close the store, which saves what it holds, and open it again",
            )

    def _point(self, name: str) -> None:
        if self._fault is not None:
            self._fault(name)


def _moment(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Equal at two moments only if nothing was committed in between: by others (data_version) or by this connection."""
    version: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return id(connection), version, connection.total_changes


def _rollback(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
