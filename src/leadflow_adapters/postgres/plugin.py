"""The hook: `postgresql://` and `postgres://` name stores, and psycopg's connections can be joined.

Nothing heavy is imported until one is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from leadflow.errors import AdapterUnavailableError
from leadflow.hookspecs import Register, hookimpl

if TYPE_CHECKING:
    from leadflow.ports.host import Host
    from leadflow.room import Table
    from leadflow_adapters.postgres.joined import JoinedPostgresStore
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


class _Joined:
    """Joins psycopg's connections; whoever has one has psycopg."""

    def __call__(self, host: Host, tables: Iterable[Table], **options: Any) -> JoinedPostgresStore:
        """The store in a host's connection. Errors: those of JoinedPostgresStore."""
        from leadflow_adapters.postgres.joined import JoinedPostgresStore

        return JoinedPostgresStore(host, tables, **options)

    def make_tables(self, host: Host, tables: Iterable[Table], **options: Any) -> None:
        """See leadflow_adapters.postgres.joined."""
        from leadflow_adapters.postgres.joined import make_tables

        make_tables(host, tables, **options)


joined = _Joined()


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
    """PostgreSQL, under both names that its URLs go by; psycopg's connections can be joined."""
    for scheme in SCHEMES:
        register(
            scheme,
            opened,
            capabilities=("claims", "durable", "migrates", "processes"),
            kit="leadflow_adapters.postgres.kit:PostgresKit",
        )
    register("psycopg", joined, capabilities=("join",))
