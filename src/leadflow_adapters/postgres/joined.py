"""The store in an application's own PostgreSQL connection, within its transaction.

Nothing here begins, commits or sets anything. Every trip has a savepoint, so that a call that fails leaves the transaction as
it was before. A change holds the same locks as one of PostgresStore (see store.py), and holds them until the application ends
its transaction. Its check must see what was committed a moment ago, which only READ COMMITTED lets it: other isolations are
refused.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, Final

import psycopg
from psycopg import postgres
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.rows import tuple_row

from leadflow.errors import ConflictError, SchemaVersionError, StoreError
from leadflow.ports.host import Host
from leadflow.ports.store import ChangeSet, Scan, Snapshot, stamp, tables_of
from leadflow.room import Key, Table
from leadflow.stores.layout import layout_of
from leadflow.stores.paging import pages
from leadflow.stores.statements import decision_maker, scan_statement
from leadflow_adapters.postgres import schema as shape
from leadflow_adapters.postgres.address import SCHEMA, checked_schema
from leadflow_adapters.postgres.claiming import Claims
from leadflow_adapters.postgres.faults import is_conflict, translated
from leadflow_adapters.postgres.reading import reader
from leadflow_adapters.postgres.shapes import shapes
from leadflow_adapters.postgres.statements import statements_of
from leadflow_adapters.postgres.wire import Connection, Rows, Statement, Wire, numbered
from leadflow_adapters.postgres.writing import Writer

_SAVEPOINT: Final = "SAVEPOINT leadflow_call"
_RELEASE: Final = "RELEASE SAVEPOINT leadflow_call"
_BACK: Final = "ROLLBACK TO SAVEPOINT leadflow_call"
_ISOLATED: Final = "2201F"
_ISOLATION: Final = "SELECT sqrt((current_setting('transaction_isolation') LIKE 'read %')::int - 1)"
"""Fails with a state of its own (the root of -1) in a transaction that does not see what others have committed since."""
_OPEN: Final = (TransactionStatus.INTRANS, TransactionStatus.INERROR)
_AGAIN: Final = "roll your transaction back and do it again"


class JoinedPostgresStore:
    """Rows in tables `leadflow_*` of one schema, in the transaction of a psycopg 3 connection.

    `fault(name)` is called before each write. Errors: SchemaVersionError unless the tables are there, in this version.
    """

    def __init__(
        self,
        host: Host,
        tables: Iterable[Table],
        *,
        schema: str = SCHEMA,
        fault: Callable[[str], None] | None = None,
    ) -> None:
        self._host = host
        self._schema = checked_schema(schema)
        self._layouts = {table.name: layout_of(table) for table in tables}
        statements = {name: statements_of(layout, schema) for name, layout in self._layouts.items()}
        self._read = reader(statements)
        self._recorded = decision_maker()
        self._writer = Writer(schema, statements, Claims(schema, self._layouts), fault)
        self._lock = threading.Lock()
        self._is_closed = False
        with self._lent() as wire, kept(wire.connection) as cursor:
            recognise(cursor, schema, host.place)

    def close(self) -> None:
        """See Store.close. The connection stays open: it is the application's."""
        self._is_closed = True

    @contextmanager
    def _lent(self) -> Iterator[Wire]:
        """The connection, in a transaction; the driver's own errors never leave this module."""
        if self._is_closed:
            raise StoreError("this joined flow was closed", code="store_closed", hint="join again")
        place = self._host.place
        with self._lock, told(place):
            yield _LentWire(fit(self._host.lend(), place), is_lent=True)

    # -- reading ------------------------------------------------------------------------------------------

    def load(self, keys: Iterable[Key]) -> Snapshot:
        """See Store.load."""
        with self._lent() as wire:
            return Snapshot(self._read(wire, keys))

    def scan(self, query: Scan) -> Iterator[Any]:
        """See Store.scan."""
        return pages(query, self._page)

    def _page(self, query: Scan) -> list[Any]:
        statement, values = scan_statement(query, self._layouts, "%s", f'"{self._schema}".')
        make = self._recorded if query.table == "decision" else self._layouts[query.table].row
        with self._lent() as wire:
            return [*map(make, wire.ask([(numbered(statement), values)])[0])]

    # -- writing ------------------------------------------------------------------------------------------

    def commit(self, change: ChangeSet) -> None:
        """Make the change true within the application's transaction. See Store.commit."""
        with self._lent() as wire:
            try:
                self._writer.within(wire, change)
            except psycopg.Error as error:
                if not is_conflict(error):
                    raise
                raise self._lost(wire, change) from None

    def _lost(self, wire: Wire, change: ChangeSet) -> ConflictError:
        """How a change lost its race, with the tables, which need not be exact."""
        expect = change.expect
        rows = self._read(wire, [*expect, *change.put, *(("input", each.id) for each in change.inputs)])
        lost = [key for key, found in rows.items() if stamp(found) != expect.get(key, 0)]
        return ConflictError("rows changed since they were read", hint=_AGAIN, details={"tables": tables_of(lost)})


