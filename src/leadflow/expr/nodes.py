"""The closed tree a condition becomes. Nodes are frozen values; `span` says where a node stood and is no part of it.

`none(...)` is kept as `not (... or ...)`, `all(...)` as `and`, a chained comparison as `and` of its links, so that the
tree has one form for each meaning it can hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from attrs import field, frozen

Span = tuple[int, int]
Scalar = str | int | Decimal | bool | None


def _tagged(value: object) -> object:
    """Equality key that keeps True and 1 apart."""
    return (type(value) is bool, value)


def _spanned() -> Any:
    return field(default=(0, 0), eq=False, repr=False, kw_only=True)


@frozen
class Literal:
    """A text, number, True, False or None."""

    value: Scalar = field(eq=_tagged)
    span: Span = _spanned()


@frozen
class DateLiteral:
    """`date("2026-01-01")`."""

    value: date
    span: Span = _spanned()


@frozen
class InstantLiteral:
    """`instant("2026-01-01T00:00:00Z")`."""

    at_us: int
    span: Span = _spanned()


@frozen
class DurationLiteral:
    """`duration("30d")`."""

    length_us: int
    span: Span = _spanned()


@frozen
class Ago:
    """`ago("30d")`: the instant that long before now."""

    length_us: int
    span: Span = _spanned()


@frozen
class Today:
    """`today()`: the current date in UTC."""

    span: Span = _spanned()


Item = Literal | DateLiteral | InstantLiteral | DurationLiteral


@frozen
class ListLiteral:
    """What stands right of `in`: a list, tuple or set of constants."""

    items: tuple[Item, ...]
    span: Span = _spanned()


@frozen
class FieldRef:
    """`contact.country`."""

    record: str
    name: str
    span: Span = _spanned()


@frozen
class TermRef:
    """`stage`, `score("fit")`: a term that a room adds."""

    name: str
    args: tuple[Literal, ...] = ()
    span: Span = _spanned()


@frozen
class Occurrence:
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
    span: Span = _spanned()


@frozen
class Arithmetic:
    """`left + right`, `-` or `*`, on numbers."""

    op: str
    left: Node
    right: Node
    span: Span = _spanned()


@frozen
class Compare:
    """`left op right`; op is one of == != < <= > >= in, not in."""

    op: str
    left: Node
    right: Node
    span: Span = _spanned()


@frozen
class IsNone:
    """`operand is None`, the only question that an unknown value answers."""

    operand: Node
    span: Span = _spanned()


@frozen
class TextTest:
    """`contains(subject, needle)`, `starts_with` or `ends_with`."""

    function: str
    subject: Node
    needle: Node
    span: Span = _spanned()


@frozen
class Not:
    """`not part`."""

    part: Node
    span: Span = _spanned()


@frozen
class And:
    """`a and b ...`, also written `all(a, b, ...)`."""

    parts: tuple[Node, ...]
    span: Span = _spanned()


@frozen
class Or:
    """`a or b ...`, also written `any(a, b, ...)`."""

    parts: tuple[Node, ...]
    span: Span = _spanned()


@frozen
class Hole:
    """Stands where something could not be read, so that the rest can still be checked."""

    span: Span = _spanned()


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
