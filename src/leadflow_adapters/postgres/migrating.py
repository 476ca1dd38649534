"""Bringing the tables of an earlier version up to this one, in one transaction, while older workers may be at work.

What a version brings is added: tables, indexes, columns that older code may leave out. Workers of the version before, which
opened the schema earlier, go on; those that start afterwards go on too where OLDEST lets them. What older code needs is
taken away by a later version, when nobody runs that code any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import psycopg

from leadflow.errors import SchemaVersionError, StoreError
from leadflow.stores.layout import Layout
from leadflow_adapters.postgres.address import read_address
from leadflow_adapters.postgres.checking import check_shapes, found_columns, found_indexes
from leadflow_adapters.postgres.connections import Connections
from leadflow_adapters.postgres.faults import translated
from leadflow_adapters.postgres.schema import OLDEST, SCHEMA_VERSION, hold_alone, recognised, tables_in
from leadflow_adapters.postgres.shapes import Shape, shapes
from leadflow_adapters.postgres.wire import Connection

_STEPS: Final[Mapping[int, tuple[str, ...]]] = {
    # Leases of claimed rows, which are a table and nothing else; and who may still work on the tables.
    3: ('ALTER TABLE "{schema}".leadflow_schema ADD COLUMN oldest int NOT NULL DEFAULT 1',),
}
"""What a version asks for beside its tables, columns and indexes, once these are there."""

_BLANK: Final = {"bigint": "0", "boolean": "false", "bytea": "''"}


def migrate(url: str, layouts: Iterable[Layout], *, timeout: float = 10.0) -> tuple[int, int]:
    """Migrate a schema; returns (version before, version now).

    Wholly or not at all; a schema that is up to date is left alone. Errors: SchemaVersionError (newer, foreign),
    StoreError (nothing there, no right), StoreBusyError (a table was in use for longer than `timeout` seconds).
    """
    address = read_address(url)
    connections = Connections(address, timeout=timeout)
    try:
        with connections.one() as wire:
            return _migrated(wire.connection, address.schema, address.shown, shapes(layouts))
    except psycopg.errors.InsufficientPrivilege:
        raise StoreError(
            f"{address.shown} may not be changed by this user",
            code="store_read_only",
            hint="migrate as the owner of its tables",
        ) from None
    except psycopg.Error as error:
        raise translated(error, address.shown) from None
    finally:
        connections.close()


def _migrated(connection: Connection, schema: str, place: str, wanted: list[Shape]) -> tuple[int, int]:
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED  # so that who waited sees what the other did
    with connection.transaction():
        hold_alone(connection, schema)
        found = recognised(connection, schema, place)
        if found is None:
            raise StoreError(f"{place} holds nothing", code="store_path", hint="there is nothing to migrate")
        before, _ = found
        if before > SCHEMA_VERSION:
            raise SchemaVersionError(
                f"{place} has schema version {before}, this leadflow knows {SCHEMA_VERSION}", hint="upgrade leadflow"
            )
        if before == SCHEMA_VERSION:
            return before, before
        _expand(connection, schema, place, wanted)
        for version in range(before + 1, SCHEMA_VERSION + 1):
            for statement in _STEPS.get(version, ()):
                connection.execute(statement.format(schema=schema))
        connection.execute(f'UPDATE "{schema}".leadflow_schema SET version = %s, oldest = %s', (SCHEMA_VERSION, OLDEST))
        check_shapes(connection, schema, place, wanted)
    return before, SCHEMA_VERSION


def _expand(connection: Connection, schema: str, place: str, wanted: list[Shape]) -> None:
    """Add what is missing. Indexes that are shaped otherwise are made anew."""
    quoted = f'"{schema}"'
    there, columns, indexes = (
        tables_in(connection, schema), found_columns(connection, schema), found_indexes(connection, schema)
    )  # fmt: skip
    for shape in wanted:
        if shape.name not in there:
            for statement in shape.statements(quoted):
                connection.execute(statement)
            continue
        for name, (kind, required) in shape.columns.items():
            if name not in columns[shape.name]:
                # The blank stays as the default: older code leaves the column out.
                blank = f" NOT NULL DEFAULT {_BLANK.get(kind, repr(''))}" if required else ""
                connection.execute(f'ALTER TABLE {quoted}.{shape.name} ADD COLUMN "{name}" {kind}{blank}')
        for name, index in shape.indexes.items():
            if indexes.get(name) != index:
                connection.execute(f"DROP INDEX IF EXISTS {quoted}.{name}")
                connection.execute(shape.index(quoted, name))
