"""The closed tree a condition becomes. Nodes are frozen values; `span` says where a node stood and is no
part of it.

`none(...)` is kept as `not (... or ...)`, `all(...)` as `and`, a chained comparison as `and` of its links,
so that the tree has one form for each meaning it can hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from attrs import field, frozen

Span = tuple[int, int]
Scalar = str | int | Decimal | bool | None


def _tagged(value: object) -> object:
    """Equality key that keeps True and 1 apart."""
    return (type(value) is bool, value)


@frozen
class Spanned:
    """What all nodes share: where they stood, in characters of the text."""

    span: Span = field(default=(0, 0), eq=False, repr=False, kw_only=True)


@frozen
class Literal(Spanned):
    """A text, number, True, False or None."""

    value: Scalar = field(eq=_tagged)


@frozen
class DateLiteral(Spanned):
    """`date("2026-01-01")`."""

    value: date


@frozen
class InstantLiteral(Spanned):
    """`instant("2026-01-01T00:00:00Z")`."""

    at_us: int


@frozen
class DurationLiteral(Spanned):
    """`duration("30d")`."""

    length_us: int


@frozen
class Ago(Spanned):
    """`ago("30d")`: the instant that long before now."""

    length_us: int


@frozen
class Today(Spanned):
    """`today()`: the current date in UTC."""


Item = Literal | DateLiteral | InstantLiteral | DurationLiteral


@frozen
class ListLiteral(Spanned):
    """What stands right of `in`: a list, tuple or set of constants."""

    items: tuple[Item, ...]


@frozen
class FieldRef(Spanned):
    """`contact.country`."""

    record: str
    name: str


@frozen
class TermRef(Spanned):
    """`stage`, `score("fit")`: a term that a room adds."""

    name: str
    args: tuple[Literal, ...] = ()


@frozen
class Call(Spanned):
    """`acme.fit_of(contact.title, 3)`: a function that a host adds; its arguments are values."""

    name: str
    args: tuple[Node, ...] = ()


@frozen
class Occurrence(Spanned):
    """`count(...)`, `any(...)`, `sum(...)` or `days_since(...)` of interactions.

    `where` are equality filters on the interaction's properties, sorted by property. `within_us` None: ever.
    `limit`: at most so many of the newest are looked at.
    """

    function: str
    kind: str
    property: str | None = None
    within_us: int | None = None
    where: tuple[tuple[str, Literal], ...] = ()
    limit: int | None = None


@frozen
class Arithmetic(Spanned):
    """`left + right`, `-` or `*`, on numbers."""

    op: str
    left: Node
    right: Node


@frozen
class Compare(Spanned):
    """`left op right`; op is one of == != < <= > >= in, not in."""

    op: str
    left: Node
    right: Node


@frozen
class IsNone(Spanned):
    """`operand is None`, the only question that an unknown value answers."""

    operand: Node


@frozen
class TextTest(Spanned):
    """`contains(subject, needle)`, `starts_with` or `ends_with`."""

    function: str
    subject: Node
    needle: Node


@frozen
class Not(Spanned):
    """`not part`."""

    part: Node


@frozen
class And(Spanned):
    """`a and b ...`, also written `all(a, b, ...)`."""

    parts: tuple[Node, ...]


@frozen
class Or(Spanned):
    """`a or b ...`, also written `any(a, b, ...)`."""

    parts: tuple[Node, ...]


@frozen
class Hole(Spanned):
    """Stands where something could not be read, so that the rest can still be checked."""


Node = (
    Literal
    | DateLiteral
    | InstantLiteral
    | DurationLiteral
    | Ago
    | Today
    | ListLiteral
    | FieldRef
    | TermRef
    | Call
    | Occurrence
    | Arithmetic
    | Compare
    | IsNone
    | TextTest
    | Not
    | And
    | Or
    | Hole
)
CONDITIONS = (Compare, IsNone, TextTest, Not, And, Or)
"""Nodes that are conditions by their form; a yes/no field, term, literal or `any(...)` is one by its type."""


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below.

    >>> children(Not(TermRef("ready")))
    (TermRef(name='ready', args=()),)
    """
    match node:
        case And() | Or():
            return node.parts
        case Not():
            return (node.part,)
        case Compare() | Arithmetic():
            return (node.left, node.right)
        case TextTest():
            return (node.subject, node.needle)
        case IsNone():
            return (node.operand,)
        case Call():
            return node.args
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes below, parents first.

    >>> [type(part).__name__ for part in walk(Not(IsNone(FieldRef("lead", "owner"))))]
    ['Not', 'IsNone', 'FieldRef']
    """
    yield node
    for child in children(node):
        yield from walk(child)
