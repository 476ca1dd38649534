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
from itertools import groupby
from pathlib import Path
from typing import Any

from leadflow.errors import (
    ConflictError,
    CorruptionError,
    InvalidValueError,
    LeadflowError,
    StoreBusyError,
    StoreError,
)
from leadflow.ports.store import ChangeSet, Scan, Snapshot, refuse_claims, stamp, tables_of
from leadflow.room import Key, Table
from leadflow.stores import schema
from leadflow.stores.layout import Layout, layout_of
from leadflow.stores.statements import (
    DECISION_COLUMNS,
    by_table,
    decision_maker,
    decision_values,
    listed,
    scan_statement,
    table_name,
)

_CHUNKS = (1, 8, 64, 512)
_INSERT_DECISION = f"INSERT INTO leadflow_decision ({listed(DECISION_COLUMNS)}) VALUES (?,?,?,?,?,?,?,?,?,NULL)"


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
        self._layouts = {table.name: layout_of(table) for table in tables}
        self._timeout = timeout
        self._synchronous = synchronous
        self._fault = fault
        self._local = threading.local()
        self._connections: list[tuple[int, sqlite3.Connection]] = []
        self._lock = threading.Lock()
        self._selects = {name: _select(layout) for name, layout in self._layouts.items()}
        self._writes = {name: _write_statements(layout) for name, layout in self._layouts.items()}
        self._recorded = decision_maker()
        with _translated(self.path):
            if schema.inspect_file(self.path):
                schema.found(self.path, self._layouts.values())
            connection = self._connection()
            schema.recognise(connection, self.path)
            schema.check(connection, self.path, self._layouts.values(), full=check)

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
        with _translated(self.path):
            connection = self._connection()
            # One transaction, so that all statements see the same moment.
            connection.execute("BEGIN")
            try:
                token = _moment(connection)
                return Snapshot(self._read(connection, keys), token)
            finally:
                connection.execute("COMMIT")

    def _read(self, connection: sqlite3.Connection, keys: Iterable[Key]) -> dict[Key, Any]:
        by_name: dict[str, list[str]] = {}
        for name, value in keys:
            by_name.setdefault(name, []).append(value)
        rows: dict[Key, Any] = {}
        for name, values in by_name.items():
            table, _, column = name.partition(".")
            layout = self._layouts[table]
            select = self._selects[table]
            make = layout.row
            found: list[Any] = []
            for chunk in _chunks(values):
                marks = ",".join("?" * len(chunk))
                cursor = connection.execute(f'{select} WHERE "{column or "id"}" IN ({marks})', chunk)
                found.extend(map(make, cursor))
            if column:
                rows.update(((name, value), ()) for value in values)
                found.sort(key=lambda row: (getattr(row, column), row.id))
                for value, group in groupby(found, key=lambda row: getattr(row, column)):
                    rows[name, value] = tuple(group)
            else:
                for value in values:
                    rows[name, value] = None
                for row in found:
                    rows[name, row.id] = row
        return rows

    def scan(self, query: Scan) -> Iterator[Any]:
        """See Store.scan."""
        statement, arguments = scan_statement(query, self._layouts, "?")
        make = self._recorded if query.table == "decision" else self._layouts[query.table].row
        with _translated(self.path):
            cursor = self._connection().execute(statement, arguments)
        return self._rows(cursor, make)

    def _rows(self, cursor: sqlite3.Cursor, make: Callable[[tuple[Any, ...]], Any]) -> Iterator[Any]:
        while True:
            with _translated(self.path):
                page = cursor.fetchmany(500)
            if not page:
                return
            yield from map(make, page)

    # -- writing ------------------------------------------------------------------------------------------

    def commit(self, change: ChangeSet) -> None:
        """See Store.commit."""
        refuse_claims(change, "sqlite")
        with _translated(self.path):
            connection = self._connection()
            self._point("begin")
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._check_files()
                self._verify(connection, change)
                self._write(connection, change)
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

    def _verify(self, connection: sqlite3.Connection, change: ChangeSet) -> None:
        if change.read.token == _moment(connection):
            return
        expect = change.expect
        rows = self._read(connection, expect)
        lost = [key for key, version in expect.items() if stamp(rows[key]) != version]
        if lost:
            raise ConflictError("rows changed since they were read", details={"tables": tables_of(lost)})

    def _write(self, connection: sqlite3.Connection, change: ChangeSet) -> None:
        many = connection.executemany
        for name, (inserts, updates, drops) in by_table(change).items():
            insert, update, delete = self._writes[name]
            layout = self._layouts[name]
            values = layout.values
            if inserts:
                self._point(f"insert {name}")
                many(insert, [values(row) for row in inserts])
            if updates:
                self._point(f"update {name}")
                many(update, [layout.changing(row) for row in updates])
            if drops:
                self._point(f"delete {name}")
                many(delete, [(id_,) for id_ in drops])
        if change.inputs:
            self._point("append inputs")
            values = self._layouts["input"].values
            many(self._writes["input"][0], [[*values(record)[:-1], None] for record in change.inputs])
        if change.decisions:
            self._point("append decisions")
            many(_INSERT_DECISION, map(decision_values, change.decisions))

    def _point(self, name: str) -> None:
        if self._fault is not None:
            self._fault(name)


def _select(layout: Layout) -> str:
    return f"SELECT {listed(layout.columns)} FROM {table_name(layout.table.name)}"


def _write_statements(layout: Layout) -> tuple[str, str, str]:
    name = table_name(layout.table.name)
    marks = ",".join("?" * len(layout.columns))
    sets = ", ".join(f'"{column}" = ?' for column in layout.columns if column not in layout.table.fixed)
    return (
        f"INSERT INTO {name} ({listed(layout.columns)}) VALUES ({marks})",
        f"UPDATE {name} SET {sets} WHERE id = ?",
        f"DELETE FROM {name} WHERE id = ?",
    )


def _chunks(values: list[str]) -> Iterator[list[str]]:
    """Values in chunks of a few fixed sizes, so that few statements serve all; the last is filled up with repeats."""
    position = 0
    while position < len(values):
        left = len(values) - position
        size = next((size for size in _CHUNKS if size >= left), _CHUNKS[-1])
        chunk = values[position : position + size]
        yield chunk + chunk[-1:] * (size - len(chunk))
        position += size


def _moment(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """Equal at two moments only if nothing was committed in between: by others (data_version) or by this connection."""
    version: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return id(connection), version, connection.total_changes


def _rollback(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


class _translated:
    """Turns SQLite's errors into ours; the driver's own never leave this module."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

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
            raise StoreBusyError(f"{self._path} is locked by another process", hint="try again") from error
        if "CORRUPT" in name or "NOTADB" in name:
            raise CorruptionError(f"{self._path} is damaged", hint="restore a backup") from error
        if "READONLY" in name or "CANTOPEN" in name:
            raise StoreError(
                f"{self._path} cannot be written", code="store_read_only", hint="check its rights"
            ) from error
        if "FULL" in name:
            raise StoreError(
                f"no space left for {self._path}", code="store_full", hint="free space and repeat"
            ) from error
        raise StoreError(f"{self._path}: {text}", code="store") from error
