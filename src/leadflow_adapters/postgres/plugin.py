"""The hook: `postgresql://` and `postgres://` name stores, and psycopg's connections can be joined.

Nothing heavy is imported until one is opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from leadflow.errors import AdapterUnavailableError
from leadflow.hookspecs import Register, hookimpl

if TYPE_CHECKING:
    from leadflow.ports.host import Host
    from leadflow.room import Table
    from leadflow_adapters.postgres.joined import JoinedPostgresStore
    from leadflow_adapters.postgres.store import PostgresStore

SCHEMES = ("postgresql", "postgres")


@hookimpl
def leadflow_register_stores(register: Register) -> None:
    """PostgreSQL, under both names that its URLs go by."""
    for scheme in SCHEMES:
        register(
            scheme, opened, capabilities=("durable", "processes"), kit="leadflow_adapters.postgres.kit:PostgresKit"
        )
    register("psycopg", joined, capabilities=("join",))


def opened(url: str, tables: Iterable[Table], **options: Any) -> PostgresStore:
    """The store of a URL. Errors: AdapterUnavailableError without psycopg; those of PostgresStore."""
    try:
        from leadflow_adapters.postgres.store import PostgresStore
    except ImportError as error:
        raise AdapterUnavailableError(
            f"postgresql: {error.name or 'psycopg'} is not installed", hint='pip install "leadflow[postgres]"'
        ) from error
    return PostgresStore(url, tables, **options)


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
