"""The store port: four verbs that make a change true, wholly or not at all.

Contract version 1. A store knows nothing of leads: it keeps rows of the tables it is given, an append-only list of inputs
and one of decisions. Units: instants in integer microseconds. Errors: StoreError and its kin only; a driver's own error
never comes through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from attrs import field, frozen

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
    the order given.
    """

    read: Snapshot
    put: Mapping[Key, Any] = field(factory=dict)
    drop: frozenset[Key] = frozenset()
    inputs: Sequence[Input] = ()
    decisions: Sequence[Recorded] = ()

    @property
    def expect(self) -> dict[Key, Any]:
        """Version of every row that was read (absent = 0); for a column key, (id, version) of every row found.

        Match keys are rows too, so two changes that create under one key expect the same absence, and one loses.
        """
        return {key: stamp(found) for key, found in self.read.rows.items()}

    @property
    def is_empty(self) -> bool:
        """Whether committing it would write nothing."""
        return not (self.put or self.drop or self.inputs or self.decisions)


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

        Errors: ConflictError when something that was read has changed or an input is already there; StoreBusyError.
        """
        ...

    def scan(self, query: Scan) -> Iterator[Any]:
        """Rows of a table, of inputs ("input") or of decisions ("decision"), in order."""
        ...

    def close(self) -> None:
        """Release what is held open. Closing twice is harmless."""
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
