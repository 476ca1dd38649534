"""Bringing a store file of an earlier version up to this one: whole or not at all, with a copy of what was before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from leadflow.errors import SchemaVersionError, StoreBusyError, StoreError
from leadflow.stores import schema
from leadflow.stores.layout import Layout
from leadflow.stores.statements import table_name

_STEPS = {
    # Version 1 did not keep the state that a merged record had: it was taken to be the usual one.
    2: (
        "UPDATE leadflow_alias SET state = CASE substr(id, 1, 2) WHEN 'l_' THEN 'open' WHEN 'v_' THEN '' ELSE 'active' END",
        # Nor did it say that a turn had been used: a pool's lead had used one.
        "UPDATE leadflow_handover SET has_turn = 1 WHERE pool IS NOT NULL AND owner IS NOT NULL",
    ),
}
"""What a version asks for beside its shape, once the shape is there."""

_BLANK = {"TEXT": "''", "INTEGER": "0", "BLOB": "x''"}


def migrate(path: Path, layouts: Iterable[Layout]) -> tuple[int, int, Path | None]:
    """Migrate a store; returns (version before, version now, the copy that was kept or None when nothing had to change).

    Tables that are shaped otherwise are made anew and take over the columns that they share; a column that is new is blank;
    every index is made anew. Nobody else may have the file open for writing. Errors: SchemaVersionError (newer, foreign),
    StoreError (no such file), StoreBusyError.
    """
    if schema.inspect_file(path):
        raise StoreError(f"{path} does not exist", code="store_path", hint="there is nothing to migrate")
    try:
        return _migrated(path, list(layouts))
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise StoreBusyError(f"{path} is open in another process", hint="close it, then migrate") from error
        raise StoreError(f"{path} cannot be migrated: {error}", hint="it is as it was; restore a backup") from error
    except sqlite3.Error as error:
        raise StoreError(f"{path} cannot be migrated: {error}", hint="it is as it was; restore a backup") from error


def _migrated(path: Path, layouts: list[Layout]) -> tuple[int, int, Path | None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        before = _version(connection, path)
        if before == schema.SCHEMA_VERSION:
            return before, before, None
        kept = path.with_name(f"{path.name}.v{before}")
        with closing(sqlite3.connect(kept)) as copy:
            connection.backup(copy)
        connection.execute("BEGIN IMMEDIATE")
        try:
            _reshape(connection, layouts)
            for version in range(before + 1, schema.SCHEMA_VERSION + 1):
                for statement in _STEPS.get(version, ()):
                    connection.execute(statement)
            schema.note_version(connection, schema.SCHEMA_VERSION)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    return before, schema.SCHEMA_VERSION, kept


def _version(connection: sqlite3.Connection, path: Path) -> int:
    version = schema.version_of(connection)
    if version is None:
        raise SchemaVersionError(f"{path} is a SQLite database of another program", hint="name another file")
    if version > schema.SCHEMA_VERSION:
        raise SchemaVersionError(
            f"{path} has schema version {version}, this leadflow knows {schema.SCHEMA_VERSION}", hint="upgrade leadflow"
        )
    return version


def _reshape(connection: sqlite3.Connection, layouts: list[Layout]) -> None:
    wanted = schema.statements(layouts)
    found = dict(
        connection.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'leadflow%' AND sql IS NOT NULL")
    )
    for name, statement in found.items():
        if statement.startswith(("CREATE INDEX", "CREATE UNIQUE INDEX")):
            connection.execute(f'DROP INDEX "{name}"')
    blank = {table_name(layout.table.name): _blanks(layout) for layout in layouts}
    for name, statement in wanted.items():
        if not statement.startswith("CREATE TABLE"):
            continue
        if name not in found:
            connection.execute(statement)
        elif found[name] != statement:
            _remake(connection, name, statement, blank.get(name, {}))
    for statement in wanted.values():
        if not statement.startswith("CREATE TABLE"):
            connection.execute(statement)


def _remake(connection: sqlite3.Connection, name: str, statement: str, blank: dict[str, str]) -> None:
    old = f"{name}_before"
    connection.execute(f'ALTER TABLE "{name}" RENAME TO "{old}"')
    connection.execute(statement)
    before = {row[1] for row in connection.execute(f'PRAGMA table_info("{old}")')}
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]
    taken = ", ".join(f'"{column}"' if column in before else blank.get(column, "NULL") for column in columns)
    listed = ", ".join(f'"{column}"' for column in columns)
    connection.execute(f'INSERT INTO "{name}" ({listed}) SELECT {taken} FROM "{old}"')
    connection.execute(f'DROP TABLE "{old}"')


def _blanks(layout: Layout) -> dict[str, str]:
    """What stands in a required column that an earlier version did not have."""
    return {
        column: _BLANK[kind]
        for column, kind, required in zip(layout.columns, layout.types, layout.required, strict=True)
        if required
    }
