"""Why a condition says what it says: every part with its value.

The parts are worked out one by one on the user's own tree in Kleene's three values, apart from the compiled
functions; a part that hangs on something unknown (None) is unknown. The condition holds when the whole is
true.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from attrs import frozen

from leadflow.expr import nodes as n
from leadflow.expr.core import midnight_us
from leadflow.expr.function import CALCULATIONS
from leadflow.expr.lower import DEFAULT_LIMIT, folds_case, signal_of
from leadflow.expr.reading.calls import MAX_LIMIT
from leadflow.expr.signals import EMPTY, EMPTY_SUM, SignalTable, counted, days_since, decimal_sum, summed
from leadflow.expr.text import quoted, to_text
from leadflow.expr.typed import type_of
from leadflow.expr.types import SETS, Schema, Type
from leadflow.model.time import DAY_US, duration_text, to_datetime

_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}
_WORDS = {True: "true", False: "false", None: "unknown"}
_CONSTANTS = (n.Literal, n.ListLiteral, n.DateLiteral, n.InstantLiteral, n.DurationLiteral)


@frozen
class Operand:
    """A value that a comparison used, as the rule names it and as text to show."""

    text: str
    value: Any
    shown: str


@frozen
class Explanation:
    """One part of a condition: its text, whether it is true, false or unknown (None), and what is below
    it."""

    text: str
    value: bool | None
    operands: tuple[Operand, ...] = ()
    children: tuple[Explanation, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the part is true; a condition that is unknown does not hold."""
        return self.value is True

    def __str__(self) -> str:
        return "\n".join(self._lines(""))

    def _lines(self, indent: str) -> list[str]:
        lines = [f"{indent}{_WORDS[self.value]}: {self.text}"]
        lines += [f"{indent}  {operand.text} = {operand.shown}" for operand in self.operands]
        for child in self.children:
            lines += child._lines(indent + "  ")
        return lines


def explained(node: n.Node, view: Any, now_us: int, schema: Schema, signals: SignalTable) -> Explanation:
    """The explanation of a checked condition whose signals are in the table."""
    return _Explainer(view, now_us, schema, signals).condition(node)


