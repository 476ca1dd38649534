"""The store port: four verbs that make a change true, wholly or not at all.

Contract version 1. A store knows nothing of leads: it keeps rows of the tables it is given, an append-only list of inputs
and one of decisions. Units: instants in integer microseconds. Errors: StoreError and its kin only; a driver's own error
never comes through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, Protocol, runtime_checkable

from attrs import field, frozen

from leadflow.errors import UnsupportedCapabilityError
from leadflow.model.decisions import Recorded
from leadflow.model.records import Input
from leadflow.room import Key, Table

CONTRACT = 1

Loaded = Mapping[Key, Any]
"""Row (or None) by row key; tuple of rows by column key."""


@frozen
class Snapshot:
    """What was loaded, and a token that tells whether anything has been committed since."""

    rows: dict[Key, Any]
    token: Any = None

    def known(self) -> dict[Key, Any]:
        """Every single row that was found, whether by its id or by a column."""
        known: dict[Key, Any] = {}
        for key, found in self.rows.items():
            if type(found) is tuple:
                table = key[0].partition(".")[0]
                known.update(((table, row.id), row) for row in found)
            elif found is not None:
                known[key] = found
        return known


@frozen
class ChangeSet:
    """The unit of work, a value: what was read, and what becomes true if that still stands.

    `put` holds rows by key, each with its new version; `drop` keys of rows that go. Inputs and decisions are appended in
    the order given. `claims` are claimed rows whose work ends with this change, each with its token (see Claiming): they are
    given back with it, and if one is no longer held nothing of the change becomes true.
    """

    read: Snapshot
    put: Mapping[Key, Any] = field(factory=dict)
    drop: frozenset[Key] = frozenset()
    inputs: Sequence[Input] = ()
    decisions: Sequence[Recorded] = ()
    claims: Mapping[Key, Any] = field(factory=dict)

    @property
    def expect(self) -> dict[Key, Any]:
        """Version of every row that was read (absent = 0); for a column key, (id, version) of every row found.

        Match keys are rows too, so two changes that create under one key expect the same absence, and one loses.
        """
        return {key: stamp(found) for key, found in self.read.rows.items()}

    @property
    def is_empty(self) -> bool:
        """Whether committing it would write nothing."""
        return not (self.put or self.drop or self.inputs or self.decisions or self.claims)


def stamp(found: Any) -> Any:
    """The version of a loaded row, or of a loaded tuple of rows.

    >>> stamp(None), stamp(())
    (0, ())
    """
    if found is None:
        return 0
    if isinstance(found, tuple):
        return tuple((row.id, row.version) for row in found)
    return found.version


@frozen(kw_only=True)
class Scan:
    """Rows of one table in order.

    `where` are (column, operator, value) with operator one of = < <= > >= in, all of which must hold, on the table's own
    columns; `order` is a column (with "-" before it: descending), ties by id; `after` is the (order value, id) of the last
    row seen, so that paging neither skips nor repeats.
    """

    OPERATORS: ClassVar[tuple[str, ...]] = ("=", "<", "<=", ">", ">=", "in")

    table: str
    where: tuple[tuple[str, str, Any], ...] = ()
    order: str = "id"
    after: tuple[Any, str] | None = None
    limit: int | None = None


class Store(Protocol):
    """A place that keeps rows, inputs and decisions.

    Thread-safe. One store is one tenant.
    """

    def load(self, keys: Iterable[Key]) -> Snapshot:
        """All the keys, read at one moment, with one statement per table and column."""
        ...

    def commit(self, change: ChangeSet) -> None:
        """Make the change true, wholly or not at all; it is durable when this returns.

        Errors: ConflictError when something that was read has changed or an input is already there, with the code CLAIM_LOST
        when a claim is held no longer; UnsupportedCapabilityError for claims where there are none; StoreBusyError.
        """
        ...

    def scan(self, query: Scan) -> Iterator[Any]:
        """Rows of a table, of inputs ("input") or of decisions ("decision"), in order."""
        ...

    def close(self) -> None:
        """Release what is held open. Closing twice is harmless."""
        ...


def refuse_claims(change: ChangeSet, adapter: str) -> None:
    """For stores without the capability "claims". Errors: UnsupportedCapabilityError."""
    if change.claims:
        raise UnsupportedCapabilityError(
            f"{adapter} has no claims", adapter=adapter, operation="commit", hint="leave ChangeSet.claims out"
        )


CLAIM_LOST: Final = "claim_lost"
"""The code of the ConflictError of a change whose claims are held no longer: to plan it again would be of no use."""


@frozen
class Claimed:
    """What a worker holds: `rows` in the order asked for, `tokens` by key of each row that is held, also of one that has
    gone since."""

    rows: tuple[Any, ...] = ()
    tokens: dict[Key, Any] = field(factory=dict)


@runtime_checkable
class Claiming(Store, Protocol):
    """The capability "claims": several workers share what is to be done, and each row is in the hands of one of them.

    A claim is no lock: others may read and change the row all the same. It says who works on it, until the lease is over.
    Then another may claim it, and whoever held it before is refused when he commits with his old token: work that is done
    by such a commit is done once, whoever was killed or slept in the middle of it.
    """

    def claim(self, queries: Sequence[Scan], limit: int, lease_us: int) -> Claimed:
        """The first rows that any of the queries lists and that nobody holds, held by the caller from now on.

        First by the values of the queries' orders together (ascending, numbers), then by table and id. The queries' own
        `after` and `limit` stand for nothing. Fewer rows than `limit` may come while others claim; none come only when there
        is nothing to be had. Leases are measured by the store's own clock, so that workers' clocks may differ. A claim need
        not outlive a crash of the store.
        """
        ...

    def release(self, tokens: Mapping[Key, Any]) -> None:
        """Give back what is held, undone; what somebody else holds by now stays his."""
        ...


def tables_of(keys: Iterable[Key]) -> tuple[str, ...]:
    """The tables that keys lie in: what an error may say of them, because a match key holds an address.

    >>> tables_of([("matchkey", "contact|email@email.1|ana@example.si"), ("lead.contact_id", "c_1")])
    ('lead', 'matchkey')
    """
    return tuple(sorted({name.partition(".")[0] for name, _ in keys}))


INPUT_TABLE = Table(Input, indexes=("subject", "batch", "visitor"))
"""Inputs are rows too, that are only ever added (or erased)."""


def tables_by_name(tables: Iterable[Table]) -> dict[str, Table]:
    """The tables of all rooms, by name."""
    return {table.name: table for table in tables}
