"""From the user's tree to the small form that is compiled: null logic, types and signals are settled here.

Null logic, decided once: an unknown (None) operand makes a comparison unknown, `and`, `or` and `not` follow
Kleene's three values, and a condition holds only when it is true. So None matches nothing except `is None`.
It is done by pushing `not` down to the leaves: a leaf and its negation are both false when an operand is
None. Both `contact.country != "DE"` and `not contact.country == "DE"` are therefore false for a contact
without a country.

Questions about counts, ages and moments become windows on a signal or moments on the clock, because of
those it is known exactly when they change.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from leadflow.errors import InvalidValueError
from leadflow.expr import nodes as n
from leadflow.expr.core import (
    FALSE,
    Always,
    Apply,
    Ask,
    AtLeast,
    Calc,
    Check,
    Const,
    Core,
    Count,
    Days,
    Operand,
    Quiet,
    Reached,
    Read,
    Sum,
    every,
    midnight_us,
    some,
)
from leadflow.expr.signals import MILLION, Signal, SignalTable
from leadflow.expr.typed import depends_on_now, type_of
from leadflow.expr.types import SETS, TEXTUAL, Schema, Type
from leadflow.model.time import DAY_US

DEFAULT_LIMIT = 100
"""How many of the newest occurrences a window looks at where no number says how many are needed."""
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
NEGATED = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "in": "not in",
    "not in": "in",
}


def signal_of(node: n.Occurrence) -> Signal:
    """The signal that an occurrence term reads."""
    return Signal(node.kind, tuple((name, value.value) for name, value in node.where), node.property)


def lower(node: n.Node, schema: Schema, signals: SignalTable) -> Core:
    """The compiled form of a checked tree; its signals are added to the table."""
    return _Lowering(schema, signals).condition(node, negated=False)


class _Lowering:
    def __init__(self, schema: Schema, signals: SignalTable) -> None:
        self.schema = schema
        self.signals = signals

    # -- conditions

    def condition(self, node: n.Node, negated: bool) -> Core:
        match node:
            case n.Not():
                return self.condition(node.part, not negated)
            case n.And() | n.Or():
                parts = [self.condition(part, negated) for part in node.parts]
                return every(parts) if isinstance(node, n.And) != negated else some(parts)
            case n.Compare():
                return self.compare(NEGATED[node.op] if negated else node.op, node.left, node.right)
            case n.IsNone():
                return self.is_none(node.operand, negated)
            case n.TextTest():
                fold = self.folds(node.subject, node.needle)
                subject, needle = self.operand(node.subject, fold), self.operand(node.needle, fold)
                return Check(node.function, subject, needle, negated)
            case n.Literal(bool() as value):
                return Always(value is not negated)
            case n.Occurrence():
                return self.at_least(node, 1, negated)
            case n.FieldRef() | n.TermRef() | n.Call():
                return Check("false" if negated else "true", self.operand(node), Const(None))
            case _:
                raise InvalidValueError(f"{type(node).__name__} is not a condition")

    def is_none(self, operand: n.Node, negated: bool) -> Core:
        if isinstance(operand, n.Occurrence):
            return AtLeast(self.signals.intern(signal_of(operand), 1), 1, None, not negated)
        return Check("none", self.operand(operand), Const(None), negated)

    def compare(self, op: str, left: n.Node, right: n.Node) -> Core:
        if op in ("in", "not in"):
            return self.membership(op, left, right)
        if depends_on_now(left) or isinstance(left, n.Literal):
            left, op, right = right, FLIPPED[op], left
        if depends_on_now(right):
            return self.against_now(op, left, right)
        if type_of(left, self.schema) is Type.BOOLEAN:
            return self.same_truth(op, left, right)
        if isinstance(left, n.Occurrence) and isinstance(right, n.Literal):
            value = right.value
            assert isinstance(value, (int, Decimal))  # noqa: S101 - check() has seen to it
            return self.against_number(op, left, value)
        fold = self.folds(left, right)
        as_instant = Type.INSTANT in {type_of(side, self.schema) for side in (left, right)}
        return Check(op, self.operand(left, fold, as_instant), self.operand(right, fold, as_instant))

    def same_truth(self, op: str, left: n.Node, right: n.Node) -> Core:
        return some(
            [
                every([self.condition(left, False), self.condition(right, op == "!=")]),
                every([self.condition(left, True), self.condition(right, op == "==")]),
            ]
        )

    def membership(self, op: str, left: n.Node, right: n.Node) -> Core:
        if isinstance(right, n.ListLiteral):
            fold = self.folds(left, left)
            constants = (self.operand(item, fold) for item in right.items)
            values = frozenset(item.value for item in constants if isinstance(item, Const))
            return Check(op, self.operand(left, fold), Const(values))
        kind = type_of(right, self.schema)
        fold = kind is Type.TEXT_SET if kind in SETS else self.folds(left, right)
        needle, holder = self.operand(left, fold), self.operand(right, fold)
        if kind in SETS:
            return Check("folded_member" if fold else "member", needle, holder, op == "not in")
        return Check("contains", holder, needle, op == "not in")

    def folds(self, left: n.Node, right: n.Node) -> bool:
        return folds_case((left, right), self.schema)

    # -- occurrences

    def against_number(self, op: str, left: n.Occurrence, number: int | Decimal) -> Core:
        if left.function == "sum":
            return Check(op, self.sum(left, in_micro=True), Const(_in_micro(number)))
        atom = self.count_from if left.function == "count" else self.days_from
        # Whatever the answer needs, the explanation shows the count or the days.
        self.signals.intern(signal_of(left), 0 if left.function == "count" else 1)
        floor, ceiling = _whole(number, ROUND_FLOOR), _whole(number, ROUND_CEILING)
        match op:
            case ">=":
                return atom(left, ceiling, False)
            case ">":
                return atom(left, floor + 1, False)
            case "<":
                return atom(left, ceiling, True)
            case "<=":
                return atom(left, floor + 1, True)
            case "==":
                return FALSE if floor != ceiling else every([atom(left, floor, False), atom(left, floor + 1, True)])
            case _:
                # A day count may be None, which differs from no number; "at least 0" is how that is asked.
                different = [atom(left, floor, True), atom(left, floor + 1, False)]
                return atom(left, 0, False) if floor != ceiling else some(different)

    def count_from(self, node: n.Occurrence, least: int, negated: bool) -> Core:
        """Count >= least, or its negation."""
        if least <= 0:
            return Always(not negated)
        if node.limit is not None and least > node.limit:
            return Always(negated)
        return self.at_least(node, least, negated)

    def days_from(self, node: n.Occurrence, least: int, negated: bool) -> Core:
        """Days >= least, or days < least; both false when it never occurred."""
        if least <= 0:
            return FALSE if negated else AtLeast(self.signals.intern(signal_of(node), 1), 1, None)
        signal = self.signals.intern(signal_of(node), 1)
        return AtLeast(signal, 1, least * DAY_US) if negated else Quiet(signal, least * DAY_US)

    def at_least(self, node: n.Occurrence, least: int, negated: bool) -> Core:
        within_us = node.within_us
        signal = self.signals.intern(signal_of(node), 0 if within_us is None else least)
        return AtLeast(signal, least, within_us, negated)

    def sum(self, node: n.Occurrence, in_micro: bool = False) -> Sum:
        limit = node.limit or DEFAULT_LIMIT
        signal = self.signals.intern(signal_of(node), 0 if node.within_us is None else limit)
        return Sum(signal, node.within_us, limit, in_micro)

    # -- moments

    def against_now(self, op: str, left: n.Node, now: n.Node) -> Core:
        operand = self.operand(left, as_instant=isinstance(now, n.Ago))
        if isinstance(now, n.Ago):
            at = Reached(operand, "instant", now.length_us)
            after = Reached(operand, "instant", now.length_us + 1)
        elif type_of(left, self.schema) is Type.DATE:
            at, after = Reached(operand, "date", 0), Reached(operand, "date", DAY_US)
        else:
            at, after = Reached(operand, "midnight_at_or_after", 0), Reached(operand, "midnight_after", 0)
        match op:
            case "<=":
                return at
            case "<":
                return after
            case ">":
                return _not_reached(at)
            case ">=":
                return _not_reached(after)
            case "==":
                return every([at, _not_reached(after)])
            case _:
                return some([_not_reached(at), after])

    # -- values

    def operand(self, node: n.Node, fold: bool = False, as_instant: bool = False) -> Operand:
        match node:
            case n.Literal():
                value = node.value
                return Const(value.casefold() if fold and isinstance(value, str) else value)
            case n.DateLiteral():
                return Const(midnight_us(node.value) if as_instant else node.value)
            case n.InstantLiteral():
                return Const(node.at_us)
            case n.DurationLiteral():
                return Const(node.length_us)
            case n.FieldRef():
                entry = self.schema.records[node.record][node.name]
                return Read(node.record, entry.accessor, entry.custom, fold and entry.type in TEXTUAL)
            case n.TermRef():
                textual = self.schema.terms[node.name].returns in TEXTUAL
                return Ask(node.name, tuple(arg.value for arg in node.args), fold and textual)
            case n.Call():
                function = self.schema.functions[node.name]
                args = tuple(self.operand(arg) for arg in node.args)
                return Apply(function.function, args, fold and function.returns in TEXTUAL)
            case n.Arithmetic():
                return Calc(node.op, self.operand(node.left), self.operand(node.right))
            case n.Occurrence():
                return self.number(node)
            case _:
                raise InvalidValueError(f"{type(node).__name__} is not a value")

    def number(self, node: n.Occurrence) -> Operand:
        if node.function == "sum":
            return self.sum(node)
        if node.function == "days_since":
            return Days(self.signals.intern(signal_of(node), 1))
        limit = node.limit or DEFAULT_LIMIT
        return Count(
            self.signals.intern(signal_of(node), 0 if node.within_us is None else limit),
            node.within_us,
            limit,
        )


def folds_case(sides: Iterable[n.Node], schema: Schema) -> bool:
    """Whether a comparison disregards case: unless everything in it that is no constant is a code.

    >>> folds_case([n.Literal("a"), n.Literal("A")], Schema({}))
    True
    """
    types = {type_of(side, schema) for side in sides if not isinstance(side, n.Literal)}
    return Type.TEXT in types or not types


def _not_reached(moment: Reached) -> Reached:
    return Reached(moment.operand, moment.form, moment.shift_us, True)


def _whole(number: int | Decimal, rounding: str) -> int:
    return number if isinstance(number, int) else int(number.to_integral_value(rounding))


def _in_micro(number: int | Decimal) -> int | Decimal:
    if isinstance(number, int):
        return number * MILLION
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - a literal is never infinite
    return Decimal((sign, digits, exponent + 6))