class _Explainer:
    def __init__(self, view: Any, now_us: int, schema: Schema, signals: SignalTable) -> None:
        self.view = view
        self.now_us = now_us
        self.schema = schema
        self.signals = signals

    # -- conditions

    def condition(self, node: n.Node) -> Explanation:
        match node:
            case n.And() | n.Or():
                children = tuple(self.condition(part) for part in node.parts)
                decisive = isinstance(node, n.Or)
                found = {child.value for child in children}
                value = decisive if decisive in found else None if None in found else not decisive
                return Explanation(to_text(node), value, children=children)
            case n.Not(n.IsNone() as empty):
                return Explanation(to_text(node), self.value(empty.operand) is not None, self.operands(empty.operand))
            case n.Not():
                child = self.condition(node.part)
                return Explanation(to_text(node), None if child.value is None else not child.value, children=(child,))
            case _:
                return Explanation(to_text(node), self.leaf(node), self.operands(*(n.children(node) or (node,))))

    def leaf(self, node: n.Node) -> bool | None:
        match node:
            case n.IsNone():
                return self.value(node.operand) is None
            case n.Compare(op="in" | "not in"):
                found = self.contained(node.left, node.right)
                return None if found is None else found is (node.op == "in")
            case n.Compare():
                return self.compared(node)
            case n.TextTest():
                subject, needle = self.folded(node.subject, node.needle)
                if subject is None or needle is None:
                    return None
                return _TEXT_TESTS[node.function](subject, needle)
            case _:
                value = self.value(node)
                return None if value is None else bool(value)

    def compared(self, node: n.Compare) -> bool | None:
        if _is_measured(node.left, node.right) or _is_measured(node.right, node.left):
            left, right = self.value(node.left, measured=True), self.value(node.right, measured=True)
        else:
            left, right = self.folded(node.left, node.right)
        if left is None or right is None:
            return None
        if isinstance(left, date) and not isinstance(right, date):
            left = midnight_us(left)
        elif isinstance(right, date) and not isinstance(left, date):
            right = midnight_us(right)
        return _ORDERINGS[node.op](left, right)

    def contained(self, left: n.Node, right: n.Node) -> bool | None:
        if isinstance(right, n.ListLiteral):
            needle, *items = self.folded(left, *right.items)
            return None if needle is None else needle in items
        if type_of(right, self.schema) in SETS:
            needle, held = self.value(left), self.value(right)
            if needle is None or held is None:
                return None
            if type_of(right, self.schema) is Type.TEXT_SET:
                return needle.casefold() in {each.casefold() for each in held}
            return needle in held
        holder, needle = self.folded(right, left)
        return None if holder is None or needle is None else needle in holder

    # -- values

    def folded(self, *sides: n.Node) -> list[Any]:
        """Values made alike for comparison: texts without regard to case, unless they are codes."""
        values = [self.value(side) for side in sides]
        if not folds_case(sides, self.schema):
            return values
        return [value.casefold() if isinstance(value, str) else value for value in values]

    def value(self, node: n.Node, measured: bool = False) -> Any:
        match node:
            case n.Literal() | n.DateLiteral():
                return node.value
            case n.InstantLiteral():
                return node.at_us
            case n.DurationLiteral():
                return node.length_us
            case n.Ago():
                return self.now_us - node.length_us
            case n.Today():
                return date.fromordinal(self.now_us // DAY_US + date(1970, 1, 1).toordinal())
            case n.FieldRef():
                return self.field(node)
            case n.TermRef():
                return self.view.term(node.name, tuple(arg.value for arg in node.args))[0]
            case n.Call():
                args = [self.value(arg) for arg in node.args]
                return None if any(arg is None for arg in args) else self.schema.functions[node.name].function(*args)
            case n.Occurrence():
                return self.occurrence(node, measured)
            case n.Arithmetic():
                left, right = self.value(node.left), self.value(node.right)
                return None if left is None or right is None else CALCULATIONS[node.op](left, right)
            case _:
                raise TypeError(type(node).__name__)

    def field(self, node: n.FieldRef) -> Any:
        holder = getattr(self.view, node.record)
        if holder is None:
            return None
        entry = self.schema.records[node.record][node.name]
        return holder.custom.get(entry.accessor) if entry.custom else getattr(holder, entry.accessor)

    def occurrence(self, node: n.Occurrence, measured: bool) -> Any:
        of_sum = node.function == "sum"
        state = self.view.signals.get(self.signals.index(signal_of(node)), EMPTY_SUM if of_sum else EMPTY)
        limit = node.limit or (MAX_LIMIT + 1 if measured and not of_sum else DEFAULT_LIMIT)
        match node.function:
            case "days_since":
                return days_since(state, self.now_us)[0]
            case "sum":
                within_us = node.within_us
                amount = state[1] if within_us is None else summed(state, self.now_us, within_us, limit)[0]
                return decimal_sum(amount)
            case name:
                count = state[0]
                if node.within_us is not None:
                    count = counted(state, self.now_us, node.within_us, limit)[0]
                return count > 0 if name == "any" else count

    # -- showing

    def operands(self, *sides: n.Node) -> tuple[Operand, ...]:
        """What the rule read, each thing once; constants say what they are themselves."""
        found: dict[n.Node, Any] = {}
        for side in sides:
            measured = any(_is_measured(side, other) for other in sides)
            for atom in n.walk(side):
                if not isinstance(atom, (*_CONSTANTS, n.Arithmetic)):
                    found[atom] = self.value(atom, measured)
        return tuple(Operand(to_text(atom), value, self.shown(atom, value)) for atom, value in found.items())

    def shown(self, node: n.Node, value: Any) -> str:
        if value is None:
            return "unknown"
        match type_of(node, self.schema):
            case Type.INSTANT:
                return to_datetime(value).isoformat().replace("+00:00", "Z")
            case Type.DURATION:
                return duration_text(value)
            case Type.TEXT | Type.CODE:
                return quoted(value)
            case Type.TEXT_SET | Type.CODE_SET:
                return f"[{', '.join(quoted(each) for each in _ordered(value))}]"
            case _:
                return str(value)


def _is_measured(side: n.Node, other: n.Node) -> bool:
    """Whether a count is held against a number, which then says how far it is counted."""
    return isinstance(side, n.Occurrence) and isinstance(other, n.Literal)


def _ordered(values: Collection[str]) -> list[str]:
    return sorted(values)
