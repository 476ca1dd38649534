"""What the parts of a tree are under a schema: types, the codes they may hold, whether they move with the clock."""

from __future__ import annotations

from decimal import Decimal

from leadflow.expr.nodes import (
    CONDITIONS,
    Ago,
    Arithmetic,
    Call,
    DateLiteral,
    DurationLiteral,
    FieldRef,
    InstantLiteral,
    Literal,
    Node,
    Occurrence,
    TermRef,
    Today,
)
from leadflow.expr.types import Choices, Schema, Type

_RETURNS = {"count": Type.NUMBER, "sum": Type.NUMBER, "days_since": Type.NUMBER, "any": Type.BOOLEAN}


def type_of(node: Node, schema: Schema) -> Type | None:
    """The type of a value, or None where it has none or is unknown.

    >>> type_of(Literal(5), Schema({}))
    <Type.NUMBER: 'number'>
    """
    match node:
        case Literal():
            return type_of_literal(node)
        case FieldRef():
            entry = schema.records.get(node.record, {}).get(node.name)
            return entry.type if entry else None
        case TermRef():
            term = schema.terms.get(node.name)
            return term.returns if term else None
        case Call():
            function = schema.functions.get(node.name)
            return function.returns if function else None
        case Occurrence():
            return _RETURNS[node.function]
        case Arithmetic():
            return Type.NUMBER
        case DateLiteral() | Today():
            return Type.DATE
        case InstantLiteral() | Ago():
            return Type.INSTANT
        case DurationLiteral():
            return Type.DURATION
        case _:
            return Type.BOOLEAN if isinstance(node, CONDITIONS) else None


def type_of_literal(node: Literal) -> Type | None:
    """The type of a constant; None has none."""
    if isinstance(node.value, bool):
        return Type.BOOLEAN
    if isinstance(node.value, (int, Decimal)):
        return Type.NUMBER
    return Type.TEXT if isinstance(node.value, str) else None


def choices_of(node: Node, schema: Schema) -> Choices:
    """The codes a field or term may hold, where they are known."""
    match node:
        case FieldRef():
            entry = schema.records.get(node.record, {}).get(node.name)
            return entry.choices if entry else None
        case TermRef():
            term = schema.terms.get(node.name)
            return term.values if term else None
        case _:
            return None


def depends_on_now(node: Node) -> bool:
    """Whether the value is a moment that moves with the clock."""
    return isinstance(node, (Ago, Today))