class _LentWire(Wire):
    """Each trip has a savepoint, and the connection to itself."""

    def ask(self, statements: Iterable[Statement]) -> list[Rows]:
        """See Wire.ask. What fails leaves the transaction as it was before."""
        before, after = ((_SAVEPOINT, ()), (_ISOLATION, ())), ((_RELEASE, ()),)
        with self.connection.lock:
            try:
                return super().ask(chain(before, statements, after))[2:-1]
            except BaseException:
                if not self.is_usable:
                    # Broken off in the middle of a trip (Ctrl-C): whatever comes next would read this one's answers.
                    self.connection.close()
                elif self.connection.pgconn.transaction_status in _OPEN:
                    super().ask([(_BACK, ()), (_RELEASE, ())])
                raise


def fit(given: Any, place: str) -> Connection:
    """A connection that is fit for a statement, in a transaction. Errors: StoreError."""
    if not isinstance(given, psycopg.Connection):
        raise StoreError(
            f"{place} is a {type(given).__name__}", code="store_connection", hint="join a psycopg.Connection"
        )
    connection: Connection = given
    if connection.closed:
        raise StoreError(f"{place} is closed", code="store_closed", hint="join one that is open")
    if connection.pgconn.pipeline_status != PipelineStatus.OFF:
        raise StoreError(
            f"{place} is in a pipeline block", code="store_connection", hint="call leadflow outside of the block"
        )
    encodings = {name: connection.pgconn.parameter_status(name) for name in (b"client_encoding", b"server_encoding")}
    if set(encodings.values()) != {b"UTF8"}:
        raise StoreError(
            f"{place} does not speak UTF-8", code="store_encoding", hint="connect with client_encoding=utf8"
        )
    status = connection.pgconn.transaction_status
    if status == TransactionStatus.INERROR:
        raise StoreError(
            f"the transaction of {place} has failed, and takes nothing more",
            code="transaction_failed",
            hint="roll it back, or back to a savepoint",
        )
    if status == TransactionStatus.ACTIVE:
        raise StoreError(
            f"{place} is busy with another statement", code="store_thread", hint="read it to its end, in one thread"
        )
    if status == TransactionStatus.IDLE:
        _begin(connection, place)
    return connection


def _begin(connection: Connection, place: str) -> None:
    """Let the driver begin, as it does before any statement of the application's. Errors: StoreError."""
    if connection.autocommit:
        raise StoreError(
            f"{place} has no transaction open and commits each statement by itself",
            code="no_transaction",
            hint="use it within: with connection.transaction():",
        )
    with told(place):
        psycopg.Cursor(connection).execute("SELECT 1")


@contextmanager
def told(place: str) -> Iterator[None]:
    """The driver's errors as ours."""
    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate == _ISOLATED:
            raise StoreError(
                f"the transaction of {place} does not see what others commit",
                code="store_isolation",
                hint="begin it with ISOLATION LEVEL READ COMMITTED, PostgreSQL's default",
            ) from None
        raise translated(error, place) from None
    except (ValueError, TypeError, OverflowError) as error:
        raise translated(error, place) from None


@contextmanager
def kept(connection: Connection) -> Iterator[Any]:
    """A plain cursor; what fails leaves the transaction as it was before."""
    cursor = psycopg.Cursor(connection, row_factory=tuple_row)
    # Not those that the connection's owner has registered.
    postgres.register_default_adapters(cursor)
    cursor.execute(_SAVEPOINT)
    try:
        yield cursor
    except BaseException:
        if connection.pgconn.transaction_status in _OPEN:
            cursor.execute(_BACK)
            cursor.execute(_RELEASE)
        raise
    cursor.execute(_RELEASE)


def recognise(cursor: Any, schema: str, place: str) -> None:
    """Errors: SchemaVersionError unless the tables are there, in this version."""
    found = shape.recognised(cursor, schema, place)
    if found is None:
        raise SchemaVersionError(
            f"{place} has no tables of leadflow in schema {schema} (this leadflow writes version"
            f" {shape.SCHEMA_VERSION})",
            hint="run leadflow once on this database, or leadflow.make_tables in a migration of yours",
        )
    shape.check_version(found, f"schema {schema} of {place}")


def make_tables(host: Host, tables: Iterable[Table], *, schema: str = SCHEMA) -> None:
    """Make the tables, if there are none, in the transaction of an application's own migration."""
    place, schema = host.place, checked_schema(schema)
    with told(place), kept(fit(host.lend(), place)) as cursor:
        shape.hold_alone(cursor, schema)
        if not shape.tables_in(cursor, schema):
            shape.create(cursor, schema, shapes(map(layout_of, tables)))
        recognise(cursor, schema, place)
