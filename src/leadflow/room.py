"""What a capability is to the engine: a room.

A room brings its tables, its rules, the reactions of its pure `decide` functions to commands and decisions, and how each
of its decisions changes state. The engine knows rooms only through this page; a room imports no other room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from attrs import define, field, frozen

from leadflow.expr.types import Function
from leadflow.model.decisions import Decision, Recorded, Refusal
from leadflow.model.records import Input
from leadflow.normalise import Normaliser

Key = tuple[str, str]
"""What can be loaded: ("contact", id) is a row, ("lead.contact_id", value) all rows with that value in that column."""

Row = TypeVar("Row")


class Missing(Exception):
    """The plan reads something that has not been loaded; the engine loads it and plans again."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        super().__init__(keys)
        self.keys = keys


class View(Protocol):
    """What a decide function may read: rows as they stand at this point of the plan."""

    @property
    def command(self) -> Any:
        """The root command that caused all this."""
        ...

    def get(self, row: type[Row], id_: str) -> Row | None:
        """The row with this id, or None. Raises Missing when it has not been loaded."""
        ...

    def find(self, row: type[Row], column: str, value: str) -> tuple[Row, ...]:
        """All rows with this value in an indexed column, ordered by id. Raises Missing."""
        ...

    def input(self, key: str) -> Input | None:
        """An accepted record. Raises Missing."""
        ...

    def receipt(self, record: Input) -> int:
        """A number that orders inputs by receipt, those of this plan after all that were there before."""
        ...

    def asked(self, *, lead: Any = None, contact: Any = None, account: Any = None, signals: Any = None) -> Any:
        """What a condition is asked about: the records, the behaviour in the table of signals, the rooms' terms."""
        ...

    def require(self, keys: Iterable[Key]) -> None:
        """Raises Missing with all of the keys that have not been loaded, so that one round fetches them together."""
        ...


@frozen(eq=False)
class Table:
    """Where rows of one kind are kept.

    `row` is an attrs class whose first field is `id` and last is `version`; it names the table. `indexes` are columns that
    can be looked up, `orders` runs of columns that lists are read in ("-" before
    one that descends; then by id). `due` is the column with the next moment at which the
    row wants to be woken, if it has one. `fixed` columns never change once the row is made. `mints` says that the id of a new
    row is new everywhere, so that nothing can hang on it yet. `packed` columns are bytes made by the pair of functions given,
    or text where the first of them is annotated to return str.
    """

    row: type[Any]
    indexes: tuple[str, ...] = ()
    orders: tuple[tuple[str, ...], ...] = ()
    due: str | None = None
    fixed: tuple[str, ...] = ()
    mints: bool = False
    packed: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = field(factory=dict)

    name: str = field(init=False)

    @name.default
    def _name(self) -> str:
        return str(self.row.table)


@define
class Step:
    """What a reaction decided: nothing is done yet, nothing has been written. Treated as a value.

    `decisions` change state through `Room.applies`; `puts` are rows that are only caches of inputs (scores);
    `facts` are causes that are not kept; `refusal` undoes the command when it answers a command.
    """

    decisions: tuple[Decision, ...] = ()
    puts: tuple[Any, ...] = ()
    inputs: tuple[Input, ...] = ()
    facts: tuple[Any, ...] = ()
    refusal: Refusal | None = None


@frozen(kw_only=True)
class Policies:
    """What a host's plugins add to the rules: pure functions by name, with their versions.

    The names have a dot (`acme.plate`). Those that a playbook names, and all vetoes, become part of the digest of its rules.
    """

    normalisers: Mapping[str, Normaliser] = field(factory=dict)
    comparators: Mapping[str, Callable[[str, str], float]] = field(factory=dict)
    functions: Mapping[str, Function] = field(factory=dict)
    strategies: Mapping[str, Callable[..., Any]] = field(factory=dict)
    vetoes: Mapping[str, Callable[..., str | None]] = field(factory=dict)
    versions: Mapping[str, str] = field(factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """The names of all."""
        return frozenset((*self.normalisers, *self.comparators, *self.functions, *self.strategies, *self.vetoes))


NO_POLICIES = Policies()

React = Callable[[View, Any, Any, int], Step | None]
"""`decide(view, cause, rules, now_us)`; None when there is nothing to do."""


class Hush:
    """What quiet reactions to one command come to: keys read, inputs kept, rows put, and causes (the command first)."""

    __slots__ = ("causes", "inputs", "puts", "reads")

    def __init__(self) -> None:
        self.reads: list[Key] = []
        self.inputs: list[Input] = []
        self.puts: list[Any] = []
        self.causes: list[Any] = []


Quiet = Callable[[Mapping[Key, Any], Any, Any, int, Hush], bool]
"""`quiet(rows, cause, rules, now_us, hush)`: a reaction's short form, for a cause of which nothing comes but cached rows.

False when the case is any other, or a row that it needs is not among `rows`: then `react` is asked. Otherwise it adds to
the hush what `react` would decide, and the keys that it read. Law: with and without quiet forms, everything is the same.
"""

Apply = Callable[[View, Recorded, Any], Iterable[Any]]
"""`apply(view, recorded, rules)`: how a decision changes state, as rows to put; a Dropped takes a row away."""

KeysOf = Callable[[Any, Any], Iterable[Key]]
"""`keys(command, rules)`: what the plan of this command will surely read."""

Follow = Callable[[Any, Any], Iterable[Key]]
"""`follow(row, rules)`: what the plan will read once this row is known."""


@frozen(kw_only=True)
class Room:
    """One capability, as a value.

    `prepare(playbook, schema, policies)` compiles the room's rules once per playbook; the result is what `decide` gets as
    `rules`.
    `quiet` are short forms of some reactions: the commonest input, an interaction of a known person that crosses nothing,
    is worth a way of its own.
    """

    name: str
    prepare: Callable[[Any, Any, Policies], Any]
    tables: tuple[Table, ...] = ()
    reacts: Mapping[type, React] = field(factory=dict)
    quiet: Mapping[type, Quiet] = field(factory=dict)
    applies: Mapping[type, Apply] = field(factory=dict)
    keys: Mapping[type, KeysOf] = field(factory=dict)
    follow: Mapping[str, Follow] = field(factory=dict)
    terms: Mapping[str, tuple[Any, TermOf]] = field(factory=dict)


TermOf = Callable[[View, Any, tuple[Any, ...], Any], tuple[Any, int]]
"""`term(view, asked, args, rules)`: the value of a term for what is asked about, and until when it holds."""


class Dropped:
    """Wraps an id to say that a row goes: returned by `applies` among the rows to put."""

    __slots__ = ("id", "row")

    def __init__(self, row: type[Any], id_: str) -> None:
        self.row = row
        self.id = id_
