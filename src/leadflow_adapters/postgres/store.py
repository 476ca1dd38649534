"""The store in PostgreSQL: one schema is one tenant, any number of processes write.

**What holds under many writers.** A change was planned on rows that were read some time ago, each with its version; it
may only become true if all of them still stand. `commit` sends one transaction:

1. *Hold.* Advisory locks on everything that was read (shared) and written (alone), see locking.py. They live as long as
   the transaction, and they are there for what is *not* there, too: a match key that two are about to create, an
   alias that nobody has made, "all leads of this contact". Row locks cannot hold what is absent, and SERIALIZABLE would
   give up changes that only share a page of an index.
2. *Check.* One statement, begun when all locks are held, so that it sees every commit that they waited for. It compares
   the version of each row that was read: a row found under a column by (id, version), an absent one by its absence.
   It fails by itself when one differs, and everything after it is not carried out: the client need not look, so
   locks, check, writes and COMMIT travel together.
3. *Write*, then COMMIT. Unique ids are the net under it: whoever writes without these locks fails there.

So of two changes of which one writes what the other read, the second waits for the first and is then refused with a
ConflictError: all that commit are as if done one after another, and `seq` numbers inputs and decisions in that order.
(Numbers of changes that have nothing to do with each other may become visible out of turn, and a change that fails leaves
a gap.) Locks are taken in one order, so nobody waits in a circle; should a foreign lock make a circle all the same,
PostgreSQL's deadlock or serialization failure is a ConflictError too.

**Reading.** `load` sees one moment (one trip is one transaction, REPEATABLE READ), and so does `scan`, which is fetched
in pages by a cursor on a connection of its own.

**Claiming** takes no part in the locks: it changes no row, see claiming.py. A commit that ends claims is refused when one
of them is held no longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg

from leadflow.errors import ConflictError
from leadflow.ports.store import CLAIM_LOST, ChangeSet, Claimed, Scan, Snapshot, stamp, tables_of
from leadflow.room import Key, Table
from leadflow.stores.layout import layout_of
from leadflow.stores.statements import decision_maker, scan_statement
from leadflow_adapters.postgres import schema
from leadflow_adapters.postgres.address import read_address
from leadflow_adapters.postgres.claiming import Claims
from leadflow_adapters.postgres.connections import Connections
from leadflow_adapters.postgres.faults import is_conflict, is_lost, translated
from leadflow_adapters.postgres.reading import reader
from leadflow_adapters.postgres.statements import COMMIT, statements_of
from leadflow_adapters.postgres.wire import Wire, numbered
from leadflow_adapters.postgres.writing import Writer

_PAGE: Final = 1000
_BEGIN_LISTING: Final = (
    ("BEGIN READ ONLY", ()),
    ("SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'on', true)", ()),
)
_DECLARE: Final = "DECLARE leadflow_list NO SCROLL CURSOR FOR"
_FETCH: Final = f"FETCH {_PAGE} FROM leadflow_list"


class PostgresStore:
    """Rows in tables `leadflow_*` of one schema.

    `url` is libpq's, with `?schema=` for the schema ("leadflow" without it). `timeout` (seconds) bounds the wait for a
    connection or a lock; `check=False` leaves the self-check of the tables out; `fault(name)` is called before each write.
    """

    def __init__(
        self,
        url: str,
        tables: Iterable[Table],
        *,
        timeout: float = 10.0,
        check: bool = True,
        fault: Callable[[str], None] | None = None,
    ) -> None:
        address = read_address(url)
        self.place = address.shown
        self._layouts = {table.name: layout_of(table) for table in tables}
        self._tables = {name: statements_of(layout, address.schema) for name, layout in self._layouts.items()}
        self._schema = address.schema
        self._read = reader(self._tables)
        self._recorded = decision_maker()
        self._connections = Connections(address, timeout=timeout)
        self._claims = Claims(address.schema, self._layouts)
        self._writer = Writer(address.schema, self._tables, self._claims, fault)
        try:
            with self._connected() as wire:
                schema.prepare(wire.connection, address.schema, self.place, self._layouts.values(), check=check)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """See Store.close."""
        self._connections.close()

    @contextmanager
    def _connected(self) -> Iterator[Wire]:
        """A connection; the driver's own errors never leave this module."""
        try:
            with self._connections.one() as wire:
                yield wire
        except psycopg.Error as error:
            if is_lost(error):
                self._connections.forget()
            raise translated(error, self.place) from None
        except (ValueError, TypeError, OverflowError) as error:
            raise translated(error, self.place) from None

    # -- reading ------------------------------------------------------------------------------------------

    def load(self, keys: Iterable[Key]) -> Snapshot:
        """See Store.load."""
        wanted = list(keys)
        with self._connected() as wire:
            try:
                return Snapshot(self._read(wire, wanted))
            except psycopg.OperationalError as error:
                if not is_lost(error):
                    raise
        # The server was restarted while the connection lay idle: nothing was written, so ask again.
        self._connections.forget()
        with self._connected() as wire:
            return Snapshot(self._read(wire, wanted))

    def scan(self, query: Scan) -> Iterator[Any]:
        """See Store.scan."""
        statement, values = scan_statement(query, self._layouts, "%s", f'"{self._schema}".')
        make = self._recorded if query.table == "decision" else self._layouts[query.table].row
        statement = numbered(statement)
        if query.limit is not None and query.limit <= _PAGE:
            with self._connected() as wire:
                return map(make, wire.ask([*_BEGIN_LISTING, (statement, values), (COMMIT, ())])[-2])
        return map(make, self._pages(statement, values))

    def _pages(self, statement: str, values: list[Any]) -> Iterator[tuple[Any, ...]]:
        with self._connected() as wire:
            page = wire.ask([*_BEGIN_LISTING, (f"{_DECLARE} {statement}", values), (_FETCH, ())])[-1]
            yield from page
            while len(page) == _PAGE:
                page = wire.ask([(_FETCH, ())])[0]
                yield from page
            wire.ask([(COMMIT, ())])

    # -- writing ------------------------------------------------------------------------------------------

    def commit(self, change: ChangeSet) -> None:
        """See Store.commit."""
        lost: ConflictError | None = None
        with self._connected() as wire:
            try:
                self._writer.write(wire, change)
            except psycopg.Error as error:
                if not is_conflict(error):
                    raise
                wire.ask([("ROLLBACK", ())])
                lost = self._lost(wire, change)
        if lost is not None:
            raise lost

    def _lost(self, wire: Wire, change: ChangeSet) -> ConflictError:
        """How a change lost its race, with the tables, which need not be exact."""
        if change.claims and not self._claims.are_held(wire, change.claims):
            tables = tables_of(change.claims)
            return ConflictError("a claim is held no longer", code=CLAIM_LOST, details={"tables": tables})
        rows = self._read(wire, [*change.read.rows, *change.put, *(("input", each.id) for each in change.inputs)])
        expect, known = change.expect, change.read.known()
        lost = [key for key, version in expect.items() if stamp(rows[key]) != version]
        lost += [key for key in change.put if key not in known and rows[key] is not None]
        lost += [("input", each.id) for each in change.inputs if rows["input", each.id] is not None]
        return ConflictError("rows changed since they were read", details={"tables": tables_of(lost)})

    # -- claiming -----------------------------------------------------------------------------------------

    def claim(self, queries: Sequence[Scan], limit: int, lease_us: int) -> Claimed:
        """See Claiming.claim."""
        with self._connected() as wire:
            keys, claimed = self._claims.taken(wire, queries, limit, lease_us)
            if not keys:
                return claimed
            rows = self._read(wire, keys)
            return Claimed(tuple(rows[key] for key in keys if rows[key] is not None), claimed.tokens)

    def release(self, tokens: Mapping[Key, Any]) -> None:
        """See Claiming.release."""
        if tokens:
            with self._connected() as wire:
                self._claims.given_back(wire, tokens)
