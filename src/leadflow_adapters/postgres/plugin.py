"""The hook: `postgresql://` and `postgres://` name stores. Nothing heavy is imported until one is opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from leadflow.errors import AdapterUnavailableError
from leadflow.hookspecs import Register, hookimpl

if TYPE_CHECKING:
    from leadflow.room import Table
    from leadflow_adapters.postgres.store import PostgresStore

SCHEMES = ("postgresql", "postgres")


class _Opened:
    """Opens stores, and migrates them."""

    def __call__(self, url: str, tables: Iterable[Table], **options: Any) -> PostgresStore:
        """The store of a URL. Errors: AdapterUnavailableError without psycopg; those of PostgresStore."""
        with _installed():
            from leadflow_adapters.postgres.store import PostgresStore
        return PostgresStore(url, tables, **options)

    def migrate(self, url: str, tables: Iterable[Table]) -> tuple[int, int]:
        """See leadflow_adapters.postgres.migrating."""
        with _installed():
            from leadflow_adapters.postgres.migrating import migrate
        from leadflow.stores.layout import layout_of

        return migrate(url, map(layout_of, tables))


opened = _Opened()


@contextmanager
def _installed() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise AdapterUnavailableError(
            f"postgresql: {error.name or 'psycopg'} is not installed", hint='pip install "leadflow[postgres]"'
        ) from error


@hookimpl
def leadflow_register_stores(register: Register) -> None:
    """PostgreSQL, under both names that its URLs go by."""
    for scheme in SCHEMES:
        register(scheme, opened, capabilities=("claims", "durable", "migrates", "processes"))
