"""The hook: `postgresql://` and `postgres://` name stores. Nothing heavy is imported until one is opened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from leadflow.errors import AdapterUnavailableError
from leadflow.hookspecs import Register, hookimpl

if TYPE_CHECKING:
    from leadflow.room import Table
    from leadflow_adapters.postgres.store import PostgresStore

SCHEMES = ("postgresql", "postgres")


@hookimpl
def leadflow_register_stores(register: Register) -> None:
    """PostgreSQL, under both names that its URLs go by."""
    for scheme in SCHEMES:
        register(scheme, opened, capabilities=("durable", "processes"))


def opened(url: str, tables: Iterable[Table], **options: Any) -> PostgresStore:
    """The store of a URL. Errors: AdapterUnavailableError without psycopg; those of PostgresStore."""
    try:
        from leadflow_adapters.postgres.store import PostgresStore
    except ImportError as error:
        raise AdapterUnavailableError(
            f"postgresql: {error.name or 'psycopg'} is not installed", hint='pip install "leadflow[postgres]"'
        ) from error
    return PostgresStore(url, tables, **options)
