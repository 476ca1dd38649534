"""What of a condition on leads the store answers itself, so that only leads that may be listed are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

from leadflow.expr import Schema
from leadflow.expr.nodes import And, Compare, FieldRef, InstantLiteral, ListLiteral, Literal, Node, TermRef
from leadflow.expr.text import to_text
from leadflow.expr.types import Type
from leadflow.model.lead import Lead

Filter = tuple[str, str, Any]

_ORDERED: Final = ("<", "<=", ">", ">=")


@frozen
class QueryPlan:
    """How a list of leads is answered: `by_store` are the parts of its conditions that choose which rows are read at all,
    `by_engine` those that are asked of each of these; `order` is what the store walks along.
    """

    order: str
    by_store: tuple[str, ...]
    by_engine: tuple[str, ...]

    def __str__(self) -> str:
        """A line for each part."""
        lines = [f"along {self.order}"]
        lines += [f"the store chooses by {text}" for text in self.by_store]
        lines += [f"of each lead it is asked: {text}" for text in self.by_engine]
        return "\n".join(lines if self.by_store else [lines[0], "the store gives every lead", *lines[1:]])


@frozen
class Narrowed:
    """Filters for a scan of leads that follow from conditions, and the conditions' parts by who answers them."""

    filters: tuple[Filter, ...] = ()
    by_store: tuple[str, ...] = ()
    by_engine: tuple[str, ...] = ()

    def keeps(self, lead: Lead) -> bool:
        """Whether a lead that was found otherwise passes the filters."""
        return all(_passes(getattr(lead, column), operator, value) for column, operator, value in self.filters)


def narrowed(nodes: list[Node], schema: Schema) -> Narrowed:
    """What follows for the rows of leads from conditions that must all hold.

    >>> from leadflow.expr import parse
    >>> from leadflow.playbook.schema import schema_of
    >>> found = narrowed([parse('lead.owner == "ana" and lead.campaign != "x"')], schema_of({}))
    >>> found.filters, found.by_engine
    ((('owner_id', '=', 'ana'),), ('lead.campaign != "x"',))
    """
    filters, by_store, by_engine = [], [], []
    for part in (part for node in nodes for part in _parts(node)):
        found = _filter(part, schema)
        if found is None:
            by_engine.append(to_text(part))
        else:
            filters.append(found)
            by_store.append(to_text(part))
    return Narrowed(tuple(filters), tuple(by_store), tuple(by_engine))


def _parts(node: Node) -> Iterator[Node]:
    if isinstance(node, And):
        for part in node.parts:
            yield from _parts(part)
    else:
        yield node


def _filter(node: Node, schema: Schema) -> Filter | None:
    """A part as a filter of rows; None where only the engine knows."""
    if isinstance(node, FieldRef):
        found = _column(node, schema)
        return (found[0], "=", True) if found is not None and found[1] is Type.BOOLEAN else None
    if not isinstance(node, Compare):
        return None
    found = _column(node.left, schema)
    if found is None:
        return None
    column, kind = found
    match node.op, node.right:
        case "==", Literal(value=str(text)) if kind is Type.CODE:
            return column, "=", text
        case "in", ListLiteral(items=items) if kind is Type.CODE and items:
            texts = tuple(item.value for item in items if isinstance(item, Literal) and isinstance(item.value, str))
            return (column, "in", texts) if len(texts) == len(items) else None
        case operator, InstantLiteral(at_us=at_us) if operator in _ORDERED and kind is Type.INSTANT:
            return column, operator, at_us
    return None


def _column(node: Node, schema: Schema) -> tuple[str, Type] | None:
    """The column of a lead's row that is meant, with its type."""
    if isinstance(node, TermRef):
        return ("stage", Type.CODE) if node.name == "stage" else None
    if not isinstance(node, FieldRef) or node.record != "lead":
        return None
    field = schema.records["lead"].get(node.name)
    return None if field is None or field.custom else (field.accessor or field.name, field.type)


def _passes(own: Any, operator: str, value: Any) -> bool:
    if own is None:
        return False
    match operator:
        case "=":
            return bool(own == value)
        case "in":
            return own in value
        case "<":
            return bool(own < value)
        case "<=":
            return bool(own <= value)
        case ">":
            return bool(own > value)
    return bool(own >= value)
