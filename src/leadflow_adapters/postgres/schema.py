"""The schema's shape: how it is made, recognised and refused.

All tables of one tenant lie in one schema, with one row that says whose they are, of which version, and which is the oldest
version of leadflow that may still work on them. They are made in one transaction, so that nobody ever sees half of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import psycopg

from leadflow.errors import SchemaVersionError, StoreError
from leadflow.stores.layout import Layout
from leadflow_adapters.postgres.checking import check_shapes
from leadflow_adapters.postgres.shapes import Shape, shapes
from leadflow_adapters.postgres.wire import Connection

SCHEMA_VERSION: Final = 3
"""Version of the tables in PostgreSQL; SQLite's have their own. There was no version 2."""

OLDEST: Final = 1
"""The oldest version whose code may work on these tables: what has come since is new tables, indexes, and columns that may
be left out. Where a version takes something away, this becomes the first version that does without it."""

LOCKS: Final = 0x4C464C57
"""The first of the two numbers of our advisory locks: the other says what is locked, for each schema apart."""


def prepare(connection: Connection, schema: str, place: str, layouts: Iterable[Layout], *, check: bool) -> None:
    """Make the schema's tables if there are none, else recognise and check them.

    Errors: SchemaVersionError (of another version, or not ours), CorruptionError (something is missing or changed),
    StoreError (no right to make it).
    """
    wanted = shapes(layouts)
    found = recognised(connection, schema, place)
    if found is None:
        _make(connection, schema, place, wanted)
        found = recognised(connection, schema, place)
    version = check_version(found or (0, 0), place)
    if check:
        check_shapes(connection, schema, place, wanted, is_newer=version > SCHEMA_VERSION)


def check_version(found: tuple[int, int], place: str) -> int:
    """The version, if this leadflow may work on it. Errors: SchemaVersionError."""
    version, oldest = found
    if version < SCHEMA_VERSION:
        raise SchemaVersionError(
            f"{place} has schema version {version}, this leadflow writes {SCHEMA_VERSION}", hint="run leadflow migrate"
        )
    if oldest > SCHEMA_VERSION:
        raise SchemaVersionError(
            f"{place} has schema version {version}, which needs a leadflow that knows version {oldest};"
            f" this leadflow knows {SCHEMA_VERSION}",
            hint="upgrade leadflow",
        )
    return version


def recognised(connection: Connection, schema: str, place: str) -> tuple[int, int] | None:
    """The version of the tables and the oldest that may work on them; None where there are none.

    Errors: SchemaVersionError (not ours), StoreError (no right to look).
    """
    if not tables_in(connection, schema):
        return None
    try:
        rows = connection.execute(f'SELECT to_jsonb(found) FROM "{schema}".leadflow_schema AS found').fetchall()
    except psycopg.errors.InsufficientPrivilege:
        raise StoreError(
            f"{place} may not be read by this user", code="store_read_only", hint="grant the user rights on the schema"
        ) from None
    except psycopg.ProgrammingError:
        rows = []
    if len(rows) != 1 or rows[0][0].get("program") != "leadflow" or "version" not in rows[0][0]:
        raise SchemaVersionError(
            f"{place} has tables named leadflow_... of another program (schema version unknown,"
            f" this leadflow writes {SCHEMA_VERSION})",
            hint="name another schema, as in ?schema=acme",
        )
    # Version 1 did not say it: its code works on nothing but version 1.
    told = rows[0][0]
    return int(told["version"]), int(told.get("oldest", told["version"]))


def tables_in(connection: Connection, schema: str) -> set[str]:
    """The tables of our names that there are."""
    found = connection.execute(
        "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %s AND c.relname LIKE 'leadflow\\_%%' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
        (schema,),
    )
    return {name for (name,) in found}


def hold_alone(connection: Connection, schema: str) -> None:
    """Whoever makes or changes the tables does so alone, until the end of the transaction."""
    connection.execute("SELECT pg_advisory_xact_lock(%s::int, hashtext(%s))", (LOCKS, f"make {schema}"))


def _make(connection: Connection, schema: str, place: str, wanted: Iterable[Shape]) -> None:
    """Everything in one transaction; of two processes that do so at once, the second finds it made."""
    # Whoever waited for the other has to see what that one made.
    connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
    try:
        hold_alone(connection, schema)
        if not tables_in(connection, schema):
            create(connection, schema, wanted)
        connection.execute("COMMIT")
    except psycopg.errors.InsufficientPrivilege:
        connection.execute("ROLLBACK")
        raise StoreError(
            f"{place} is not there, and this user may not make it",
            code="store_read_only",
            hint=f"let an owner run: CREATE SCHEMA {schema} AUTHORIZATION ...",
        ) from None


def create(connection: Connection, schema: str, wanted: Iterable[Shape]) -> None:
    """Make the schema, if it is not there, and its tables, in the transaction that is open."""
    quoted = f'"{schema}"'
    found = connection.execute("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s", (schema,)).fetchone()
    if found is None:
        connection.execute(f"CREATE SCHEMA {quoted}")
    for shape in wanted:
        for statement in shape.statements(quoted):
            connection.execute(statement)
    connection.execute(
        f"CREATE TABLE {quoted}.leadflow_schema"
        " (program text NOT NULL, version int NOT NULL, oldest int NOT NULL DEFAULT 1)"
    )
    connection.execute(f"INSERT INTO {quoted}.leadflow_schema VALUES ('leadflow', {SCHEMA_VERSION}, {OLDEST})")
