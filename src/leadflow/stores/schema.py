"""The SQLite file's shape: how it is made, recognised, checked and refused."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from leadflow.errors import CorruptionError, SchemaVersionError, StoreError
from leadflow.stores.layout import Layout
from leadflow.stores.statements import table_name

Connection = sqlite3.Connection | sqlite3.Cursor

APPLICATION_ID = 0x4C464C57
SCHEMA_VERSION = 4
_FULL_CHECK_BYTES = 64 * 1024 * 1024
_HEADER = b"SQLite format 3\0"

_DECISION = (
    "CREATE TABLE leadflow_decision (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " at_us INTEGER NOT NULL, recorded_us INTEGER NOT NULL, command TEXT NOT NULL, actor TEXT, digest TEXT NOT NULL,"
    " data TEXT)"
)


def statements(layouts: Iterable[Layout]) -> dict[str, str]:
    """Every table and index with the statement that makes it, by SQL name."""
    made: dict[str, str] = {"leadflow_decision": _DECISION}
    made["leadflow_decision_id"] = "CREATE UNIQUE INDEX leadflow_decision_id ON leadflow_decision (id)"
    made["leadflow_decision_subject"] = "CREATE INDEX leadflow_decision_subject ON leadflow_decision (subject)"
    for layout in layouts:
        name = table_name(layout.table.name)
        appended = layout.columns[-1] == "seq"
        parts = []
        for column, kind, required in zip(layout.columns, layout.types, layout.required, strict=True):
            if column == "seq":
                parts.append("seq INTEGER PRIMARY KEY")
            else:
                key = " PRIMARY KEY" if column == "id" and not appended else ""
                parts.append(f'"{column}" {kind}{" NOT NULL" if required else ""}{key}')
        made[name] = f"CREATE TABLE {name} ({', '.join(parts)})" + ("" if appended else " WITHOUT ROWID")
        if appended:
            made[f"{name}_id"] = f"CREATE UNIQUE INDEX {name}_id ON {name} (id)"
        for column in layout.table.indexes:
            index = f"{name}_{column}"
            made[index] = f'CREATE INDEX {index} ON {name} ("{column}"){_known(layout, column)}'
        for columns in layout.table.orders:
            index = f"{name}_by_{'_'.join(columns)}".replace("-", "")
            listed = ", ".join(f'"{column.lstrip("-")}"{" DESC" * column.startswith("-")}' for column in columns)
            made[index] = f"CREATE INDEX {index} ON {name} ({listed}, id)"
        if layout.table.due is not None:
            due = layout.table.due
            made[f"{name}_{due}"] = f'CREATE INDEX {name}_{due} ON {name} ("{due}"){_known(layout, due)}'
    return made


def _known(layout: Layout, column: str) -> str:
    """Leaves unknown values out of an index, except where there are none: SQLite never uses such an index then."""
    return "" if layout.required[layout.columns.index(column)] else f' WHERE "{column}" IS NOT NULL'


def inspect_file(path: Path) -> bool:
    """Whether the file must be made; refuses what is not a database of ours before SQLite touches it.

    Errors: StoreError (a folder, no folder, not readable), SchemaVersionError (foreign), CorruptionError (empty).
    """
    if path.is_dir():
        raise StoreError(f"{path} is a folder", code="store_path", hint="name a file in it, e.g. leads.db")
    if not path.exists():
        if not path.parent.is_dir():
            raise StoreError(f"the folder {path.parent} does not exist", code="store_path", hint="make it first")
        return True
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}", code="store_path") from None
    if not head:
        raise CorruptionError(
            f"{path} is empty: it was cut off, or never a store",
            hint="restore a backup, or delete the file to start anew",
        )
    if head[:16] != _HEADER:
        raise SchemaVersionError(f"{path} is not a SQLite database", hint="name another file")
    return False


def found(path: Path, layouts: Iterable[Layout]) -> None:
    """Make a new store under another name and link it into place whole: nobody ever sees it half made or empty.

    Where two processes do so at once, the first one's stays.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    draft.unlink(missing_ok=True)
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements(layouts).values():
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    finally:
        connection.close()
    try:
        _link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:
        # A disk without hard links: a rename may replace what somebody else has just made, so look once more.
        if not path.exists():
            draft.replace(path)


def version_of(connection: Connection) -> int | None:
    """The version of our tables in a database; None where there are none.

    A file of our own says so in its header. Where our tables lie beside an application's, whose header it is, a table
    `leadflow_schema` says it.
    """
    own, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    if own == APPLICATION_ID:
        return int(version)
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'leadflow_schema'").fetchone() is None:
        return None
    rows = connection.execute("SELECT version FROM leadflow_schema WHERE program = 'leadflow'").fetchall()
    return int(rows[0][0]) if len(rows) == 1 else None


def note_version(connection: Connection, version: int) -> None:
    """Write the version down where it was found."""
    if connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID:
        connection.execute(f"PRAGMA user_version = {version}")
    else:
        connection.execute("UPDATE leadflow_schema SET version = ?", (version,))


def make_beside(connection: Connection, layouts: Iterable[Layout]) -> None:
    """Make our tables in a database of an application, in the transaction that is open."""
    for statement in statements(layouts).values():
        connection.execute(statement)
    connection.execute("CREATE TABLE leadflow_schema (program TEXT NOT NULL, version INTEGER NOT NULL)")
    connection.execute("INSERT INTO leadflow_schema VALUES ('leadflow', ?)", (SCHEMA_VERSION,))


def recognise(connection: Connection, place: object) -> None:
    """Refuse a database that has no tables of ours, or of another version; say both versions."""
    version = version_of(connection)
    if version is None:
        raise SchemaVersionError(
            f"{place} is a SQLite database of another program, without leadflow's tables (this leadflow writes version"
            f" {SCHEMA_VERSION})",
            hint="name another file for leadflow alone, or have leadflow.make_tables put its tables beside yours",
        )
    if version > SCHEMA_VERSION:
        raise SchemaVersionError(
            f"{place} has schema version {version}, this leadflow knows {SCHEMA_VERSION}",
            hint="upgrade leadflow",
        )
    if version < SCHEMA_VERSION:
        raise SchemaVersionError(
            f"{place} has schema version {version}, this leadflow writes {SCHEMA_VERSION}",
            hint="run leadflow migrate",
        )


def check(connection: sqlite3.Connection, path: Path, layouts: Iterable[Layout], *, full: bool | None = None) -> None:
    """The self-check at open: every table and index is as it should be, and the pages are sound.

    Pages are all read when the file is small (64 MiB) or `full` is true. Errors: CorruptionError.
    """
    found: Mapping[str, str] = dict(
        connection.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'leadflow%' AND sql IS NOT NULL")
    )
    for name, statement in statements(layouts).items():
        if found.get(name) != statement:
            what = "is missing" if name not in found else "is not the one that leadflow made"
            raise CorruptionError(f"{path}: {name} {what}", hint="restore a backup, or export and start anew")
    if full is None:
        full = path.stat().st_size <= _FULL_CHECK_BYTES
    if full:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise CorruptionError(f"{path} is damaged ({verdict.splitlines()[0][:80]})", hint="restore a backup")
